"""How long 1,000 held faults take from the halt to the last one proved reverted, beside a plain loop of reverts."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import resource
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.parts.grounds import GROUNDS, Ground
from benchmarks.parts.keeping import KEY, SCRIBE, held, keeping, until_over
from benchmarks.parts.lever import CLOCK, Lever, levers
from simian_army.model import Phase
from simian_army.records import Held
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.record import Record, to_text
from simian_army.undertaker.service import Undertaker
from simian_army.undertaker.trust import Trust

FAULTS, ENTRUSTED = 1000, 30
HEAD = f"{'held faults, all halted at once':34} {'faults':>6} {'p50':>7} {'p99':>7} {'last':>7} {'over':>7}"


def injected(ground: Ground) -> list[Held]:
    """A fault on every target, as it would be held; begun eight at a time."""

    def inject(numbered: tuple[int, object]) -> Held:
        number = numbered[0]
        one = held(ground.kind, ground.targets[number], number)
        ground.kind.inject(one.fault, one.mark)
        return one

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(inject, enumerate(ground.targets)))


def halted(ground: Ground) -> None:
    """From the halt's row in the ledger to the last REVERTED; then the same reverts in a loop."""
    faults = injected(ground)

    def objection(one: Held) -> str:
        return "" if ground.platform.read(one.fault.target) else "the target is gone"

    with keeping(ground.kind, faults, objection=objection) as at:
        for one in faults:
            at.keeper.hold(one)
        CLOCK.wait(threading.Event(), 3.0)  # it looks at all of them meanwhile, as it always does
        before, halt = memory(), SCRIBE.note(Phase.HALTED, reason="a benchmark")
        over = until_over(at, lambda: at.ledger.append(halt))
        ends = [(event.at - halt.at).total_seconds() for event in at.ledger.query(phase=Phase.REVERTED)]
        took = sorted(ends)
    must_be_clean(ground, faults, took)
    peak, plain = memory(), looped(ground)
    count = len(faults)
    print(
        f"{ground.words:34} {count:6,} {took[count // 2]:5.2f} s {took[count * 99 // 100]:5.2f} s {took[-1]:5.2f} s"
        f" {over:5.2f} s {plain:6.2f} s {over / plain:5.2f} x {before:5.0f} {peak:5.0f} MB"
        f"{judged(ground, count, over)}"
    )


def judged(ground: Ground, count: int, over: float) -> str:
    """Whether the goal for 1,000 is met."""
    if not ground.goal or count < FAULTS:
        return ""
    return f"  goal {ground.goal:g} s: {'met' if over <= ground.goal else 'MISSED'}"


def must_be_clean(ground: Ground, faults: Sequence[Held], took: Sequence[float]) -> None:
    left = sum(1 for _ in ground.platform.marked())
    if left or len(took) != len(faults):
        raise SystemExit(f"{ground.words}: {left} marks are left, {len(took)} of {len(faults)} were told as reverted")


def looped(ground: Ground) -> float:
    """The same reverts one after another, with no keeper, no ledger and no records."""
    faults = injected(ground)
    start = perf_counter()
    proofs = [ground.kind.revert(one.fault, one.mark) for one in faults]
    took = perf_counter() - start
    if not all(proof.holds for proof in proofs):
        raise SystemExit(f"{ground.words}: the plain loop did not revert everything")
    return took


def memory() -> float:
    """The most that this process had in memory so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def crashed(count: int) -> float:
    """Seconds in which a new process takes up again what a crash left held: one ADOPTED each."""
    kind = Lever()
    faults = [held(kind, target, number) for number, target in enumerate(levers(count))]
    with keeping(kind, faults) as at:
        start = perf_counter()
        taken = at.recovery.recover()
        took = perf_counter() - start
    if taken != count:
        raise SystemExit(f"only {taken} of {count} were taken up")
    return took


def entrusted(others: int) -> float:
    """Median seconds that an injection waits for the undertaker's word, while it looks after ``others`` already."""
    kind, took = Lever(), list[float]()
    with TemporaryDirectory(prefix="simian-bench-") as folder:
        records = Folder(Path(folder))
        for number, target in enumerate(levers(others)):
            one = held(kind, target, number)
            record = Record(one.run, one.fault, one.mark, one.end)
            records.put(record.name, to_text(KEY, record))
        undertaker = Undertaker("bench", KEY, records, {"lever": kind}, CLOCK, stays=True)
        thread = threading.Thread(target=undertaker.run)
        thread.start()
        trust = Trust(KEY, records, CLOCK, lambda: None)
        trust.ready()
        while not all(one.acknowledged for one in records.all()):
            CLOCK.wait(threading.Event(), 0.1)
        for number, target in enumerate(levers(ENTRUSTED)):
            one = replace(held(kind, target, others + number))
            start = perf_counter()
            trust.entrust(one)
            took.append(perf_counter() - start)
        undertaker.stopping.set()
        thread.join()
        trust.stop()
    return sorted(took)[ENTRUSTED // 2]


def rest(count: int) -> None:
    print(f"after a crash, {count:,} held again in {crashed(count):.2f} s")
    for others in (0, count):
        each = entrusted(others)
        print(
            f"entrusting one fault while the undertaker has {others:5,}: {each:.2f} s"
            f" = {each * 1000 / 60:.1f} min for 1,000 one after another"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ground", nargs="?", choices=[*GROUNDS, "rest"], help="only this one, in this process")
    parser.add_argument("--faults", type=int, default=FAULTS)
    parser.add_argument("--embedded", action="store_true", help="even where real parts are built")
    said = parser.parse_args()
    if said.ground == "rest":
        rest(said.faults)
        return
    if said.ground:
        with GROUNDS[said.ground](said.faults, real=not said.embedded) as ground:
            halted(ground)
        return
    print(f"{HEAD} {'loop':>8} {'ratio':>7} {'held':>5} {'peak':>8}", flush=True)
    for name in [*GROUNDS, "rest"]:  # each in a process of its own: its memory is its own too
        words = [sys.executable, __file__, name, "--faults", str(said.faults)]
        subprocess.run([*words, *(["--embedded"] if said.embedded else [])], check=True)


if __name__ == "__main__":
    main()
