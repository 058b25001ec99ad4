"""How an event is stored: as text and whole numbers, so that what is hashed is what the database holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from simian_army.errors import LedgerError
from simian_army.model import AuditEvent, Json, Phase

Row: TypeAlias = Mapping[Any, Any]
"""One row of the table ``events``: column name to what is stored there."""


def canonical(value: object) -> str:
    """The one JSON text of ``value``: sorted keys, no spaces, ASCII.

    Raises:
        TypeError: something in it is not of a JSON type.
        ValueError: a number is not finite, or the value contains itself.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)


def instant(at: datetime) -> str:
    """UTC ISO text with microseconds, which sorts as time does.

    Raises:
        LedgerError: ``at`` has no time zone.
    """
    if at.tzinfo is None:
        raise LedgerError(f"the time {at.isoformat()} has no time zone: give an aware one")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def to_row(event: AuditEvent) -> dict[str, Any]:
    """Every column but ``hash``. ``name`` and ``scope`` repeat what the data says, so that they can be searched.

    Raises:
        LedgerError: the event cannot be stored: no time zone, data that is not JSON, text that is not Unicode.
    """
    row = {
        "seq": event.seq,
        "at": instant(event.at),
        "run": event.run,
        "phase": str(event.phase),
        "actor": event.actor,
        "entry": event.entry,
        "target": event.target,
        "name": _text(event.data, "name"),
        "scope": _text(event.data, "scope"),
        "leashed": int(event.leashed),
        "embedded": int(event.embedded),
        "config": event.config,
        "key": event.key or None,
        "data": _data(event),
        "previous": event.previous,
    }
    _refuse_broken_text(row)
    return row


def from_row(row: Row) -> AuditEvent:
    """The event a row holds.

    Raises:
        LedgerError: the row was tampered with so that it cannot be read.
    """
    try:
        return AuditEvent(
            at=datetime.fromisoformat(row["at"]),
            run=row["run"],
            phase=Phase(row["phase"]),
            actor=row["actor"],
            entry=row["entry"],
            target=row["target"],
            leashed=bool(row["leashed"]),
            embedded=bool(row["embedded"]),
            config=row["config"],
            key=row["key"] or "",
            data=_object(row["data"]),
            seq=row["seq"],
            previous=row["previous"],
            hash=row["hash"],
        )
    except (TypeError, ValueError) as error:
        raise LedgerError(
            f"row {row['seq']} of the ledger cannot be read ({error}): run simian audit verify"
        ) from error


def _plain(value: object) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a JSON type")


def _data(event: AuditEvent) -> str:
    try:
        return canonical(dict(event.data))
    except (TypeError, ValueError, RecursionError) as error:
        raise LedgerError(f"the data of {event.phase} in run {event.run} is not JSON: {error}") from error


def _object(text: str) -> Json:
    data = json.loads(text)
    if not isinstance(data, dict):
        raise TypeError("data is not a JSON object")
    return data


def _text(data: Json, field: str) -> str:
    value = data.get(field, "")
    return value if isinstance(value, str) else ""


def _refuse_broken_text(row: Row) -> None:
    for column, value in row.items():
        try:
            str(value).encode()
        except UnicodeEncodeError as error:
            raise LedgerError(f"{column} is not valid Unicode text: {error.reason}") from error
        if "\0" in str(value):  # PostgreSQL cannot keep it, so SQLite does not either
            raise LedgerError(f"{column} holds a NUL character, which no ledger keeps")
