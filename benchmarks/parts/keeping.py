"""A keeper over a real ledger and real records, which holds any number of faults: what the benchmarks stop."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.parts.lever import CLOCK, Nobody, whole
from simian_army.alarms import Alarms
from simian_army.audit.ledger import SqlLedger
from simian_army.contract import FaultKind
from simian_army.estate import Estate
from simian_army.flights import Flights
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.keeper import Keeper
from simian_army.marks import sign
from simian_army.model import Fault, Mark, Phase, Run, Target
from simian_army.orphans import Orphans
from simian_army.records import Held, Scribe, fault_json
from simian_army.recovery import Recovery
from simian_army.stopping import Halting
from simian_army.sweep import Sweep
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.record import Record, name_of, to_text
from simian_army.undertaker.relics import SignedRelics

HOLD = timedelta(hours=1)
KEY, FLEET = b"the key of this benchmark", "bench"
SCRIBE = Scribe(CLOCK, "bench@here")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What there is of an agent."""

    keeper: Keeper
    ledger: SqlLedger
    recovery: Recovery
    records: Folder


def held(kind: FaultKind, target: Target, number: int) -> Held:
    """A fault on the target, in a run of its own, as it is before it is injected."""
    fault = Fault(kind.name, target, hold=HOLD)
    fault = replace(fault, undo=kind.prepare(fault))
    run = Run(base64.b32encode((number << 6).to_bytes(7)).decode().lower()[:10], "bench", CLOCK.now(), "seed")
    end = CLOCK.now() + HOLD
    return Held(run, fault, signed(run, fault, end), end, CLOCK.monotonic() + HOLD.total_seconds())


def signed(run: Run, fault: Fault, deadline: datetime) -> Mark:
    """The mark of a fault of the benchmark's fleet."""
    return sign(KEY, FLEET, run.id, fault, deadline)


@contextmanager
def keeping(
    kind: FaultKind,
    faults: Sequence[Held],
    halting: Callable[[SqlLedger], Halting] = lambda ledger: Halts([LedgerSource(ledger, SCRIBE)], CLOCK),
    objection: Callable[[Held], str] = lambda _: "",
) -> Iterator[Keeping]:
    """A keeper that runs; all the faults are in its ledger as injected, and have records, but it holds none yet."""
    with TemporaryDirectory(prefix="simian-bench-") as folder:
        records = Folder(Path(folder) / "records")
        with SqlLedger.open(f"sqlite:///{Path(folder) / 'ledger.db'}", KEY) as ledger:
            _write(faults, ledger, records)
            kinds = {kind.name: kind}
            nobody = Nobody(lambda one: records.drop(name_of(*one.key)))
            keeper = Keeper(kinds, ledger, SCRIBE, CLOCK, objection, whole, nobody, halting(ledger))
            orphans = Orphans(kinds, ledger, keeper, CLOCK, SCRIBE, Alarms(ledger, SCRIBE, CLOCK))
            estate = Estate(SignedRelics(KEY, FLEET, records, CLOCK), orphans, ledger)
            sweep = Sweep({}, orphans, ledger, signed)
            recovery = Recovery(kinds, ledger, keeper, CLOCK, SCRIBE, signed, Flights(), estate, sweep)
            keeper.start()
            try:
                yield Keeping(keeper, ledger, recovery, records)
            finally:
                keeper.close()


def until_over(at: Keeping, begin: Callable[[], object]) -> float:
    """Seconds from ``begin`` until nothing is open any more; then everything must be written, and whole."""
    start = perf_counter()
    begin()
    while at.keeper.open():
        CLOCK.wait(threading.Event(), 0.005)
    took = perf_counter() - start
    left, wrong = len(at.ledger.open_faults()) + len(at.records.all()), at.ledger.verify()
    if left or wrong:
        raise SystemExit(f"not everything was reverted and written: {left} left, {wrong}")
    return took


def _write(faults: Sequence[Held], ledger: SqlLedger, records: Folder) -> None:
    for phase in (Phase.INTENDED, Phase.INJECTED):
        ledger.append(
            *(SCRIBE.note(phase, one.run, one.fault.target, **fault_json(one.fault, one.end)) for one in faults)
        )
    for one in faults:
        record = Record(one.run, one.fault, one.mark, one.end)
        records.put(record.name, to_text(KEY, record))
