"""What can be reverted with the fleet key alone, when there is no ledger: all that a mark or a record tells of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from simian_army.clock import Clock
from simian_army.contract import FaultKind, Platform
from simian_army.errors import SimianError
from simian_army.model import Evidence, Fault, Mark, Target
from simian_army.orphans import Orphan, run_of
from simian_army.records import Relics
from simian_army.story import MARK, RECORD
from simian_army.sweep import scopes_of

WORKERS = 8
PAUSE = 0.5  # seconds between two tries of what is not proved yet


@dataclass(frozen=True, slots=True)
class Saved:
    """One fault that was found, and how its revert went: proved if ``proof.holds``."""

    orphan: Orphan
    proof: Evidence


@dataclass(frozen=True, slots=True)
class Haul:
    """What was found: the faults by run and target id, the records' names, and what nobody could read."""

    orphans: Mapping[tuple[str, str], Orphan]
    records: Mapping[tuple[str, str], str]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Salvage:
    """Finds and reverts; asks no ledger, no lease and no guard, and writes to nothing but targets and records."""

    platforms: Mapping[str, Platform]
    kinds: Mapping[str, FaultKind]
    relics: Relics
    clock: Clock

    def find(self, run: str = "") -> Haul:
        """Every fault, or those of one run; a record's fault is told whole, so it comes before the same one's mark."""
        doubts: list[str] = []
        records: dict[tuple[str, str], str] = {}
        orphans: dict[tuple[str, str], Orphan] = {}
        for name, orphan in self._recorded(doubts):
            records[orphan.key], orphans[orphan.key] = name, orphan
        places = [(one.fault.target.platform, one.fault.target.scope) for one in orphans.values()]
        for orphan in self._marked(scopes_of(places), doubts):
            orphans.setdefault(orphan.key, orphan)
        chosen = {key: orphan for key, orphan in orphans.items() if run in ("", key[0])}
        return Haul(chosen, records, tuple(doubts))

    def revert(self, haul: Haul, grace: float, told: Callable[[Saved], None]) -> list[Saved]:
        """Revert all that was found, each until it is proved or ``grace`` seconds are over; ``told`` hears of each
        that is proved. Returns those that are not."""
        limit = self.clock.monotonic() + grace
        left = list(haul.orphans.values())
        with ThreadPoolExecutor(WORKERS, "salvage") as pool:
            while True:
                tried = list(pool.map(self._try, left))
                for saved in (saved for saved in tried if saved.proof.holds):
                    told(saved)
                    self._forget(haul.records.get(saved.orphan.key, ""))
                unproved = [saved for saved in tried if not saved.proof.holds]
                left = [saved.orphan for saved in unproved]
                if not left or self.clock.monotonic() > limit:
                    return unproved
                self.clock.wait(threading.Event(), PAUSE)

    def _try(self, orphan: Orphan) -> Saved:
        kind = self.kinds.get(orphan.fault.kind)
        if kind is None or not kind.reversible:
            why = f"the fault {orphan.fault.kind} cannot be used: install its plug-in"
            return Saved(orphan, Evidence(holds=False, detail=why))
        try:
            return Saved(orphan, kind.revert(orphan.fault, orphan.mark))
        except Exception as error:  # noqa: BLE001 - the revert border: nothing may end the trying
            return Saved(orphan, Evidence(holds=False, detail=f"{type(error).__name__}: {error}"))

    def _forget(self, record: str) -> None:
        if not record:
            return
        try:
            self.relics.drop(record)
        except SimianError:
            return  # found again, and reverted once more, which changes nothing

    def _recorded(self, doubts: list[str]) -> Iterator[tuple[str, Orphan]]:
        try:
            found = self.relics.all()
        except SimianError as error:
            doubts.append(str(error))
            return
        for relic in found:
            if relic.held is None:
                doubts.append(f"the record {relic.name} was not written so by this fleet with this key")
                continue
            yield relic.name, Orphan(relic.held.run, relic.held.fault, relic.held.mark, RECORD)

    def _marked(self, scopes: Mapping[str, frozenset[str]], doubts: list[str]) -> Iterator[Orphan]:
        for name, platform in self.platforms.items():
            try:
                yield from _borne(platform.marked(scopes.get(name, frozenset())), doubts)
            except SimianError as error:
                doubts.append(f"the marks on {name} cannot be read: {error}")


def _borne(found: Iterable[tuple[Target, Mark | None]], doubts: list[str]) -> Iterator[Orphan]:
    for target, mark in found:
        if mark is None:
            doubts.append(f"{target} bears what is no mark of this fleet for it: look at it by hand")
            continue
        yield _by_mark(Fault(mark.kind, target, undo=mark.undo), mark)


def _by_mark(fault: Fault, mark: Mark) -> Orphan:
    return Orphan(run_of(mark), fault, mark, MARK)
