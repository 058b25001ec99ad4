"""Is it well: alive (does it need a restart), and ready (does it know what it must to do its work)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

from simian_army.observe.pulse import Pulse
from simian_army.observe.server import Reply

LATE = 10.0  # seconds; a heartbeat comes each second


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer in words, with the value that decided."""

    name: str
    ok: bool
    value: str


def alive(pulse: Pulse) -> Reply:
    """Whether the process does its work; one that stands by does."""
    return _reply([_heartbeat(pulse)])


def ready(pulse: Pulse) -> Reply:
    """Whether the ledger answers, and whether it is known who leads, besides being alive."""
    return _reply([_ledger(pulse), _lease(pulse), _heartbeat(pulse)])


def _heartbeat(pulse: Pulse) -> Check:
    age = pulse.heartbeat()
    if age is None:
        return Check("heartbeat", ok=True, value="no plan is at work: not leading")
    return Check("heartbeat", ok=age < LATE, value=f"{age:.1f} s ago, {LATE:g} s are too many")


def _ledger(pulse: Pulse) -> Check:
    trouble = pulse.ledger_trouble()
    return Check("ledger", ok=not trouble, value=trouble or "answers")


def _lease(pulse: Pulse) -> Check:
    left, trouble = pulse.lease(), pulse.lease_trouble()
    if left > 0:
        return Check("lease", ok=True, value=f"leading, {left:.1f} s left")
    return Check("lease", ok=not trouble, value=trouble or "standing by")


def _reply(checks: Sequence[Check]) -> Reply:
    ok = all(check.ok for check in checks)
    text = json.dumps({"ok": ok, "checks": [asdict(check) for check in checks]}) + "\n"
    return Reply(HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE, "application/json", text.encode())
