"""What somebody asks for by hand: one of a monkey's faults, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from simian_army.contract import Entry, FaultKind, Monkey
from simian_army.errors import UsageError
from simian_army.extras import ByGroup
from simian_army.model import Fault, Finding, Needs, Target
from simian_army.pace import Pace
from simian_army.plugins import suggest
from simian_army.standing import struck


@dataclass(frozen=True, slots=True)
class OneFault:
    """``contract.Monkey`` that is as another one, but proposes faults of one kind only."""

    monkey: Monkey
    kind: str

    @property
    def name(self) -> str:
        """The other's."""
        return self.monkey.name

    @property
    def needs(self) -> Needs:
        """That one kind."""
        return replace(self.monkey.needs, faults=(self.kind,))

    def want(self, troop: Sequence[Target], rng: Random) -> int:
        """As many as the other."""
        return self.monkey.want(troop, rng)

    def pace(self, members: Sequence[Target]) -> Pace | str | None:
        """As often as the other."""
        return self.monkey.pace(members) if isinstance(self.monkey, ByGroup) else None

    def propose(self, troop: Sequence[Target], rng: Random) -> Iterable[Fault | Finding]:
        """What the other proposes, where it is of that kind, in the same order."""
        for one in self.monkey.propose(troop, rng):
            meant = [each for each in (one, *one.instead) if each.kind == self.kind] if isinstance(one, Fault) else []
            yield from (replace(each, slot=one.slot, instead=()) for each in meant[:1] if isinstance(one, Fault))


def narrowed(entry: Entry, fault: str, kinds: Mapping[str, FaultKind]) -> Entry:
    """The same entry, for that fault of its monkey only; itself where none is named.

    Raises:
        UsageError: its monkey proposes no such fault; with the nearest.
    """
    if not fault:
        return entry
    there = entry.monkey.needs.faults
    if fault not in there:
        near = suggest(fault, dict.fromkeys(there)) or f"it has {', '.join(there) or 'none: it only looks'}"
        raise UsageError(f"monkey {entry.name} has no fault {fault}; {near}")
    selectors = tuple(one for one in entry.selectors if one.kind in struck(kinds[fault]))
    return replace(entry, monkey=OneFault(entry.monkey, fault), selectors=selectors)
