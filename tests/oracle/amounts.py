"""How much: the oracle of the budget."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from simian_army.model import Phase
from simian_army.standing import Attempt
from tests.oracle.quiet import DoubtError, is_feast
from tests.oracle.words import Case, place, seconds

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEFAULTS = {"concurrent": 3, "per_day": 20, "per_group": 1, "max_percent": 34, "cooldown": "1h"}
PLACES = {"per_node": "node", "per_zone": "zone", "per_region": "region"}


def budget(case: Case) -> bool:
    """Both that of the fleet and that of the monkey, which counts its own faults only."""
    counted = [one for one in case.scene.recent if one.phase is not Phase.DENIED]
    fleet = {**DEFAULTS, **case.world.safety.get("budget", {})}
    own = [one for one in counted if one.entry == case.scene.entry]
    try:
        return _within(case, fleet, counted) and _within(
            case, case.world.monkey(case.scene.entry).get("budget", {}), own
        )
    except DoubtError:
        return False


def _within(case: Case, words: Mapping[str, Any], counted: Sequence[Attempt]) -> bool:
    target, now = case.target, case.scene.now
    still = [one for one in counted if one.open]
    group = [one for one in still if together(case, one)]
    space = (
        [one for one in still if one.scope == target.scope]
        if target.platform == "kubernetes" and target.scope
        else None
    )
    checks = [
        _fewer(len(still), words.get("concurrent")),
        _fewer(sum(now - one.at < HOUR for one in counted), words.get("per_hour")),
        _rate(now, counted, words.get("per_day")),
        _fewer(len(group), words.get("per_group")),
        space is None or _fewer(len(space), words.get("per_namespace")),
        *(_there(case, still, which, words.get(word)) for word, which in PLACES.items()),
        _share_of_group(case, group, words.get("max_percent")),
        space is None or _share(space, target.id, case.scene.crowd, words.get("max_percent_namespace")),
        _apart(case, [one.at for one in counted if together(case, one)], words.get("cooldown")),
    ]
    return all(checks)


def together(case: Case, one: Attempt) -> bool:
    """Whether it was in the target's group; what has no group counts with all else that has none in its place, and with
    whom the monkey finds besides that have none. All nodes are one group, and nothing else has no place."""
    target = case.target
    if target.kind == "node":
        return not one.scope or any(one.target == peer.id for peer in case.scene.peers)
    if target.group:
        return one.group == target.group
    return any(one.target == peer.id for peer in case.scene.peers) or (not one.group and one.scope == target.scope)


def _fewer(count: int, limit: int | None) -> bool:
    return limit is None or count < limit


def _rate(now: datetime, counted: Sequence[Attempt], word: Any) -> bool:
    """A whole number in 24 hours; a fraction is one in that many days, rounded up to whole ones; 0 is never."""
    if word is None:
        return True
    rate = Fraction(str(word))
    if rate == 0:
        return False
    many, days = (int(rate), 1) if rate >= 1 else (1, math.ceil(1 / rate))
    return sum(now - one.at < days * DAY for one in counted) < many


def _there(case: Case, still: Sequence[Attempt], which: str, limit: int | None) -> bool:
    """One whose place nobody knows counts everywhere; a target whose place nobody knows is a no."""
    if limit is None:
        return True
    here = place(case.target, which)
    if here is None:
        return False
    return all(sum(_stood(one, which, spot) for one in still) < limit for spot in here)


def _stood(one: Attempt, which: str, spot: str) -> bool:
    there = one.places.get(which)
    return there is None or spot in there


def _share_of_group(case: Case, struck: Sequence[Attempt], percent: int | None) -> bool:
    """Of a workload the share is of its pods: as many as would go at once, and those that are struck."""
    target, scene = case.target, case.scene
    if target.kind != "deployment" or percent is None:
        return _share(struck, target.id, len(scene.peers), percent)
    health = (scene.stand or {}).get(target.group)
    reached = scene.stand is not None and any(one.group == target.group for one in scene.reach or ())
    if health is None or health.whole is None:
        return health is None and not reached
    going = health.wanted if scene.at_most is None else scene.at_most
    others = {one.target for one in struck} - {target.id}
    return not health.wanted or len(others) + going <= health.wanted * percent // 100


def _share(struck: Sequence[Attempt], this: str, members: int | None, percent: int | None) -> bool:
    """Members struck at once, this one among them, are at most that share, rounded down."""
    if percent is None:
        return True
    if members is None:
        return False
    return len({one.target for one in struck} | {this}) <= members * percent // 100


def _apart(case: Case, begun: Sequence[datetime], word: str | None) -> bool:
    if word is None or not begun:
        return True
    last = max(begun)
    if "working" not in word:
        return case.scene.now - last >= seconds(word)
    return case.scene.now >= _working(case, last, int(word.split()[0]))


def _working(case: Case, last: datetime, days: int) -> datetime:
    """The same local time so many working days later; a day off counts from the next midnight before a working day."""
    local = last.astimezone(case.world.zone)
    day, at = local.date(), local.time()
    if _off(case, day):
        day, at = _next(case, day), time(0)
    for _ in range(days):
        day = _next(case, day)
    found = [datetime.combine(day, at.replace(fold=fold), case.world.zone) for fold in (0, 1)]
    return max(found, key=lambda one: one.timestamp())


def _next(case: Case, day: date) -> date:
    day += DAY
    while _off(case, day):
        day += DAY
    return day


def _off(case: Case, day: date) -> bool:
    said = {**DEFAULTS, **case.world.safety.get("budget", {})}.get("holidays")
    return day.weekday() >= 5 or (said is not None and is_feast(said, day))
