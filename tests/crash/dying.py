"""A process that carries one firing through the real house and dies, as by SIGKILL, at the point it is told.

Whatever the kind and the platform, the real ledger, trustee, records, fault kind and port are at work, each inside a shell that may die.
With ``wakes`` it starts its own undertaker, as agents do; else it relies on one that is there.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from simian_army import wiring
from simian_army.contract import FaultKind, Recheck
from simian_army.extras import Wholesale
from simian_army.model import ENDS, AuditEvent, Evidence, Fault, Mark, Phase, Verdict
from simian_army.records import Held
from simian_army.undertaker.trust import Trust
from tests.crash.requests import on_write

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECONDS = 30
TOLD = {Phase.INJECTED: "injected", Phase.OBSERVED: "observed", Phase.NO_EFFECT: "observed"}
TOLD |= dict.fromkeys(ENDS - {Phase.DENIED}, "told")  # those drawn before it may have been refused


@dataclass
class Fate:
    """Where it ends. ``act`` is what the agent is about, ``wrote`` whether a request of that was sent that writes.

    There is one fault, or one batch: nothing else of this process writes to a target meanwhile.
    """

    point: str
    act: str = ""
    wrote: bool = False

    def at(self, point: str) -> None:
        """Die if this is the point."""
        if point == self.point:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def acting(self, act: str) -> Iterator[None]:
        self.act, self.wrote = act, False
        yield
        self.act = ""

    def sent(self) -> None:
        """A request that writes has just left, by whichever thread."""
        if self.act:
            self.at(f"{self.act}-sent")
            self.wrote = True

    def answered(self) -> None:
        """The platform's port has just returned."""
        if self.act and self.wrote:
            self.at(f"mid-{self.act}")


class Shell:
    """The real one, whatever it is asked."""

    def __init__(self, real: Any, fate: Fate) -> None:
        self._real, self._fate = real, fate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class DyingLedger(Shell):
    """The points around what is made durable."""

    def reserve(
        self, intended: AuditEvent, recheck: Recheck, since: datetime
    ) -> tuple[AuditEvent | None, Sequence[Verdict]]:
        self._fate.at("before-intended")
        made: tuple[AuditEvent | None, Sequence[Verdict]] = self._real.reserve(intended, recheck, since)
        self._fate.at("after-intended")
        return made

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        names = [TOLD[event.phase] for event in events if event.phase in TOLD]
        for name in names:
            self._fate.at(f"before-{name}")
        made: tuple[AuditEvent, ...] = self._real.append(*events)
        for name in names:
            self._fate.at(f"after-{name}")
        return made


class DyingRecords(Shell):
    """The point between a record and its acknowledgement."""

    def put(self, name: str, text: str) -> None:
        self._real.put(name, text)
        self._fate.at("after-record")


class DyingTrustee(Shell):
    """The points around the record of a fault."""

    def entrust(self, held: Held) -> None:
        self._real.entrust(held)
        self._fate.at("after-entrusted")

    def release(self, held: Held) -> None:
        self._real.release(held)
        self._fate.at("after-released")


class DyingPort(Shell):
    """The point between two requests of one act: every call of the port that wrote is one."""

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        return self._watched(real) if callable(real) else real

    def _watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            answer = real(*args, **more)
            self._fate.answered()
            return answer

        return call


class DyingKind(Shell):
    """The points around the two acts."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        self._fate.at("before-inject")
        with self._fate.acting("inject"):
            self._real.inject(fault, mark)
        self._fate.at("after-inject")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        self._fate.at("before-revert")
        with self._fate.acting("revert"):
            proof: Evidence = self._real.revert(fault, mark)
        self._fate.at("after-revert")
        return proof


class DyingWholesale(DyingKind):
    """The same for a kind that undoes many at once."""

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> Sequence[Evidence]:
        self._fate.at("before-revert")
        with self._fate.acting("revert"):
            proofs: Sequence[Evidence] = self._real.revert_all(held)
        self._fate.at("after-revert")
        return proofs


def dying_kinds(house: wiring.House, fate: Fate) -> dict[str, FaultKind]:
    """Every kind again, made over a port that may die."""
    made: dict[str, FaultKind] = {}
    for name, kind in house.kinds.items():
        make = cast(Callable[[Any], FaultKind], type(kind))
        shell = DyingWholesale if isinstance(kind, Wholesale) else DyingKind
        made[name] = cast(FaultKind, shell(make(DyingPort(house.platforms[kind.platform], fate)), fate))
    return made


def nobody() -> None:
    """The undertaker is there already."""


def main(config: Path, entry: str, point: str, *more: str) -> None:
    """Live by this config and die at ``point``, one of points.py; ``more`` may be ``wakes``."""
    fate = Fate(point)
    on_write(fate.sent)
    with wiring.books(wiring.read_config(config)) as books:
        dying = replace(books, ledger=cast(Any, DyingLedger(books.ledger, fate)))
        with wiring.house(dying, wake=None if "wakes" in more else nobody) as house:
            books.lease.take()
            live(house, fate, entry)


def live(house: wiring.House, fate: Fate, entry: str) -> None:
    keeper, kinds = house.keeper, dying_kinds(house, fate)
    trust = cast(Trust, keeper.trustee)
    trust.records = cast(Any, DyingRecords(trust.records, fate))
    keeper.trustee, keeper.kinds = DyingTrustee(trust, fate), kinds
    engine = replace(house.engine, judge=replace(house.engine.judge, kinds=kinds))
    outcome = engine.fire(house.entries[entry], AT)
    fate.at("held")
    keeper.start()  # only now: it might have ended what is momentary before that point
    keeper.end("", "asked by the test")
    threading.Event().wait(SECONDS)
    sys.exit(f"it never came to {fate.point}: {outcome.summary()}")
