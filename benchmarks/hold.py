"""How long a halt takes that ends 1,000 held faults, beside 1,000 plain reverts in a loop; and a crash with as many."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import ClassVar

from simian_army.alarms import Alarms
from simian_army.audit.ledger import SqlLedger
from simian_army.clock import SystemClock
from simian_army.contract import FaultKind
from simian_army.estate import Estate
from simian_army.flights import Flights
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.keeper import Keeper
from simian_army.marks import sign
from simian_army.model import Evidence, Fault, Health, Json, Mark, Phase, Run, Selector, Target
from simian_army.orphans import Orphans
from simian_army.records import Held, Scribe, fault_json
from simian_army.recovery import Recovery
from simian_army.sweep import Sweep
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.relics import SignedRelics

FAULTS = 1000
HOLD = timedelta(hours=1)
KEY = b"the key of this benchmark"
CLOCK = SystemClock()
FLEET = "bench"


@dataclass(slots=True)
class Lever:
    """A fault kind on a platform that is a set of names; each revert takes ``answer`` seconds, as a request would."""

    answer: float
    pulled: set[str] = field(default_factory=set)
    name: ClassVar[str] = "lever"
    platform: ClassVar[str] = "bench"
    strikes: ClassVar[str] = "lever"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    restores: ClassVar[tuple[str, ...]] = ("pulled",)
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {"pulled": "whether it was pulled before"}
    permissions: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        return {"pulled": fault.target.id in self.pulled}

    def inject(self, fault: Fault, mark: Mark) -> None:
        del mark
        self.pulled.add(fault.target.id)

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(fault.target.id in self.pulled, "it is pulled")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del mark
        CLOCK.wait(threading.Event(), self.answer)
        self.pulled.discard(fault.target.id)
        return Evidence(holds=True, detail="it is back")


class Nobody:
    """No undertaker: the keeper alone is measured."""

    def ready(self) -> None:
        return

    def entrust(self, held: Held) -> None:
        del held

    def take_over(self, held: Held) -> None:
        del held

    def release(self, held: Held) -> None:
        del held

    def lost(self) -> str:
        return ""


def held(number: int) -> Held:
    target = Target("bench", "lever", f"lever-{number}", f"lever-{number}", "here", f"row-{number}", CLOCK.now(), {})
    fault = Fault("lever", target, undo={"pulled": False}, hold=HOLD)
    run = Run(f"run-{number}", "levers", CLOCK.now(), "seed")
    deadline = CLOCK.now() + HOLD
    return Held(run, fault, sign(KEY, FLEET, run.id, fault, deadline), deadline, CLOCK.monotonic() + HOLD.seconds)


def whole(target: Target) -> Health:
    return Health(whole=True, ready=1, wanted=1, detail=f"{target} is whole")


def signed(run: Run, fault: Fault, deadline: datetime) -> Mark:
    """The mark of a fault of the benchmark's fleet."""
    return sign(KEY, FLEET, run.id, fault, deadline)


@contextmanager
def kept(kind: Lever, faults: list[Held]) -> Iterator[tuple[Keeper, SqlLedger, Recovery]]:
    """A keeper over a real ledger in which all faults are written as injected; it holds none yet."""
    scribe = Scribe(CLOCK, "bench@here")
    with TemporaryDirectory(prefix="simian-bench-") as folder:
        with SqlLedger.open(f"sqlite:///{Path(folder) / 'ledger.db'}", KEY) as ledger:
            for phase in (Phase.INTENDED, Phase.INJECTED):
                notes = [
                    scribe.note(phase, one.run, one.fault.target, **fault_json(one.fault, one.end)) for one in faults
                ]
                ledger.append(*notes)
            for one in faults:
                kind.inject(one.fault, one.mark)
            kinds: dict[str, FaultKind] = {"lever": kind}
            halts = Halts([LedgerSource(ledger, scribe)], CLOCK)
            keeper = Keeper(kinds, ledger, scribe, CLOCK, lambda _held: "", whole, Nobody(), halts)
            orphans = Orphans(kinds, ledger, keeper, CLOCK, scribe, Alarms(ledger, scribe, CLOCK))
            relics = SignedRelics(KEY, FLEET, Folder(Path(folder) / "records"), CLOCK)
            recovery = Recovery(
                kinds,
                ledger,
                keeper,
                CLOCK,
                scribe,
                signed,
                Flights(),
                Estate(relics, orphans, ledger),
                Sweep({}, orphans, ledger, signed),
            )
            keeper.start()
            try:
                yield keeper, ledger, recovery
            finally:
                keeper.close()


def until_over(keeper: Keeper, begin: Callable[[], object]) -> float:
    """Seconds from ``begin`` to the moment when nothing is open any more."""
    start = perf_counter()
    begin()
    while keeper.open():
        CLOCK.wait(threading.Event(), 0.005)
    return perf_counter() - start


def halted(kind: Lever) -> float:
    """From the halt's row in the ledger to the last REVERTED."""
    faults = [held(number) for number in range(FAULTS)]
    with kept(kind, faults) as (keeper, ledger, _):
        for one in faults:
            keeper.hold(one)
        note = Scribe(CLOCK, "bench@here").note(Phase.HALTED, reason="a benchmark")
        took = until_over(keeper, lambda: ledger.append(note))
        left = len(kind.pulled) + len(ledger.open_faults())
        wrong = ledger.verify()
    if left or wrong:
        raise SystemExit(f"not everything was reverted and written: {left} left, {wrong}")
    return took


def crashed(kind: Lever) -> float:
    """From the look into the ledger to the last fault that a crash left being held again: one ADOPTED each."""
    with kept(kind, [held(number) for number in range(FAULTS)]) as (_, _, recovery):
        start = perf_counter()
        taken = recovery.recover()
        took = perf_counter() - start
    if taken != FAULTS:
        raise SystemExit(f"only {taken} of {FAULTS} were taken up")
    return took


def looped(kind: Lever) -> float:
    """The same reverts one after another, with no keeper and no ledger."""
    faults = [held(number) for number in range(FAULTS)]
    start = perf_counter()
    for one in faults:
        kind.revert(one.fault, one.mark)
    return perf_counter() - start


def main() -> None:
    print(f"{FAULTS:,} held faults")
    for answer in (0.0, 0.005, 0.02):
        plain, took = looped(Lever(answer)), halted(Lever(answer))
        words = f"a revert of {answer * 1e3:.0f} ms"
        print(
            f"  {words:20} halt to the last proof {took:6.2f} s = {took / FAULTS * 1e3:5.2f} ms each,"
            f" in a loop {plain:6.2f} s, {took / plain:6.2f} x the loop"
        )
    print(f"  after a crash        all held again in  {crashed(Lever(0.0)):6.2f} s")


if __name__ == "__main__":
    main()
