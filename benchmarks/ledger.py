"""What the ledger costs: durable appends beside a plain SQLite insert, reserving, verifying and asking."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))

import sqlite3
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from tempfile import TemporaryDirectory
from time import perf_counter

from safety.budget import Budget
from simian_army.audit.ledger import SqlLedger
from simian_army.audit.rows import canonical
from simian_army.model import Attempt, AuditEvent, Fault, Halt, Phase, Scene, Target, Verdict

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
KEY = b"the key of this benchmark"
ROWS = 10_000
SINGLE = 300
BATCH = 100
ROUNDS = 3
BUDGET = Budget(1000, 100_000, 1000, 100, timedelta(0))
Work = Callable[[int], object]
_numbers = count()


def event(phase: Phase = Phase.OBSERVED) -> AuditEvent:
    """One event of a fault, with about as much to say as a real one; no two are of the same run and target."""
    number = next(_numbers)
    verdicts = [{"guard": f"guard-{n}", "allowed": True, "reason": "nothing speaks against it"} for n in range(8)]
    data = {
        "kind": "pod-evict",
        "name": f"web-{number}",
        "scope": f"shop-{number % 50}",
        "group": f"shop-{number % 50}/Deployment/web-{number % 500}",
        "target": {"platform": "kubernetes", "kind": "pod", "name": f"pod shop-{number % 50}/web-{number}"},
        "undo": None,
        "verdicts": verdicts,
    }
    at = NOW + timedelta(milliseconds=number)
    run, target = f"run-{number // 4:07}", f"uid-{number:08}"
    return AuditEvent(at, run, phase, "bench@here", "pods", target, leashed=False, config="0" * 64, data=data)


def end(begun: AuditEvent) -> AuditEvent:
    """What says that a fault is over."""
    return AuditEvent(begun.at, begun.run, Phase.CLOSED, begun.actor, begun.entry, begun.target, leashed=False)


def plain(folder: Path) -> sqlite3.Connection:
    """A table with one index and the ledger's durability: WAL, and a sync at each commit."""
    raw = sqlite3.connect(folder / "plain.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, run TEXT, data TEXT)")
    raw.execute("CREATE INDEX by_run ON events (run, seq)")
    return raw


def insert(raw: sqlite3.Connection, events: Sequence[AuditEvent]) -> None:
    rows = [(one.run, canonical(dict(one.data))) for one in events]
    raw.execute("BEGIN IMMEDIATE")
    raw.executemany("INSERT INTO events (run, data) VALUES (?, ?)", rows)
    raw.execute("COMMIT")


def each(work: Work, times: int, after: Work = lambda _: None) -> float:
    """Seconds for one piece of work, the median of some rounds; what comes ``after`` each is not counted."""
    found = []
    for _ in range(ROUNDS):
        took = 0.0
        for number in range(times):
            start = perf_counter()
            work(number)
            took += perf_counter() - start
            after(number)
        found.append(took / times)
    return statistics.median(found)


def budgeted(intended: AuditEvent, recent: Sequence[Attempt], halt: Halt | None) -> Sequence[Verdict]:
    data = intended.data
    name, scope = str(data["name"]), str(data["scope"])
    target = Target("kubernetes", "pod", intended.target, name, scope, str(data["group"]), NOW, {})
    scene = Scene(intended.at, "shop", "chaos", "pods", Fault("pod-evict", target), [target], recent, halt=halt)
    return [BUDGET(scene)]


def reserving(ledger: SqlLedger, times: int) -> float:
    """Seconds for one reserve; each fault is over before the next begins, as no fleet has hundreds open."""
    begun = [event(Phase.INTENDED) for _ in range(times * ROUNDS)]
    made: list[AuditEvent] = []

    def reserve(_: int) -> None:
        intended = begun[len(made)]
        written, denied = ledger.reserve(intended, partial(budgeted, intended))
        if written is None:
            raise SystemExit(f"the budget said no, so nothing was measured: {denied}")
        made.append(written)

    return each(reserve, times, lambda _: ledger.append(end(made[-1])))


def line(what: str, seconds: float, base: float, beside: str, pieces: int = 1) -> None:
    rate = f"{pieces / seconds:,.0f} a second"
    print(f"  {what:44} {seconds * 1e3:9.2f} ms {rate:>20}   {seconds / base:7.1f} x {beside}")


def writing(ledger: SqlLedger, raw: sqlite3.Connection) -> None:
    one = each(lambda _: insert(raw, [event()]), SINGLE)
    many = each(lambda _: insert(raw, [event() for _ in range(BATCH)]), 10)
    line("plain insert, synced", one, one, "itself")
    line("append, synced, chained, anchored", each(lambda _: ledger.append(event()), SINGLE), one, "a plain insert")
    line("reserve, the budget asked inside", reserving(ledger, SINGLE // 3), one, "a plain insert")
    line(f"plain insert of {BATCH} in one transaction", many, many, "itself", BATCH)
    batch = each(lambda _: ledger.append(*(event() for _ in range(BATCH))), 10)
    line(f"append of {BATCH} in one transaction", batch, many, "a plain insert", BATCH)


def reading(ledger: SqlLedger, raw: sqlite3.Connection) -> None:
    """Both stores filled up to the same number of rows and then read."""
    rows = ledger.last_seq()
    insert(raw, [event() for _ in range(rows - int(raw.execute("SELECT count(*) FROM events").fetchone()[0]))])
    base = each(lambda _: raw.execute("SELECT * FROM events ORDER BY seq").fetchall(), 3)
    line(f"plain select of all {rows:,}", base, base, "itself", rows)
    line(f"verify {rows:,} rows", each(lambda _: ledger.verify(), 1), base, "a plain select", rows)
    line("query: all of them", each(lambda _: ledger.query(), 1), base, "a plain select", rows)
    runs = [f"run-{number:07}" for number in range(100)]
    few = each(lambda n: raw.execute("SELECT * FROM events WHERE run = ?", (runs[n],)).fetchall(), 100)
    line("plain select of one run", few, few, "itself")
    line("query: one run", each(lambda n: ledger.query(run=runs[n]), 100), few, "a plain select")
    line("halted", each(lambda _: ledger.halted(), 100), few, "a plain select")
    line("last_seq", each(lambda _: ledger.last_seq(), 100), few, "a plain select")
    line("open_faults", each(lambda _: ledger.open_faults(), 3), few, "a plain select")
    line("attempts of a week", each(lambda _: ledger.attempts(NOW - timedelta(days=7)), 3), few, "a plain select")


def main() -> None:
    with TemporaryDirectory(prefix="simian-bench-") as name:
        folder = Path(name)
        raw = plain(folder)
        with SqlLedger.open(f"sqlite:///{folder / 'ledger.db'}", KEY) as ledger:
            # a fleet of some age: 100 faults in the last week, all of them over
            past = [event(Phase.INTENDED) for _ in range(100)]
            ledger.append(*past, *(end(begun) for begun in past))
            writing(ledger, raw)
            ledger.append(*(event() for _ in range(ROWS - ledger.last_seq())))
            reading(ledger, raw)
        raw.close()


if __name__ == "__main__":
    main()
