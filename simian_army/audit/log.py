"""The same events for people and log collectors: structlog, colours on a terminal, JSON otherwise."""

from __future__ import annotations

import sys
from typing import Any, TextIO

import structlog

from simian_army.model import AuditEvent, Phase

LOUD = {Phase.STUCK: "error", Phase.FAILED: "error", Phase.HALTED: "warning", Phase.UNKNOWN: "warning"}
SHOWN = (
    "kind",
    "reason",
    "detail",
    "why",
    "error",
    "eligible",
    "candidates",
    "taken",
    "want",
    "rule",
    "severity",
    "outcome",
)


def configure(stream: TextIO | None = None, *, as_json: bool | None = None) -> None:
    """Write logs to ``stream`` (stderr); ``as_json`` None means JSON unless it is a terminal."""
    out = stream or sys.stderr
    plain = not out.isatty() if as_json is None else as_json
    stamp = structlog.processors.TimeStamper(fmt="iso" if plain else "%H:%M:%S", utc=plain)
    end: Any = structlog.processors.JSONRenderer() if plain else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, end],
        # stderr as it is when something is told: it may have been put elsewhere since
        logger_factory=lambda *_: structlog.PrintLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def tell(event: AuditEvent) -> None:
    """Log one event; what undoes a fault never leaves the ledger."""
    about = event.data.get("target")
    name = about.get("name") if isinstance(about, dict) else None
    words = {"run": event.run, "entry": event.entry, "target": name, "leashed": event.leashed or None}
    words |= {key: event.data.get(key) for key in SHOWN}
    log = structlog.get_logger()
    bad = event.phase is Phase.JUDGED and event.data.get("outcome") != "clean"
    write = getattr(log, "error" if bad else LOUD.get(event.phase, "info"))
    write(str(event.phase), **{key: value for key, value in words.items() if value not in (None, "")})


def to_json(event: AuditEvent) -> dict[str, Any]:
    """The event for JSON Lines, in reading order."""
    first = {"seq": event.seq, "at": event.at.isoformat(timespec="microseconds"), "phase": str(event.phase)}
    names = ("run", "entry", "target", "actor", "leashed", "embedded", "config", "key")
    rest = {name: getattr(event, name) for name in names}
    return {**first, **rest, "data": dict(event.data), "previous": event.previous, "hash": event.hash}
