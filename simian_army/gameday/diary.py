"""How far a game day is: what it has written into the ledger, and so what is left after a crash."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from simian_army.contract import Ledger
from simian_army.gameday.steps import Plan
from simian_army.model import AuditEvent, Phase, Run
from simian_army.records import Scribe
from simian_army.waiting import still

BEGUN, STEP, FIRED, ENDED, OVER = "begun", "step", "fired", "ended", "over"
"""What an event of a game day says: that the day, or one of its steps, is begun or has ended, or that all of a step's
faults are begun."""

DONE = "done"


@dataclass(slots=True)
class Page:
    """One step as the ledger tells of it. ``runs`` are its tries, the last one counts; ``state`` is empty until it has
    ended."""

    number: int
    begun: datetime | None = None
    ended: datetime | None = None
    runs: list[str] = field(default_factory=list)
    state: str = ""
    why: str = ""
    fired: bool = False

    @property
    def run(self) -> str:
        """The run that counts; empty while there is none."""
        return self.runs[-1] if self.runs else ""


@dataclass(slots=True)
class Day:
    """One game day: its steps by number, from 1; ``result`` is empty until it is over."""

    id: str
    digest: str
    file: str = ""
    by: str = ""
    begun: datetime | None = None
    ended: datetime | None = None
    pages: dict[int, Page] = field(default_factory=dict)
    result: str = ""
    why: str = ""
    resumed: int = 0

    def page(self, number: int) -> Page:
        """That of one step."""
        return self.pages.setdefault(number, Page(number))


@dataclass(frozen=True, slots=True)
class Diary:
    """Writes and reads game days."""

    ledger: Ledger
    scribe: Scribe

    def unfinished(self, plan: Plan) -> Day | None:
        """The last game day of that file, as it stands now, that was begun and is not over.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        days = days_of(self.ledger.query(phase=Phase.GAMEDAY))
        mine = [day for day in days if day.digest == plan.digest and not day.result]
        return self.read(mine[-1].id) if mine else None

    def read(self, day: str) -> Day:
        """One day, with the runs of its steps that an agent was asked for.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        (found,) = days_of(self.ledger.query(run=day, phase=Phase.GAMEDAY))
        asked = {
            event.seq: int(event.data["number"])
            for event in self.ledger.query(phase=Phase.REQUESTED, since=found.begun)
            if event.data.get("day") == day
        }
        for event in self.ledger.query(phase=Phase.FIRED, since=found.begun) if asked else ():
            number = asked.get(event.data.get("request") or 0)
            if number and event.run not in found.page(number).runs:
                found.page(number).runs.append(event.run)
        return found

    def begin(self, plan: Plan) -> Day:
        """Write down that the day begins."""
        at = self.scribe.clock.now()
        name = f"{plan.digest}/{self.scribe.actor}/{at.isoformat()}"
        day = "day-" + b32encode(sha256(name.encode()).digest()).decode().lower()[:10]
        self._note(day, BEGUN, name=plan.name, file=plan.file, digest=plan.digest, steps=len(plan.steps))
        return self.read(day)

    def again(self, day: Day) -> None:
        """Write down that the day goes on."""
        self._note(day.id, BEGUN, digest=day.digest, again=True)

    def step(self, day: Day, number: int, run: str = "") -> None:
        """Write down, before it is done, that a step begins; ``run`` as far as it is known."""
        self._note(day.id, STEP, number=number, firing=run)

    def fired(self, day: Day, number: int) -> None:
        """Write down that all faults of a step are begun."""
        self._note(day.id, FIRED, number=number)

    def ended(self, day: Day, number: int, state: str, why: str) -> None:
        """Write down how a step went."""
        self._note(day.id, ENDED, number=number, state=state, why=why)

    def over(self, day: Day, result: str, why: str) -> None:
        """Write down that the day is over."""
        self._note(day.id, OVER, result=result, why=why)

    def close(self, runs: Sequence[str], why: str) -> None:
        """Let nothing of these runs strike any more that waits for somebody's word."""
        for run in runs:
            for one in still(self.ledger, list(self.ledger.query(run=run, phase=Phase.PENDING))):
                said = {"kind": one.fault.kind, "reason": f"the game day: {why}", "verdicts": []}
                self.ledger.append(self.scribe.note(Phase.DENIED, one.run, one.fault.target, key="", **said))

    def _note(self, day: str, what: str, **said: Any) -> None:
        run = Run(day, "", self.scribe.clock.now(), "")
        self.ledger.append(self.scribe.note(Phase.GAMEDAY, run, what=what, **said))


def days_of(events: Iterable[AuditEvent]) -> list[Day]:
    """The days that these events tell of, in the order in which they were begun."""
    days: dict[str, Day] = {}
    for event in events:
        day = days.setdefault(event.run, Day(event.run, ""))
        _hear(day, event)
    return list(days.values())


def _hear(day: Day, event: AuditEvent) -> None:
    data = event.data
    match data.get("what"):
        case "begun":
            day.digest, day.begun = str(data.get("digest", "")), day.begun or event.at
            day.file, day.by = str(data.get("file", day.file)), day.by or event.actor
            day.resumed += bool(data.get("again"))
        case "step":
            page = day.page(int(data["number"]))
            page.begun, page.fired = event.at, False
            page.runs += [data["firing"]] if data.get("firing") else []
        case "fired":
            day.page(int(data["number"])).fired = True
        case "ended":
            page = day.page(int(data["number"]))
            page.ended, page.state, page.why = event.at, str(data["state"]), str(data.get("why", ""))
        case "over":
            day.result, day.why, day.ended = str(data["result"]), str(data.get("why", "")), event.at
