"""Whether: can the group do without the target now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from safety.spared import Spared
from simian_army.amounts import Amount
from simian_army.model import Health, Scene, Verdict
from simian_army.standing import NOBODY, TARGET, Floor

WITHOUT = "to go without counting, write safety.quorum: {keep: 0, spare_lone: false, whole: false}"

ONE, ANYBODY = Amount(1), Spared()


@dataclass(frozen=True, slots=True)
class Count:
    """The members of a group. ``up`` are ready now; ``ours`` were struck by faults that are open still.

    Of ``ours`` those that are among ``up`` are not missed yet by anybody, the others are missed already: no member is
    subtracted twice. ``target`` is about to be stopped.
    """

    health: Health
    ours: frozenset[str]
    target: str

    @property
    def unseen(self) -> frozenset[str]:
        """Struck by us, and counted as ready still."""
        return self.ours & self.health.up

    @property
    def after(self) -> int:
        """How many are ready once everything that is open, and this fault, has shown its effect."""
        return len(self.health.up - self.ours - {self.target})

    @property
    def lacking(self) -> int:
        """How many are missing that we did not strike."""
        return self.health.wanted - len(self.health.up) - len(self.ours - self.health.up)


@dataclass(frozen=True, slots=True)
class Quorum:
    """Allows to stop a member of a group that is whole and at rest, while enough of it stay.

    Args:
        stops: whom each fault kind takes out of service: its ``target``, ``nobody``, or others, in words.
        keep: how many must be ready afterwards.
        spare_lone: spare what has no peer.
        whole: spare groups that lack members we did not strike, or that are in motion.
        spared: who is never stopped.

    Everybody else who has a word (see Health.floors) must have room for what we struck and one more.
    """

    name: ClassVar[str] = "quorum"
    early: ClassVar[bool] = False
    stops: Mapping[str, str] = field(default_factory=dict)
    keep: Amount = ONE
    spare_lone: bool = True
    whole: bool = True
    spared: Spared = ANYBODY

    def __call__(self, scene: Scene) -> Verdict:
        """Names each rule that says no, with what it saw and its limit."""
        kind, target = scene.fault.kind, scene.fault.target
        stopped = self.stops.get(kind)
        if stopped == NOBODY:
            return self._says(f"not applicable: {kind} stops nobody")
        if stopped != TARGET:
            return self._says("", [f"{kind} stops {stopped or 'nobody knows whom'}: how these stand is not known"])
        why = self.spared.why(target)
        if not target.group:
            return self._says("not applicable: it belongs to no group", [why] if why else [])
        noes = [why] if why else []
        if scene.health is None:
            return self._says("", [*noes, f"how {target.group} stands was not asked"])
        return self._judged(Count(scene.health, self._ours(scene), target.id), noes)

    def _ours(self, scene: Scene) -> frozenset[str]:
        """Members that open faults took out of service; what cannot be read of a fault is taken to be the worst."""
        group = scene.fault.target.group
        near = [attempt for attempt in scene.recent if attempt.open and attempt.group == group]
        return frozenset(attempt.target for attempt in near if self.stops.get(attempt.kind, TARGET) != NOBODY)

    def _judged(self, count: Count, noes: list[str]) -> Verdict:
        health = count.health
        told = [*noes, *self._counted(count)]
        told += [no for floor in health.floors if (no := _below(floor, len(count.unseen)))]
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


def _below(floor: Floor, unseen: int) -> str:
    """Why there is no room for one more; empty where there is."""
    if floor.room is None:
        return floor.detail
    if floor.room > unseen:
        return ""
    return f"{floor.detail}{f'; of ours {unseen} are not missed yet' if unseen else ''}"


def _struck(count: Count) -> str:
    return f"of these {len(count.unseen)} are struck by us and not missed yet, " if count.unseen else ""
