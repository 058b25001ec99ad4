"""What docs/safety.md says of each budget word, counted again the long way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from safety.limits import Limits
from simian_army.model import Phase, Scene, Target
from simian_army.rates import Apart, Rate
from simian_army.standing import Attempt

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def denying(limits: Limits, seen: Scene, *, own: bool = False) -> set[str]:
    """The words that would not hold any more, were this fault begun now; ``own`` counts one monkey's faults only."""
    past = [a for a in seen.recent if a.phase is not Phase.DENIED and (not own or a.entry == seen.entry)]
    held = {
        "concurrent": _few(sum(a.open for a in past), limits.concurrent),
        "per_hour": _rate(past, seen.now, None if limits.per_hour is None else Rate(limits.per_hour, HOUR)),
        "per_day": _rate(past, seen.now, limits.per_day),
        "per_group": _few(len(_mates(seen, past)), limits.per_group),
        "per_namespace": not _has_namespace(seen.fault.target)
        or _few(len(_neighbours(seen, past)), limits.per_namespace),
        "per_node": _in_place(seen, past, "node", limits.per_node),
        "per_zone": _in_place(seen, past, "zone", limits.per_zone),
        "per_region": _in_place(seen, past, "region", limits.per_region),
        "max_percent": _share(seen, _mates(seen, past), len(seen.peers), limits.max_percent),
        "max_percent_namespace": _share_of_namespace(seen, past, limits.max_percent_namespace),
        "cooldown": _cool(seen, past, limits.cooldown),
    }
    return {word for word, holds in held.items() if not holds}


def _few(seen: int, most: int | None) -> bool:
    return most is None or seen + 1 <= most


def _rate(past: Sequence[Attempt], now: datetime, rate: Rate | None) -> bool:
    return rate is None or _few(len([a for a in past if a.at > now - rate.over]), rate.most)


def _mates(seen: Scene, past: Sequence[Attempt], *, still: bool = True) -> list[Attempt]:
    target = seen.fault.target
    alone = target.kind == "node" or target.group == ""
    peers = [peer.id for peer in seen.peers] + [target.id]
    like = [a for a in past if a.target in peers or (a.group == "" and a.scope == target.scope)]
    mates = like if alone else [a for a in past if a.group == target.group]
    return [a for a in mates if a.open or not still]


def _neighbours(seen: Scene, past: Sequence[Attempt]) -> list[Attempt]:
    target = seen.fault.target
    return [a for a in past if a.open and a.scope == target.scope] if _has_namespace(target) else []


def _has_namespace(target: Target) -> bool:
    return target.platform == "kubernetes" and target.scope != ""


def _in_place(seen: Scene, past: Sequence[Attempt], kind: str, most: int | None) -> bool:
    if most is None:
        return True
    places = seen.fault.target.facts.get("places", {})
    if kind not in places:
        return False
    for place in places[kind]:
        here = [a for a in past if a.open and (kind not in a.places or place in a.places[kind])]
        if len(here) + 1 > most:
            return False
    return True


def _share(seen: Scene, struck: Sequence[Attempt], size: int, percent: int | None) -> bool:
    members = {a.target for a in struck} | {seen.fault.target.id}
    return percent is None or len(members) * 100 <= percent * size


def _share_of_namespace(seen: Scene, past: Sequence[Attempt], percent: int | None) -> bool:
    if not _has_namespace(seen.fault.target):
        return True
    return _share(seen, _neighbours(seen, past), seen.crowd or 0, percent)


def _cool(seen: Scene, past: Sequence[Attempt], apart: Apart | None) -> bool:
    if apart is None:
        return True
    return all(over(a.at, apart) <= seen.now for a in _mates(seen, past, still=False))


def over(start: datetime, apart: Apart) -> datetime:
    """When a time apart ends, in a zone that changes no clocks and knows no holidays."""
    if isinstance(apart, timedelta):
        return start + apart
    local = start
    if local.weekday() >= 5:
        local = datetime.combine(_monday(local.date()), time(), local.tzinfo)
    for _ in range(apart.count):
        local = local + (3 * DAY if local.weekday() == 4 else DAY)
    return local


def _monday(day: date) -> date:
    return day + (7 - day.weekday()) * DAY
