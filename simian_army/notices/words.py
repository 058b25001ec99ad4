"""What a notice says: who, where, what, and what to do next, in plain text that nothing a tenant wrote can change."""

from __future__ import annotations

from collections.abc import Mapping

from simian_army.model import AuditEvent, Phase
from simian_army.notice import Notice

LONGEST = 300  # characters of one value; a reason or an error may be longer
TITLE = 160  # characters of a title
SEVERITY = {Phase.STUCK: "error", Phase.FAILED: "error", Phase.HALTED: "warning", Phase.UNKNOWN: "warning"}
SAID = ("reason", "detail", "why", "error")
NEXT = {
    Phase.STUCK: "it is tried on. `simian status` says whether it still is stuck; repair the target by hand if it is, "
    "then `simian revert {run} --force --reason TEXT` closes it and says what is left.",
    Phase.JUDGED: "no fault strikes that group until somebody says why: `simian analyse {run}` asks for it, "
    "`simian audit --run {run}` tells what happened.",
    Phase.PENDING: "`{approve}` lets it strike; `simian status` lists all that waits.",
    Phase.ANALYSED: "the line goes on unless another run stopped it too: `simian audit --run {run}` tells the whys.",
    Phase.HALTED: "nothing new begins, and what is held is reverted: `simian status` shows it. "
    "`simian resume --reason TEXT` ends what it may end and names the rest.",
    Phase.RESUMED: "monkeys fire again at their times, unless another halt is left: `simian status` shows it.",
}
"""What to do next, where there is more to say than where to read on."""

MARKUP = "<>&@#*_~`|[]{}\\"
STAND_INS = "\u2039\u203a+\uff20\uff03\u2217\uff3f\u223c'\u00a6()()\u2216"
NO_MARKUP = str.maketrans(MARKUP, STAND_INS)
"""What some service takes for markup, a mention, a link or a format, and what stands for it."""


def plain(value: object, most: int = LONGEST) -> str:
    """One line of text that no service takes for markup; cut where it is longer than ``most``."""
    seen = "".join(letter if letter.isprintable() else " " for letter in str(value)[: 4 * most])
    text = " ".join(seen.translate(NO_MARKUP).replace("://", ":\u2215\u2215").split())
    return text if len(text) <= most else text[: most - 1] + "…"


def notice_of(event: AuditEvent, fleet: str) -> Notice:
    """The event as people are told it."""
    phase = event.phase.upper().replace("_", " ")
    what = plain(f"{phase}: {_headline(event)}", TITLE)
    lines = [
        *_where(event, fleet),
        *([f"What: {plain(_said(event))}"] if _said(event) else []),
        f"Next: {_next(event)}",
    ]
    title = f"({fleet}{_world(event)}) {what}"
    return Notice(title, "\n".join(lines), _severity(event), _facts(event, fleet))


def _headline(event: AuditEvent) -> str:
    fault, target = event.data.get("kind") or "a fault", _target(event) or "an unknown target"
    match event.phase:
        case Phase.STUCK:
            return f"{fault} on {target} could not be reverted"
        case Phase.HALTED | Phase.RESUMED:
            said = "halted by" if event.phase is Phase.HALTED else "resumed, said by"
            return f"{_place(event)} {said} {_author(event)}"
        case Phase.JUDGED if event.data.get("outcome") != "clean":
            return f"{fault} on {target} came out badly, the line of {event.data.get('group') or target} is stopped"
        case Phase.ANALYSED:
            return f"run {event.run} was analysed by {_author(event)}"
        case Phase.FOUND:
            return f"{event.data.get('rule') or 'something'} at {target if event.target else 'no single target'}"
    waits = f" waits for approval until {event.data.get('until')}" if event.phase is Phase.PENDING else ""
    return f"{fault} on {target}{waits}" if event.target else event.entry or "the fleet"


def _severity(event: AuditEvent) -> str:
    said = str(event.data.get("severity", "")) if event.phase is Phase.FOUND else SEVERITY.get(event.phase, "")
    if event.phase is Phase.JUDGED and event.data.get("outcome") != "clean":
        said = "error"
    return said if said in ("warning", "error") else "info"


def _where(event: AuditEvent, fleet: str) -> list[str]:
    at = f"{event.at:%Y-%m-%d %H:%M:%S} UTC"
    lines = [f"Fleet: {fleet}{_worlds(event)}"]
    if event.run:
        lines.append(f"Run: {plain(event.run)}, monkey {plain(event.entry)}, {at}")
    else:
        lines.append(f"When: {at}, written by {plain(event.actor)}")
    if event.target:
        lines.append(f"Target: {plain(_target(event) or event.target)}")
    return lines


def _next(event: AuditEvent) -> str:
    run = plain(event.run)
    usual = "`simian audit --run {run}` tells the whole story." if run else "`simian status` shows how things stand."
    return NEXT.get(event.phase, usual).format(run=run, approve=plain(event.data.get("approve") or ""))


def _said(event: AuditEvent) -> str:
    parts = [str(event.data[key]) for key in SAID if event.data.get(key)]
    tries = event.data.get("tries")
    return "; ".join([*parts, *([f"after {tries} tries"] if tries else [])])


def _worlds(event: AuditEvent) -> str:
    parts = [
        *(["leashed: no target was changed"] if event.leashed else []),
        *(["embedded: the throw-away world, nothing real"] if event.embedded else []),
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _world(event: AuditEvent) -> str:
    return (", leashed" if event.leashed else "") + (", embedded" if event.embedded else "")


def _place(event: AuditEvent) -> str:
    scope = event.data.get("scope")
    return f"{scope} was" if scope else "the fleet was"


def _author(event: AuditEvent) -> str:
    return str(event.data.get("author") or event.actor)


def _target(event: AuditEvent) -> str:
    about = event.data.get("target")
    return str(about.get("name", "")) if isinstance(about, Mapping) else ""


def _facts(event: AuditEvent, fleet: str) -> dict[str, object]:
    return {
        "fleet": fleet,
        "phase": str(event.phase),
        "run": plain(event.run),
        "monkey": plain(event.entry),
        "target": plain(_target(event) or event.target),
        "fault": plain(event.data.get("kind") or ""),
        "at": event.at.isoformat(timespec="seconds"),
        "actor": plain(event.actor),
        "leashed": event.leashed,
        "embedded": event.embedded,
    }
