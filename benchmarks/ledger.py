"""What the ledger costs on each database: durable appends beside a plain insert there, reserving, verifying, asking."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
if str(Path(__file__).resolve().parent) in sys.path:
    sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import multiprocessing
import sqlite3
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import psycopg
from _pytest.outcomes import Failed, Skipped

from safety.budget import Budget
from safety.limits import Limits
from simian_army.audit.ledger import SqlLedger
from simian_army.audit.rows import canonical
from simian_army.model import AuditEvent, Fault, Halt, Phase, Scene, Target, Verdict
from simian_army.rates import Rate, Week
from simian_army.standing import Attempt
from tests.cluster.postgres import Postgres, binaries

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
KEY = b"the key of this benchmark"
ROWS = 10_000
SINGLE = 300
BATCH = 100
ROUNDS = 3
WEEK = Week(ZoneInfo("UTC"))
BUDGET = Budget(Limits(1000, per_day=Rate.per_day(100_000), per_group=1000, max_percent=100), WEEK)
Work = Callable[[int], object]
PROCESSES, EACH = 8, 40
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


class Plain(Protocol):
    """The same rows in a table with one index and no ledger: what is measured against."""

    def insert(self, events: Sequence[AuditEvent]) -> None:
        """Insert in one transaction, on the disk on return."""
        ...

    def select(self, run: str = "") -> list[Any]:
        """All rows, or those of one run."""
        ...


class Lite:
    """SQLite with the ledger's durability: WAL, and a sync at each commit."""

    def __init__(self, folder: Path) -> None:
        self._raw = sqlite3.connect(folder / "plain.db", isolation_level=None)
        self._raw.execute("PRAGMA journal_mode=WAL")
        self._raw.execute("PRAGMA synchronous=FULL")
        self._raw.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, run TEXT, data TEXT)")
        self._raw.execute("CREATE INDEX by_run ON events (run, seq)")

    def insert(self, events: Sequence[AuditEvent]) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        self._raw.executemany("INSERT INTO events (run, data) VALUES (?, ?)", _rows(events))
        self._raw.execute("COMMIT")

    def select(self, run: str = "") -> list[Any]:
        if not run:
            return self._raw.execute("SELECT * FROM events ORDER BY seq").fetchall()
        return self._raw.execute("SELECT * FROM events WHERE run = ?", (run,)).fetchall()


class Served:
    """PostgreSQL as the driver alone reaches it."""

    def __init__(self, url: str) -> None:
        self._raw = psycopg.connect(url)
        self._raw.execute("CREATE TABLE events (seq BIGSERIAL PRIMARY KEY, run TEXT, data TEXT)")
        self._raw.execute("CREATE INDEX by_run ON events (run, seq)")
        self._raw.commit()

    def insert(self, events: Sequence[AuditEvent]) -> None:
        with self._raw.cursor() as cursor:
            cursor.executemany("INSERT INTO events (run, data) VALUES (%s, %s)", _rows(events))
        self._raw.commit()

    def select(self, run: str = "") -> list[Any]:
        if not run:
            return self._raw.execute("SELECT * FROM events ORDER BY seq").fetchall()
        return self._raw.execute("SELECT * FROM events WHERE run = %s", (run,)).fetchall()


def _rows(events: Sequence[AuditEvent]) -> list[tuple[str, str]]:
    return [(one.run, canonical(dict(one.data))) for one in events]


@dataclass(frozen=True)
class Ground:
    """One database: what it is called, where the ledger is in it, and the plain table beside."""

    name: str
    url: str
    head: Path
    plain: Plain


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


def writing(ledger: SqlLedger, raw: Plain) -> float:
    one = each(lambda _: raw.insert([event()]), SINGLE)
    many = each(lambda _: raw.insert([event() for _ in range(BATCH)]), 10)
    append = each(lambda _: ledger.append(event()), SINGLE)
    line("plain insert, synced", one, one, "itself")
    line("append, synced, chained, anchored", append, one, "a plain insert")
    line("reserve, the budget asked inside", reserving(ledger, SINGLE // 3), one, "a plain insert")
    line(f"plain insert of {BATCH} in one transaction", many, many, "itself", BATCH)
    batch = each(lambda _: ledger.append(*(event() for _ in range(BATCH))), 10)
    line(f"append of {BATCH} in one transaction", batch, many, "a plain insert", BATCH)
    return append


def reading(ledger: SqlLedger, raw: Plain) -> None:
    """Both stores filled up to the same number of rows and then read."""
    rows = ledger.last_seq()
    raw.insert([event() for _ in range(rows - len(raw.select()))])
    base = each(lambda _: raw.select(), 3)
    line(f"plain select of all {rows:,}", base, base, "itself", rows)
    line(f"verify {rows:,} rows", each(lambda _: ledger.verify(), 1), base, "a plain select", rows)
    line("query: all of them", each(lambda _: ledger.query(), 1), base, "a plain select", rows)
    runs = [f"run-{number:07}" for number in range(100)]
    few = each(lambda n: raw.select(runs[n]), 100)
    line("plain select of one run", few, few, "itself")
    line("query: one run", each(lambda n: ledger.query(run=runs[n]), 100), few, "a plain select")
    line("halted", each(lambda _: ledger.halted(), 100), few, "a plain select")
    line("last_seq", each(lambda _: ledger.last_seq(), 100), few, "a plain select")
    line("open_faults", each(lambda _: ledger.open_faults(), 3), few, "a plain select")
    line("attempts of a week", each(lambda _: ledger.attempts(NOW - timedelta(days=7)), 3), few, "a plain select")


def one_of_many(url: str, head: Path, number: int, start: Any) -> None:
    """Reserve and end, again and again, once everybody is ready."""
    with SqlLedger.open(url, KEY, head=head) as ledger:
        start.wait()
        for turn in range(EACH):
            at = NOW + timedelta(days=1, milliseconds=turn)
            name = f"{number}-{turn}"
            data = {"kind": "pod-evict", "name": name, "scope": "shop", "group": f"shop/Deployment/{name}"}
            intended = AuditEvent(at, name, Phase.INTENDED, "bench@here", "pods", name, leashed=False, data=data)
            written, denied = ledger.reserve(intended, partial(budgeted, intended))
            if written is None:
                raise SystemExit(f"the budget said no, so nothing was measured: {denied}")
            ledger.append(end(intended))


def crowding(ground: Ground) -> float:
    """Seconds for one reserve and its end, while several processes do nothing else."""
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(PROCESSES + 1)
    asked = [
        spawn.Process(target=one_of_many, args=(ground.url, ground.head, number, start)) for number in range(PROCESSES)
    ]
    for process in asked:
        process.start()
    start.wait(60)
    begun = perf_counter()
    for process in asked:
        process.join()
    if any(process.exitcode for process in asked):
        raise SystemExit("one of the processes broke, so nothing was measured")
    return (perf_counter() - begun) / (PROCESSES * EACH)


def measured(ground: Ground) -> float:
    """Print what one database costs; seconds for one append."""
    print(f" {ground.name}")
    with SqlLedger.open(ground.url, KEY, head=ground.head) as ledger:
        # a fleet of some age: 100 faults in the last week, all of them over
        past = [event(Phase.INTENDED) for _ in range(100)]
        ledger.append(*past, *(end(begun) for begun in past))
        append = writing(ledger, ground.plain)
        line(f"reserve and end, {PROCESSES} processes at once", crowding(ground), append, "an append alone")
        ledger.append(*(event() for _ in range(ROWS - ledger.last_seq())))
        reading(ledger, ground.plain)
        if ledger.verify():
            raise SystemExit("the chain is broken, so nothing was measured")
    return append


def grounds(folder: Path, closing: ExitStack) -> Iterator[Ground]:
    yield Ground("SQLite", f"sqlite:///{folder / 'ledger.db'}", folder / "ledger.db.head", Lite(folder))
    try:
        server = closing.enter_context(Postgres(binaries()))
    except (Failed, Skipped) as missing:
        print(f" PostgreSQL: {missing}")
        return
    yield Ground("PostgreSQL", server.database(), folder / "fleet.head", Served(server.database()))


def main() -> None:
    with TemporaryDirectory(prefix="simian-bench-") as name, ExitStack() as closing:
        appends = [measured(ground) for ground in grounds(Path(name), closing)]
    if len(appends) == 2:
        print(f" an append on PostgreSQL takes {appends[1] / appends[0]:.1f} x one on SQLite")


if __name__ == "__main__":
    main()
