"""Who of a troop may be struck as time passes: screened once, and again only where time may change the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from simian_army.contract import Entry
from simian_army.explain import Seen
from simian_army.judge import Judge
from simian_army.model import Target
from simian_army.outcome import Among, Troop
from simian_army.turns import in_order


@runtime_checkable
class Changing(Protocol):
    """What an early guard has besides, if it can tell of which targets time changes its answer."""

    def changes(self, target: Target, now: datetime) -> datetime | None:
        """When after ``now`` the answer for that target may be another one; None for never."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """``explain.Around`` a troop of which some are not found for a while."""

    among: Among
    hidden: frozenset[str]

    def peers(self, target: Target) -> Sequence[Target]:
        return [one for one in self.among.peers(target) if one.id not in self.hidden]

    def crowd(self, target: Target) -> int:
        gone = [one for peers in self.among.groups.values() for one in peers if one.id in self.hidden]
        return self.among.crowd(target) - sum((one.kind, one.scope) == (target.kind, target.scope) for one in gone)


@dataclass(slots=True)
class Screening:
    """The troop of one entry. ``timeless`` names the early guards whose answer no time changes."""

    entry: Entry
    found: Sequence[Target]
    timeless: Collection[str]
    ids: frozenset[str] = field(init=False)
    _among: Among = field(init=False)
    _troop: Troop = field(init=False)
    _fixed: set[str] = field(default_factory=set, init=False)
    _spared: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)
    _moving: Sequence[Target] = field(init=False)

    def __post_init__(self) -> None:
        self.found = in_order(self.found)
        self.ids = frozenset(target.id for target in self.found)
        self._troop, self._moving = Troop(self.found, (), Counter()), self.found
        self._among = Among.of(self._troop)

    def at(self, judge: Judge, hidden: frozenset[str]) -> Seen:
        """The troop at the time of the judge's clock, without those that are ``hidden``."""
        if self._moving:
            self._screen(judge)
        gone = hidden & self.ids
        if not gone:
            return Seen(self._troop, self._among)
        left = [target for target in self.found if target.id not in gone]
        eligible = [target for target in self._troop.eligible if target.id not in gone]
        return Seen(Troop(left, eligible, self._troop.spared), Beside(self._among, gone))

    def _screen(self, judge: Judge) -> None:
        now = judge.clock.now()
        guards = [guard for guard in judge.guards if guard.early and guard.name not in self.timeless]
        changes = [guard.changes if isinstance(guard, Changing) else _always for guard in guards]
        staying = [target for target in self._moving if any(change(target, now) for change in changes)]
        kept = {target.id for target in staying}
        settled = judge.screen(self.entry, [target for target in self._moving if target.id not in kept])
        self._fixed |= {target.id for target in settled.eligible}
        self._spared += settled.spared
        asked = judge.screen(self.entry, staying)
        allowed = self._fixed | {target.id for target in asked.eligible}
        eligible = [target for target in self.found if target.id in allowed]
        self._troop, self._moving = Troop(self.found, eligible, self._spared + asked.spared), staying


def _always(target: Target, now: datetime) -> datetime | None:
    """What is taken of a guard that does not tell."""
    del target
    return now
