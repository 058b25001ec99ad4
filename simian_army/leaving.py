"""How a fleet leaves its cluster: halted, reverted, stopped, and nothing of it left; or it says what is in the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from simian_army.clock import Clock
from simian_army.errors import SimianError
from simian_army.salvage import Salvage, Saved
from simian_army.undertaker.store import Kept

PACE = 1.0  # seconds between two looks
SHARE = 0.3  # of the time, for the agent to revert by itself what it holds


class Stays(SimianError):
    """Something is in the way of a fleet that is to leave."""


class OwnPlaces(Protocol):
    """Where our things are: the namespaces of Lease, halt ConfigMap and Deployments, and what they are called after."""

    @property
    def fleet(self) -> str: ...

    @property
    def lease(self) -> str: ...

    @property
    def halt(self) -> str: ...

    @property
    def configmap(self) -> str: ...

    @property
    def home(self) -> str: ...


class HomePort(Protocol):
    """What can be done to them; what is not there is as good as stopped or removed."""

    def halt(self, namespace: str, name: str, reason: str) -> None: ...

    def stop(self, namespace: str, deployment: str) -> None: ...

    def pods(self, namespace: str, deployment: str) -> Sequence[str]: ...

    def remove_lease(self, namespace: str, name: str) -> None: ...

    def remove_halt(self, namespace: str, name: str) -> None: ...


class RecordsPort(Protocol):
    """The records of the fleet."""

    def all(self) -> Sequence[Kept]: ...

    def clear(self) -> None: ...


class LeftoversPort(Protocol):
    """What faults keep beside their targets, and throw away once they are reverted."""

    def find(self) -> Sequence[str]:
        """Each that is there still, of this fleet, in words: where it is, whose it was, what to do with it by hand.

        Raises:
            PlatformError: nobody can say.
        """
        ...


@dataclass(frozen=True, slots=True)
class Leaving:
    """Takes one fleet away. It may be broken off and begun again at any step."""

    own: OwnPlaces
    port: HomePort
    records: RecordsPort
    salvage: Salvage
    leftovers: Sequence[LeftoversPort]
    clock: Clock

    def leave(self, deployments: Sequence[str], reason: str, seconds: float, told: Callable[[str], None]) -> None:
        """Halt; let the agent revert, then revert what is left; stop the ``deployments``, the agent's first and the
        undertaker's last; remove records, Lease and halt.

        Raises:
            Stays: something is held, kept or in doubt after ``seconds``: the fleet stays halted, its undertaker at
                work.
            PlatformError, RecordsError: nobody can say.
        """
        ends = self.clock.monotonic() + seconds
        first, last = deployments[:-1], deployments[-1:]
        if self.own.halt:
            self.port.halt(self.own.halt, self.own.configmap, reason)
            told("halted")
        self._until(lambda: not self._held(), self.clock.monotonic() + seconds * SHARE)
        self._stop(first, ends, told)
        self._revert(ends, told)
        self._stop(last, ends, told)
        self.records.clear()
        if self.own.lease:
            self.port.remove_lease(self.own.lease, f"simian-army-{self.own.fleet}")
        if self.own.halt:
            self.port.remove_halt(self.own.halt, self.own.configmap)
        told("records, Lease and halt are removed: nothing is left")

    def _held(self) -> list[Kept]:
        return [kept for kept in self.records.all() if not kept.ended]

    def _stop(self, deployments: Sequence[str], ends: float, told: Callable[[str], None]) -> None:
        """Those that make no pods any more are waited for: one that lives would make anew what is removed."""
        for name in deployments:
            self.port.stop(self.own.home, name)
            if not self._until(partial(self._gone, name), ends):
                left = ", ".join(self.port.pods(self.own.home, name))
                raise Stays(f"{name} was told to stop, and is there still: {left}; the fleet stays halted")
            told(f"{name} has stopped")

    def _gone(self, deployment: str) -> bool:
        return not self.port.pods(self.own.home, deployment)

    def _revert(self, ends: float, told: Callable[[str], None]) -> None:
        haul = self.salvage.find()
        left = self.salvage.revert(haul, max(0.0, ends - self.clock.monotonic()), lambda one: told(_words(one)))
        said = [f"{one.orphan.fault.kind} on {one.orphan.fault.target}: {one.proof.detail}" for one in left]
        way = [*said, *haul.doubts, *self._kept()]
        if way:
            raise Stays("\n  ".join(["the fleet stays halted, its undertaker at work:", *way]))

    def _kept(self) -> list[str]:
        try:
            return [words for one in self.leftovers for words in one.find()]
        except SimianError as error:
            return [f"what faults keep beside their targets cannot be looked for: {error}"]

    def _until(self, done: Callable[[], bool], ends: float) -> bool:
        while not done():
            if self.clock.monotonic() > ends:
                return False
            self.clock.wait(threading.Event(), PACE)
        return True


def _words(saved: Saved) -> str:
    orphan = saved.orphan
    return f"reverted {orphan.fault.kind} on {orphan.fault.target} (run {orphan.run.id}): {saved.proof.detail}"
