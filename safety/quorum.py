"""Whether: can the group do without the target now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from safety.shared import is_harmed
from safety.spared import Spared
from simian_army.amounts import Amount
from simian_army.model import Fault, Health, Phase, Scene, Target, Verdict
from simian_army.standing import NOBODY, REACH, TARGET, Floor

WITHOUT = "to go without counting, write safety.quorum: {keep: 0, spare_lone: false, whole: false}"

ONE, ANYBODY = Amount(1), Spared()
NAMED = 10


@dataclass(frozen=True, slots=True)
class Count:
    """The members of a group. ``up`` are ready now; ``ours`` were struck by faults that are open still.

    Of ``ours`` those that are among ``up`` are not missed yet by anybody, the others are missed already: no member is
    subtracted twice. ``going`` are about to be stopped; some of them may have been struck already.
    """

    health: Health
    ours: frozenset[str]
    going: frozenset[str]

    @property
    def unseen(self) -> frozenset[str]:
        """Struck by us, and counted as ready still."""
        return self.ours & self.health.up

    @property
    def after(self) -> int:
        """How many are ready once everything that is open, and this fault, has shown its effect."""
        return len(self.health.up - self.ours - self.going)

    @property
    def lacking(self) -> int:
        """How many are missing that we did not strike."""
        return self.health.wanted - len(self.health.up) - len(self.ours - self.health.up)


@dataclass(frozen=True, slots=True)
class Quorum:
    """Allows to stop a member of a group that is whole and at rest, while enough of it stay.

    Args:
        stops: whom each fault kind takes out of service: its ``target``, ``nobody``, everybody in its ``reach``, or
            others, in words.
        keep: how many must be ready afterwards.
        spare_lone: spare what has no peer.
        whole: spare groups that lack members we did not strike, or that are in motion.
        spared: who is never stopped.
        stops_by: the same of those kinds for which it depends on the fault.

    Everybody else who has a word (see Health.floors) must have room for what we struck and for those who go. A fault
    that stops whom it reaches is allowed if each group there could do without its members that go.
    """

    name: ClassVar[str] = "quorum"
    early: ClassVar[bool] = False
    stops: Mapping[str, str] = field(default_factory=dict)
    keep: Amount = ONE
    spare_lone: bool = True
    whole: bool = True
    spared: Spared = ANYBODY
    stops_by: Mapping[str, Callable[[Fault], str]] = field(default_factory=dict)

    def __call__(self, scene: Scene) -> Verdict:
        """Names each rule that says no, with what it saw and its limit."""
        kind, target = scene.fault.kind, scene.fault.target
        by = self.stops_by.get(kind)
        stopped = by(scene.fault) if by else self.stops.get(kind)
        if stopped == NOBODY:
            return self._says(f"not applicable: {kind} stops nobody")
        if stopped == REACH:
            return self._groups(scene)
        if stopped != TARGET:
            return self._says("", [f"{kind} stops {stopped or 'nobody knows whom'}: how these stand is not known"])
        why = self.spared.why(target)
        if not target.group:
            return self._says("not applicable: it belongs to no group", [why] if why else [])
        noes = [why] if why else []
        if scene.health is None:
            return self._says("", [*noes, f"how {target.group} stands was not asked"])
        noes += self._beginning(scene)
        return self._judged(Count(scene.health, self._ours(scene, target.group), frozenset({target.id})), noes)

    def _groups(self, scene: Scene) -> Verdict:
        """The same of each group in reach; its noes first, at most as many as people read."""
        if scene.reach is None or scene.stand is None:
            return self._says("", ["how the groups in reach stand was not asked"])
        going: dict[str, set[str]] = {}
        noes = self._beginning(scene)
        for other in scene.reach:
            if not goes(other):
                continue
            going.setdefault(other.group, set()).add(other.id)
            noes += [f"{other}: {why}"] if (why := self.spared.why(other)) else []
        for group, members in sorted(going.items()):
            noes += self._without(scene, group, frozenset(members))
        more = [f"and {len(noes) - NAMED} more"] if len(noes) > NAMED else []
        return self._says(f"all {len(going)} groups in reach can do without", [*noes[:NAMED], *more])

    def _without(self, scene: Scene, group: str, members: frozenset[str]) -> list[str]:
        health = (scene.stand or {}).get(group)
        if health is None:
            return [f"how {group} stands was not told"]
        all_go = Count(health, self._ours(scene, group), members)
        return self._noes(all_go if scene.at_most is None else _worst(scene.at_most, all_go))

    def _ours(self, scene: Scene, group: str) -> frozenset[str]:
        """Members that open faults took out of service; what cannot be read of a fault is taken to be the worst. The
        target of one that stops whom it reaches is no member."""
        near = [attempt for attempt in scene.recent if attempt.open and attempt.group == group]
        struck = ((attempt.target, self.stops.get(attempt.kind, TARGET)) for attempt in near)
        return frozenset(target for target, stopped in struck if stopped not in (NOBODY, REACH))

    def _beginning(self, scene: Scene) -> list[str]:
        """Faults that are about to stop others than their target: whom, is in no health yet."""
        begun = [a for a in scene.recent if a.open and a.phase is Phase.INTENDED and self.stops.get(a.kind) == REACH]
        return [f"{a.kind} on {a.name or a.target} has just begun: whom it stops is not counted yet" for a in begun]

    def _noes(self, count: Count) -> list[str]:
        health, many = count.health, len(count.unseen | count.going)
        return [*self._counted(count), *(no for floor in health.floors if (no := _below(floor, many, count)))]

    def _judged(self, count: Count, noes: list[str]) -> Verdict:
        health = count.health
        told = [*noes, *self._noes(count)]
        stay = f"{count.after} stay, {self.keep.of(health.wanted)} must (keep {self.keep})"
        words = [health.detail, *([stay] if health.whole is not None else ()), *(f.detail for f in health.floors)]
        return self._says("; ".join(words), told)

    def _counted(self, count: Count) -> Iterator[str]:
        health = count.health
        if health.whole is None:
            if self.keep.number or self.spare_lone or self.whole:
                yield f"{health.detail}; {WITHOUT}"
            return
        if self.spare_lone and health.wanted <= 1:
            yield f"{health.detail}: it has no peer (spare_lone)"
        need = self.keep.of(health.wanted)
        if count.after < need:
            yield f"{health.detail}, {_struck(count)}{count.after} would stay, {need} must (keep {self.keep})"
        if self.whole and count.lacking > 0:
            yield f"{health.detail} before the fault, {count.lacking} are missing that we did not strike (whole)"
        if self.whole and health.moving:
            yield f"the group is not at rest: {health.moving} (whole)"

    def _says(self, words: str, noes: list[str] | None = None) -> Verdict:
        return Verdict(self.name, not noes, "; ".join(dict.fromkeys(noes)) if noes else words)


def goes(other: Target) -> bool:
    """Whether it is a member of a group that a fault on all in its reach stops."""
    return bool(other.group) and is_harmed(other) and other.facts.get("terminating") is not True


def _worst(most: int, count: Count) -> Count:
    """Of those who may go only so many, in the worst case: missed most are those who are ready and whom we did not
    strike, least those whom we struck: they are counted already."""
    unseen, up = count.unseen, count.health.up
    going = sorted(count.going, key=lambda uid: (uid in unseen, uid not in up, uid))
    return replace(count, going=frozenset(going[:most]))


def _below(floor: Floor, many: int, count: Count) -> str:
    """Why there is no room for so many; empty where there is."""
    if floor.room is None:
        return floor.detail
    if floor.room >= many:
        return ""
    unseen, going = len(count.unseen - count.going), len(count.going)
    asked = f"; {going} would go at once" if going > 1 else ""
    return f"{floor.detail}{asked}{f'; of ours {unseen} are not missed yet' if unseen else ''}"


def _struck(count: Count) -> str:
    return f"of these {len(count.unseen)} are struck by us and not missed yet, " if count.unseen else ""
