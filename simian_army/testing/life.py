"""One fault in one world: made, written down, injected, looked at and reverted as the flow does it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from simian_army import marks
from simian_army.clock import Clock, SystemClock
from simian_army.contract import FaultKind
from simian_army.model import Evidence, Fault, Json, Mark, Selector, Target
from simian_army.records import fault_json, fault_of_json
from simian_army.testing.probe import Probe
from simian_army.testing.views import left_wrong
from simian_army.testing.world import World

RUN = "conformity"
"""The run of every fault of the suite: ten letters, as runs have."""

OTHER_RUN = "strangerzz"
HOLD = timedelta(minutes=10)
PATIENCE = 15.0
"""Seconds that what is under way may take."""

_PAUSE = 0.02


class Nonconformity(AssertionError):
    """The fault kind does not keep a promise; the text says which, and how that was seen."""


def expect(holds: object, words: str) -> None:
    """Go on only if it holds.

    Raises:
        Nonconformity: it does not.
    """
    if not holds:
        raise Nonconformity(words)


@dataclass(frozen=True)
class Life:
    """A fault kind by its class, the world it strikes in, and what it is given. ``others`` are other ways to use it."""

    make: Callable[[Any], FaultKind]
    world: World
    params: Json = field(default_factory=dict)
    strikes: str = ""
    clock: Clock = field(default_factory=SystemClock)
    others: Sequence[Life] = ()
    targets: list[Target] = field(default_factory=list)

    def kind(self, probe: Probe | None = None) -> FaultKind:
        """The kind, made anew."""
        port = self.world.port()
        return self.make(probe.over(port) if probe else port)

    def probe(self) -> Probe:
        """One that nothing befalls."""
        return Probe(self.world.writes)

    def target(self) -> Target:
        """A new one to strike."""
        self.targets.append(self.world.target(self.strikes or self.kind().strikes))
        return self.targets[-1]

    def fault(self, target: Target | None = None) -> Fault:
        """A fault on a target, a new one if none is given, with whom else it harms; not prepared."""
        kind = self.kind()
        fault = Fault(kind.name, target or self.target(), self.params, hold=HOLD)
        return replace(fault, others=self._others(kind, fault))

    def prepared(self, target: Target | None = None) -> Fault:
        """The same with its undo."""
        fault = self.fault(target)
        return replace(fault, undo=self.kind().prepare(fault))

    def clear(self) -> None:
        """Nobody needs its targets any more."""
        while self.targets:
            self.world.clear(self.targets.pop())

    def mark(self, fault: Fault, run: str = RUN) -> Mark:
        """The mark that the flow would give it."""
        return marks.sign(self.world.key, self.world.fleet, run, fault, self.clock.now() + fault.hold)

    def struck(self) -> tuple[Fault, Mark]:
        """A fault that stands."""
        fault = self.prepared()
        mark = self.mark(fault)
        self.kind().inject(fault, mark)
        return fault, mark

    def written(self, fault: Fault) -> Fault:
        """The fault as its record gives it back to a stranger: through JSON, without labels, facts and others."""
        text = json.dumps(fault_json(fault, self.clock.now() + fault.hold), allow_nan=False)
        return fault_of_json(fault.target.id, json.loads(text))[0]

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        """Revert by the record alone, with a kind of its own, until it is not under way any more."""
        kind, stranger = self.kind(), self.written(fault)
        return self.settled(lambda: kind.revert(stranger, mark))

    def settled(self, ask: Callable[[], Evidence]) -> Evidence:
        """What is told once nothing is under way, at the latest when patience ends."""
        ends = self.clock.monotonic() + PATIENCE
        while (seen := ask()).under_way and not seen.holds and self.clock.monotonic() < ends:
            self.clock.wait(threading.Event(), _PAUSE)
        return seen

    def restored(self, fault: Fault, mark: Mark, before: Json, when: str) -> None:
        """Revert, and see that all is as it was and no mark is left.

        Raises:
            Nonconformity: it is not.
        """
        proof = self.revert(fault, mark)
        expect(proof.holds, f"{when}: the revert does not hold: {proof.detail}")
        wrong = left_wrong(before, before, before, self.world.look())
        expect(not wrong, f"{when}: the revert says it holds, but {'; '.join(wrong[:5])}")
        expect(mark.run not in self.world.marks(), f"{when}: the revert says it holds, but its mark is still there")

    def _others(self, kind: FaultKind, fault: Fault) -> Sequence[Target]:
        said = kind.reach(fault)
        selectors = (said,) if isinstance(said, Selector) else said or ()
        port = self.world.port() if selectors else None
        found = {one.id: one for selector in selectors for one in port.find(selector)} if port else {}
        return [other for other in found.values() if other.id != fault.target.id]
