"""What waits for somebody's word before it strikes: which fault, until when, and how the word is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from typing import Any, NamedTuple

from simian_army.contract import Ledger
from simian_army.model import AuditEvent, Fault, Phase, Run, Target

APPROVE = "simian-army/approve"
"""The annotation on the target's namespace, or on a node itself: the ids of runs, commas or blanks between them."""

ANSWERED = frozenset({Phase.INTENDED, Phase.DENIED})
"""The phases after which a fault waits no more."""


LONGEST = timedelta(days=7)
"""For so long at most may something wait."""


class Place(NamedTuple):
    """The object that bears the word: its kind and name."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """Who let which runs strike: ``runs`` by id; ``by`` and ``at`` are what the server says wrote it and when, a hint
    and no proof, empty when it does not tell."""

    runs: frozenset[str]
    by: str = ""
    at: datetime | None = None

    def __str__(self) -> str:
        """``kubectl-annotate at 2026-03-04 12:00:05 UTC``."""
        when = f" at {self.at:%Y-%m-%d %H:%M:%S} UTC" if self.at else ""
        return f"{self.by or 'somebody'}{when}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One fault that all guards allowed and that waits for a word; its target is known by id, kind, name and scope."""

    run: Run
    fault: Fault
    until: datetime

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by in the ledger: run and target id."""
        return self.run.id, self.fault.target.id

    @property
    def place(self) -> Place:
        """Where the word is looked for."""
        return place_of(self.fault.target)

    @property
    def command(self) -> str:
        """What somebody types to let it strike."""
        kind, name = self.place
        return f"kubectl annotate --overwrite {kind} {quote(name)} {APPROVE}={self.run.id}"

    def told(self) -> dict[str, Any]:
        """For machines."""
        target = self.fault.target
        what = {"run": self.run.id, "monkey": self.run.entry, "target": str(target), "kind": self.fault.kind}
        return {**what, "until": self.until.isoformat(), "approve": self.command}


def place_of(target: Target) -> Place:
    """Its namespace; what stands in none bears the word itself."""
    return Place("namespace", target.scope) if target.scope else Place(target.kind, target.name)


def written(waiting: Waiting) -> dict[str, Any]:
    """What a PENDING event says of it, so that another process can go on."""
    run, fault, target = waiting.run, waiting.fault, waiting.fault.target
    return {
        "kind": fault.kind,
        "platform": target.platform,
        "strikes": target.kind,
        "name": target.name,
        "scope": target.scope,
        "group": target.group,
        "params": dict(fault.params),
        "hold": fault.hold.total_seconds(),
        "at": run.at.isoformat(),
        "seed": run.seed,
        "digest": run.digest,
        "until": waiting.until.isoformat(),
        "approve": waiting.command,
    }


def read(event: AuditEvent) -> Waiting:
    """The same again.

    Raises:
        KeyError, TypeError, ValueError: the event is not of that form.
    """
    data = event.data
    target = Target(
        data["platform"], data["strikes"], event.target, data["name"], data["scope"], data["group"], None, {}
    )
    run = Run(event.run, event.entry, datetime.fromisoformat(data["at"]), data["seed"], data["digest"])
    fault = Fault(data["kind"], target, data["params"], hold=timedelta(seconds=data["hold"]))
    return Waiting(run, fault, datetime.fromisoformat(data["until"]))


def answered(ledger: Ledger, runs: Iterable[str]) -> set[tuple[str, str]]:
    """Run and target id of everything in these runs that waits no more.

    Raises:
        LedgerError: it cannot be read.
    """
    events = (event for run in set(runs) for event in ledger.query(run=run))
    return {(event.run, event.target) for event in events if event.phase in ANSWERED}


def still(ledger: Ledger, events: Iterable[AuditEvent]) -> Sequence[Waiting]:
    """Those of these PENDING events that nobody answered yet, in order.

    Raises:
        LedgerError: it cannot be read.
    """
    asked = list(events)
    over = answered(ledger, (event.run for event in asked))
    return [read(event) for event in asked if (event.run, event.target) not in over]


def waits(ledger: Ledger, now: datetime) -> Sequence[Waiting]:
    """All that wait and may still be let strike, in order.

    Raises:
        LedgerError: it cannot be read.
    """
    asked = ledger.query(phase=Phase.PENDING, since=now - LONGEST)
    return [one for one in still(ledger, asked) if now < one.until]
