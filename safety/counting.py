"""How much was done already, word by word of one budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from safety.limits import HOUR, Limits
from safety.wording import span
from simian_army.model import Scene, Target
from simian_army.rates import Apart, Rate, Week
from simian_army.standing import Attempt, places_of

LABELS = {"zone": "topology.kubernetes.io/zone", "region": "topology.kubernetes.io/region"}


class Count(NamedTuple):
    """One budget word counted: is there room for one more, in words, and would another target fare no better."""

    room: bool
    words: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Counting:
    """One budget over one scene; ``spent`` is what counts for it, ``whose`` stands before the name of each word."""

    limits: Limits
    scene: Scene
    spent: Sequence[Attempt]
    week: Week
    whose: str = ""

    def counts(self) -> Iterator[Count]:
        """Every word that is a limit."""
        yield from self._fleet()
        yield from self._places()
        yield from self._shares()
        if self.limits.cooldown is not None:
            yield self._cooldown(self.limits.cooldown)

    def _fleet(self) -> Iterator[Count]:
        limits = self.limits
        if limits.concurrent is not None:
            yield self._open("concurrent", "", self._opened, limits.concurrent)._replace(final=True)
        if limits.per_hour is not None:
            yield self._begun("per_hour", Rate(limits.per_hour, HOUR), "hour")
        if limits.per_day is not None:
            days = limits.per_day.over // timedelta(days=1)
            yield self._begun("per_day", limits.per_day, "24 h" if days == 1 else f"{days} d")

    def _places(self) -> Iterator[Count]:
        limits, target = self.limits, self.scene.fault.target
        if limits.per_group is not None:
            group = in_group(self.scene, self._opened)
            yield self._open("per_group", f" in {place_of(target)}", group, limits.per_group)
        if limits.per_namespace is not None:
            yield self._in_namespace(limits.per_namespace)
        for kind, limit in (("node", limits.per_node), ("zone", limits.per_zone), ("region", limits.per_region)):
            if limit is not None:
                yield self._at(kind, limit)

    def _shares(self) -> Iterator[Count]:
        limits = self.limits
        if limits.max_percent is not None:
            yield self._share_of_group(limits.max_percent)
        if limits.max_percent_namespace is not None:
            yield self._share_of_namespace(limits.max_percent_namespace)

    @property
    def _opened(self) -> list[Attempt]:
        return [attempt for attempt in self.spent if attempt.open]

    def _named(self, word: str) -> str:
        return f"({self.whose}{word})"

    def _open(self, word: str, where: str, opened: Sequence[Attempt], limit: int) -> Count:
        seen = len(opened)
        return Count(seen < limit, f"{seen} of {limit} open at once{where} {self._named(word)}")

    def _begun(self, word: str, rate: Rate, stretch: str) -> Count:
        seen = sum(self.scene.now - attempt.at < rate.over for attempt in self.spent)
        return Count(seen < rate.most, f"{seen} of {rate.most} in the last {stretch} {self._named(word)}", final=True)

    def _in_namespace(self, limit: int) -> Count:
        target = self.scene.fault.target
        if not _has_namespace(target):
            return self._elsewhere("per_namespace", "namespace")
        here = [attempt for attempt in self._opened if attempt.scope == target.scope]
        return self._open("per_namespace", f" in namespace {target.scope}", here, limit)

    def _at(self, kind: str, limit: int) -> Count:
        """Of all the target's zones (a group may have several), the fullest; what is open nobody knows where counts in
        each."""
        target, word = self.scene.fault.target, f"per_{kind}"
        places = places_of(target.facts).get(kind)
        if places is None:
            fix = (
                f"label its node {LABELS[kind]} and let us list nodes" if _on_node(target, kind) else "nobody tells it"
            )
            words = f"the {kind} of {target} is not known: {fix}, or set no such limit {self._named(word)}"
            return Count(room=False, words=words)
        if not places:
            return self._elsewhere(word, kind)
        there = {place: [one for one in self._opened if place in one.places.get(kind, (place,))] for place in places}
        fullest = max(places, key=lambda place: len(there[place]))
        lost = sum(kind not in one.places for one in there[fullest])
        where = f" in {kind} {fullest}" + (f", {lost} of them in a {kind} that is not known" if lost else "")
        return self._open(word, where, there[fullest], limit)

    def _share(self, word: str, percent: int, opened: Sequence[Attempt], place: str, size: int) -> Count:
        if not size:
            return Count(room=False, words=f"the size of {place} is not known {self._named(word)}")
        struck = {attempt.target for attempt in opened} - {self.scene.fault.target.id}
        most = size * percent // 100
        allowed = f"{percent} % of {size} in {place} allows {most} at once"
        return Count(len(struck) < most, f"{allowed}, {len(struck)} others are struck {self._named(word)}")

    def _share_of_group(self, percent: int) -> Count:
        scene, target, word = self.scene, self.scene.fault.target, "max_percent"
        group, place = in_group(scene, self._opened), place_of(target)
        if not _is_group(target):
            return self._share(word, percent, group, place, len(scene.peers))
        health = (scene.stand or {}).get(target.group)
        if health is None and not _reaches_its_own(scene):
            return Count(room=True, words=f"not applicable: no member of {place} is stopped {self._named(word)}")
        if health is None or health.whole is None:
            return Count(room=False, words=f"the size of {place} is not known {self._named(word)}")
        if not health.wanted:
            return Count(room=True, words=f"not applicable: no member of {place} is wanted {self._named(word)}")
        going = health.wanted if scene.at_most is None else scene.at_most
        struck, most = {attempt.target for attempt in group} - {target.id}, health.wanted * percent // 100
        words = f"{percent} % of {health.wanted} in {place} allows {most} at once, {going} would go"
        return Count(len(struck) + going <= most, f"{words}, {len(struck)} others are struck {self._named(word)}")

    def _share_of_namespace(self, percent: int) -> Count:
        target, word = self.scene.fault.target, "max_percent_namespace"
        if not _has_namespace(target):
            return self._elsewhere(word, "namespace")
        here = [attempt for attempt in self._opened if attempt.scope == target.scope]
        return self._share(word, percent, here, f"the {target.kind}s of {target.scope}", self.scene.crowd or 0)

    def _cooldown(self, apart: Apart) -> Count:
        target, now = self.scene.fault.target, self.scene.now
        place, asked = place_of(target), f"{span(apart) if isinstance(apart, timedelta) else apart} apart is asked"
        group, named = in_group(self.scene, self.spent), self._named("cooldown")
        if not group:
            return Count(room=True, words=f"no earlier fault in {place}, {asked} {named}")
        last = max(attempt.at for attempt in group)
        over = self.week.over(last, apart)
        ends = "" if isinstance(apart, timedelta) else f", until {_local(over, self.week)}"
        words = f"the last fault in {place} began {span(now - last)} ago, {asked}{ends} {named}"
        return Count(over is not None and now >= over, words)

    def _elsewhere(self, word: str, kind: str) -> Count:
        what = self.scene.fault.target.kind
        return Count(room=True, words=f"not applicable: a target of kind {what} has no {kind} {self._named(word)}")


def in_group(scene: Scene, spent: Sequence[Attempt]) -> list[Attempt]:
    """The attempts on the target's group; what has none is together with its like in one place, and with its peers."""
    target = scene.fault.target
    if _has_group(target):
        return [attempt for attempt in spent if attempt.group == target.group]
    members = {peer.id for peer in scene.peers} | {target.id}
    return [one for one in spent if one.target in members or _is_like(target, one)]


def _is_like(target: Target, one: Attempt) -> bool:
    """A node is like every node, whatever owns that one: nothing else has no scope."""
    return one.scope == target.scope and (target.kind == "node" or not one.group)


def place_of(target: Target) -> str:
    """What people call the target's group."""
    return target.group if _has_group(target) else f"the {target.kind}s here"


def _has_group(target: Target) -> bool:
    return bool(target.group) and target.kind != "node"


def _is_group(target: Target) -> bool:
    """Whether it is no member of its group but the whole of it: a workload, or what others use."""
    return target.group.lower() == f"{target.scope}/{target.kind}/{target.name}" and target.platform == "kubernetes"


def _reaches_its_own(scene: Scene) -> bool:
    """Whether members of the target's group are among those that a fault stops."""
    group = scene.fault.target.group
    return scene.stand is not None and any(other.group == group for other in scene.reach or ())


def _has_namespace(target: Target) -> bool:
    return target.platform == "kubernetes" and bool(target.scope)


def _on_node(target: Target, kind: str) -> bool:
    return target.platform == "kubernetes" and kind in LABELS


def _local(moment: datetime | None, week: Week) -> str:
    return f"{moment.astimezone(week.zone):%a %Y-%m-%d %H:%M}" if moment else "there is a working day again"
