"""The verbs that read records: audit, audit verify, plugins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.cli import analysing, show
from simian_army.errors import UsageError
from simian_army.model import AuditEvent, Phase


def audit(config: Path, where: dict[str, str], since: str, *, as_json: bool) -> None:
    """The events that match."""
    from simian_army.audit.log import to_json

    if where["phase"] and where["phase"] not in set(Phase):
        raise UsageError(f"there is no phase {where['phase']}: {', '.join(Phase)}")
    loaded = wiring.read_config(config)
    with wiring.books(loaded, trust=False) as books:
        start = _moment(since, books.clock.now()) if since else None
        found = list(books.ledger.query(since=start, **where))  # type: ignore[arg-type]
    if as_json:
        for event in found:
            show.dump(to_json(event))
        return
    show.table(("seq", "at (UTC)", "phase", "run", "monkey", "target", "what"), [_row(event) for event in found])


def verify(config: Path, *, as_json: bool) -> int:
    """Whether the record is whole."""
    loaded = wiring.read_config(config)
    with wiring.books(loaded, trust=False) as books:
        wrong, count = books.ledger.verify(), books.ledger.last_seq()
    if as_json:
        show.dump({"events": count, "faults": list(wrong)})
        return 1 if wrong else 0
    for line in wrong:
        show.say(line, "red")
    show.say(f"{count} events, {len(wrong)} faults found" if wrong else f"{count} events, the chain is whole", "bold")
    return 1 if wrong else 0


def plugins(*, as_json: bool) -> None:
    """Every plug-in there is."""
    from simian_army.plugins import KINDS, found

    rows = [plugin for kind in KINDS for plugin in found(kind).values()]
    if as_json:
        for one in rows:
            shown = {"name": one.name, "kind": one.kind, "origin": one.origin, "error": one.error}
            show.dump({**shown, "parameters": dict(one.parameters()), **one.undoing()})
        return
    heads = ("name", "kind", "origin", "parameters", "undo", "ends alone")
    said = [(one, one.undoing()) for one in rows]
    show.table(
        heads,
        [(p.name, p.kind, p.origin, p.error or _words(p.parameters()), _undo(u), u.get("alone", "")) for p, u in said],
    )


def _undo(said: Mapping[str, Any]) -> str:
    if not said:
        return ""
    return f"restores {', '.join(said['restores']) or 'what it says'}" if said["reversible"] else "none"


def _words(parameters: object) -> str:
    return ", ".join(f"{name}: {said}" for name, said in parameters.items()) if isinstance(parameters, dict) else ""


def _row(event: AuditEvent) -> tuple[object, ...]:
    about = event.data.get("target")
    name = about.get("name", "") if isinstance(about, dict) else ""
    data = event.data
    said = data.get("reason") or data.get("detail") or data.get("why") or data.get("error") or data.get("kind") or ""
    if event.phase is Phase.FIRED:
        said = f"{data['eligible']} of {data['candidates']} eligible, wants {data['want']}"
    if event.phase is Phase.DENIED and "drawn" in data:
        said = f"{data['taken']} hit, {len(data['drawn'])} drawn were denied, {data['eligible']} were eligible"
    if event.phase is Phase.JUDGED:
        said = f"{data.get('outcome')}: {data.get('detail')}"
    if event.phase is Phase.ANALYSED:
        said = analysing.whys_of(event)
    leash = " (leashed)" if event.leashed and event.run else ""
    return event.seq, f"{event.at:%Y-%m-%d %H:%M:%S}", event.phase, event.run, event.entry, name, f"{said}{leash}"


def _moment(text: str, now: datetime) -> datetime:
    from simian_army.windows import duration

    try:
        return now - duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--since {text}: write 2h, 1d or an ISO time such as 2026-11-23T10:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
