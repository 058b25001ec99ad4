"""The verb why: what every monkey and guard says of a target or a whole place, and what to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.advice import Change, changes, never, nowhere
from simian_army.asked import Answer, Later, Part
from simian_army.asking import denials
from simian_army.cli import show
from simian_army.hands import Hands
from simian_army.model import Selector, Verdict
from simian_army.whom import Place


@dataclass(frozen=True, slots=True)
class Advice:
    """When a target can be hit, None for not before something changes; and what is first to change, in order."""

    at: datetime | None
    changes: Sequence[Change]


def why(config: Path, name: str, *, as_json: bool) -> None:
    """Every monkey's and guard's answer for what people call ``name``."""
    loaded = wiring.read_config(config)
    hands = wiring.hands(loaded.settings)
    with wiring.books(loaded) as books, show.working("asking every guard ..."), wiring.house(books) as house:
        asked, zone = wiring.asked(house), house.zone
        meant = asked.whom(name)
        if isinstance(meant, Place):
            parts = asked.within(meant)
            show.still()
            _place(meant, parts, nowhere(meant.scope, _platform(house, parts), hands), as_json=as_json)
            return
        answers = asked.about(meant)
    spared = never(meant, hands)
    for answer in answers:
        if as_json:
            show.dump({**_json(answer, hands), "never": spared})
        else:
            _explain(answer, hands, zone)
            if answer.target is None and any(one.kind == meant.kind for one in answer.selectors):
                show.say(f"  to be hit, first: have the select of monkey {answer.entry} find it", "yellow")
    if not as_json:
        show.say("so that no monkey ever hits it:", "bold")
        show.say(f"  {spared}")


def advice(answer: Answer, hands: Hands) -> Advice:
    """What is first to change so that the target would be hit: nothing, where the fires to come find no denial."""
    if answer.target is None:
        return Advice(None, ())
    ready = next((one for one in answer.later if one.allowed), None)
    if ready:
        return Advice(ready.at, ())
    denied = answer.later[0].denied if answer.later else denials(answer.verdicts)
    return Advice(None, changes(answer.target, denied, hands))


def _platform(house: wiring.House, parts: Sequence[Part]) -> str:
    """Where the place is: of all monkeys that find something there, the first one's platform."""
    return next((house.entries[part.entry].platform.name for part in parts if part.found), "")


def _explain(answer: Answer, hands: Hands, zone: Any) -> None:
    if answer.target is None:
        show.say(f"{answer.entry}: never, it looks for {_looks(answer.selectors)}", "bold")
        return
    if not answer.fault:
        said = f"reports {len(answer.findings)} findings" if answer.findings else "reports nothing"
        show.say(f"{answer.entry}: {said} of {answer.target} ({answer.use})", "bold")
        for finding in answer.findings:
            show.finding(finding)
        return
    verdict = "could be hit now" if answer.allowed else "is spared"
    show.say(f"{answer.entry}: {answer.target} {verdict} ({answer.use}, {answer.fault})", "bold")
    for one in answer.verdicts:
        _verdict(one)
    for later in answer.later:
        if later.changed:
            _then(later, zone)
    if answer.later and not any(later.changed for later in answer.later):
        times = ", ".join(show.local(later.at, zone) for later in answer.later)
        show.say(f"  as now at its next fires: {times}")
    _advise(answer, hands, zone)


def _then(later: Later, zone: Any) -> None:
    said = "it could be hit" if later.allowed else "it is spared"
    show.say(f"  at {show.local(later.at, zone)} {said}, otherwise than now:")
    for one in later.changed:
        _verdict(one, "  ")


def _advise(answer: Answer, hands: Hands, zone: Any) -> None:
    told = advice(answer, hands)
    if told.at:
        show.say(f"  to be hit: nothing: it can be hit at its next fire {show.local(told.at, zone)}")
        return
    if not told.changes:
        show.say("  to be hit: give the monkey a fire: none is to come")
    for number, one in enumerate(told.changes):
        show.say(f"  {'then' if number else 'to be hit, first'} ({one.guard}): {one.change}", "yellow")


def _verdict(one: Verdict, more: str = "") -> None:
    style = "green" if one.allowed else "red"
    show.say(f"  {more}{'yes' if one.allowed else 'NO':>3}  {one.guard}: {one.reason}", style)


def _looks(selectors: Sequence[Selector]) -> str:
    return " and ".join(map(_looked, selectors))


def _looked(selector: Selector) -> str:
    labels = f" with {selector.labels}" if selector.labels else ""
    names = f" named {', '.join(selector.names)}" if selector.names else ""
    stands = "".join(f" {'in' if kind == 'zone' else 'on'} {kind}s {', '.join(said)}" for kind, said in selector.stands)
    kinds = "proxies" if selector.kind == "proxy" else f"{selector.kind}s"
    return f"running {kinds} in {', '.join(selector.scopes)}{labels}{names}{stands}"


def _json(answer: Answer, hands: Hands) -> dict[str, Any]:
    told = advice(answer, hands)
    return {
        "monkey": answer.entry,
        "use": answer.use,
        "fault": answer.fault,
        "target": str(answer.target) if answer.target else None,
        "allowed": answer.allowed,
        "verdicts": _verdicts(answer.verdicts),
        "findings": [{"rule": f.rule, "severity": f.severity, "detail": f.detail} for f in answer.findings],
        "later": [
            {"at": one.at.isoformat(), "allowed": one.allowed, "changed": _verdicts(one.changed)}
            for one in answer.later
        ],
        "to_be_hit": {
            "at": told.at.isoformat() if told.at else None,
            "changes": [{"guard": one.guard, "reason": one.reason, "change": one.change} for one in told.changes],
        },
    }


def _verdicts(said: Sequence[Verdict]) -> list[dict[str, Any]]:
    return [{"guard": one.guard, "allowed": one.allowed, "reason": one.reason} for one in said]


def _place(place: Place, parts: Sequence[Part], spared: str, *, as_json: bool) -> None:
    for part in parts:
        if as_json:
            show.dump({**_part_json(part), "place": place.scope, "never": spared or None})
        else:
            _part(place, part)
    if spared and not as_json:
        show.say("so that no monkey ever hits anything here:", "bold")
        show.say(f"  {spared}")


def _part(place: Place, part: Part) -> None:
    if not part.found:
        show.say(f"{part.entry}: finds nothing in {place.scope}, it looks for {_looks(part.selectors)}", "bold")
        return
    show.say(f"{part.entry}: {part.found} found in {place.scope}, in {show.count(part.groups, 'group')}", "bold")
    for (guard, reason), count in part.spared.most_common():
        show.say(f"  spared {count} by {guard}: {reason}")
    for answer, said in _groups(part):
        name = (answer.target.group or str(answer.target)) if answer.target else ""
        show.say(f"  {name:<40}  {said}")
    shown = len({(one.target.group or one.target.id) for one in part.answers if one.target})
    if part.groups > shown:
        show.say(f"  and {part.groups - shown} more groups; `simian why GROUP` tells of one")
    for guard, count in _refusing(part).most_common():
        show.say(f"  of the {show.count(shown, 'group')} told, {count} refused by {guard}")


def _groups(part: Part) -> Iterator[tuple[Answer, str]]:
    for answer in part.answers:
        if not answer.fault:
            yield answer, show.count(len(answer.findings), "finding")
            continue
        denied = denials(answer.verdicts)
        words = (
            f"spared by {', '.join(one.guard for one in denied)}: {denied[0].reason}" if denied else "could be hit now"
        )
        yield answer, words


def _refusing(part: Part) -> Counter[str]:
    return Counter(one.guard for answer in part.answers for one in denials(answer.verdicts))


def _part_json(part: Part) -> dict[str, Any]:
    return {
        "monkey": part.entry,
        "found": part.found,
        "groups": part.groups,
        "spared": [{"guard": g, "reason": r, "count": count} for (g, r), count in part.spared.most_common()],
        "refused": [{"guard": guard, "groups": count} for guard, count in _refusing(part).most_common()],
        "first": [
            {
                "group": answer.target.group or str(answer.target) if answer.target else None,
                "fault": answer.fault,
                "allowed": answer.allowed,
                "verdicts": _verdicts(answer.verdicts),
            }
            for answer in part.answers
        ],
    }
