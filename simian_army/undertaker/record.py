"""What an undertaker must know of one held fault to end it alone, signed so that nobody else can have written it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simian_army.model import Fault, Json, Mark, Run
from simian_army.records import fault_json, fault_of_json


@dataclass(frozen=True, slots=True)
class Record:
    """One held fault, with its whole undo, the mark it leaves, and when it has to be over (aware, in UTC)."""

    run: Run
    fault: Fault
    mark: Mark
    deadline: datetime

    @property
    def name(self) -> str:
        """What it is kept under: lower-case letters, digits and hyphens, the same for the same run and target."""
        return name_of(self.run.id, self.fault.target.id)


def name_of(run: str, target: str) -> str:
    """The name of the record of that run's fault on the target of that id."""
    return f"simian-{run}-{hashlib.sha256(target.encode()).hexdigest()[:10]}"


def to_text(key: bytes, record: Record) -> str:
    """The record as JSON, under an HMAC with the fleet key over all of it."""
    mark, run = record.mark, record.run
    body: dict[str, Any] = {
        "fleet": mark.fleet,
        "run": {"id": run.id, "entry": run.entry, "at": run.at.isoformat(), "seed": run.seed},
        "target": record.fault.target.id,
        "fault": fault_json(record.fault, record.deadline),
        "mark": mark.mac,
    }
    return json.dumps({**body, "mac": _mac(key, body)}, sort_keys=True)


def from_text(key: bytes, fleet: str, text: str) -> Record | None:
    """The record in ``text``; None when this fleet did not write it exactly so."""
    try:
        data = json.loads(text)
        said = data.pop("mac")
        if data["fleet"] != fleet or not hmac.compare_digest(str(said), _mac(key, data)):
            return None
        return _record(data)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def _record(data: Mapping[str, Any]) -> Record:
    said = data["run"]
    run = Run(said["id"], said["entry"], datetime.fromisoformat(said["at"]), said["seed"])
    fault, deadline = fault_of_json(data["target"], data["fault"])
    undo: Json = fault.undo or {}
    mark = Mark(data["fleet"], run.id, fault.kind, deadline.astimezone(UTC), undo, data["mark"])
    return Record(run, fault, mark, deadline)


def _mac(key: bytes, body: Mapping[str, Any]) -> str:
    text = json.dumps({**body, "use": "simian-army record 1"}, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
