"""One of many processes that spend the same budget: it asks for faults at random, ends some, and tells every no."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from safety.budget import Budget
from safety.limits import Limits
from simian_army.audit.ledger import SqlLedger
from simian_army.model import AuditEvent, Fault, Halt, Phase, Run, Scene, Target, Verdict
from simian_army.rates import Rate, Week, WorkingDays
from simian_army.records import Scribe, fault_json
from simian_army.standing import PLACES, Attempt

BEGIN = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
TURN = timedelta(minutes=7)  # what passes from try to try, in every process
TRIES = 60
WEEK = Week(ZoneInfo("UTC"))
FLEET = Limits(
    concurrent=6,
    per_hour=10,
    per_day=Rate(22, timedelta(days=1)),
    per_group=2,
    per_namespace=3,
    per_node=2,
    per_zone=3,
    per_region=4,
    max_percent=40,
    max_percent_namespace=30,
    cooldown=timedelta(minutes=10),
)
OWN = {
    "late": Limits(per_day=Rate.per_day("1/3"), cooldown=WorkingDays(1)),
    "pods": Limits(concurrent=3, per_zone=1, per_group=1),
}
BUDGET = Budget(FLEET, WEEK, OWN)
NAMESPACES, GROUPS, MEMBERS = 3, 2, 5


def targets() -> list[Target]:
    """The pods of six workloads in three namespaces, on seven nodes in three zones of two regions."""
    return [_pod(scope, group, number) for scope in range(NAMESPACES) for group in range(GROUPS) for number in range(5)]


def scene(target: Target, entry: str, now: datetime, recent: Sequence[Attempt]) -> Scene:
    """What the guard is shown when this monkey draws it."""
    peers = tuple(one for one in targets() if one.group == target.group)
    fault = Fault("pod-evict", target)
    return Scene(now, "fleet", "chaos", entry, fault, peers=peers, recent=recent, crowd=GROUPS * MEMBERS)


def _pod(scope: int, group: int, number: int) -> Target:
    node = (scope * 3 + group * 5 + number) % 7
    places = {"node": [f"n{node}"], "zone": [f"z{node % 3}"], "region": [f"r{node % 3 % 2}"]}
    name, place = f"w{group}-{number}", f"s{scope}"
    owner = f"{place}/Deployment/w{group}"
    return Target("kubernetes", "pod", f"{place}/{name}", name, place, owner, None, {}, (), {PLACES: places}, True)


class Spender:
    """Asks the ledger of this process."""

    def __init__(self, ledger: SqlLedger, name: str, week: int) -> None:
        self.ledger, self.name, self.at = ledger, f"{name}-{week}", BEGIN + timedelta(weeks=week)
        self.rng = Random(self.name)
        self.open: list[AuditEvent] = []

    def now(self) -> datetime:
        """The time of this process: others may be some turns ahead."""
        return self.at

    def monotonic(self) -> float:
        raise AssertionError("nobody asks")

    def wait(self, *_: object) -> bool:
        raise AssertionError("nobody waits")

    def spend(self, number: int) -> None:
        """Ask for one fault, and end one of ours now and then."""
        self.at += TURN
        target, entry = self.rng.choice(targets()), self.rng.choice(["pods", "pods", "late", "more"])
        run = Run(f"{self.name}-{number}", entry, BEGIN, "seed")
        scribe = Scribe(self, self.name)
        event = scribe.note(Phase.INTENDED, run, target, **fault_json(Fault("pod-evict", target), BEGIN))

        def recheck(recent: Sequence[Attempt], halt: Halt | None) -> Sequence[Verdict]:
            del halt
            return [BUDGET(scene(target, entry, event.at, recent))]

        written, denied = self.ledger.reserve(event, recheck, BUDGET.looks_back_to(event.at))
        for verdict in denied:
            print(verdict.reason, flush=True)
        if written is not None:
            self.open.append(written)
        if self.open and self.rng.random() < 0.15:
            self._end(self.open.pop(0))

    def end(self) -> None:
        """End all that is open."""
        while self.open:
            self._end(self.open.pop())

    def _end(self, event: AuditEvent) -> None:
        over = replace(event, phase=Phase.REVERTED, at=self.now(), key="", data={}, seq=0)
        self.ledger.append(over)


def main(url: str, head: str, name: str, week: str) -> None:
    """Be ready, wait for the word, and spend."""
    with SqlLedger.open(url, b"the key of these tests", head=Path(head)) as ledger:
        print("ready", flush=True)
        sys.stdin.readline()
        spender = Spender(ledger, name, int(week))
        for number in range(TRIES):
            spender.spend(number)
        spender.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
