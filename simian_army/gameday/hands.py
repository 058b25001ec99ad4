"""By whose hand the steps of a game day are acted out: our own, as the leader, or the running agent's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from simian_army.agent import ANSWER
from simian_army.clock import Clock
from simian_army.contract import Entry, Ledger
from simian_army.engine import Engine
from simian_army.errors import Refused, UsageError
from simian_army.gameday.diary import Day, Diary
from simian_army.gameday.steps import Step
from simian_army.keeper import Keeper
from simian_army.model import AuditEvent, Phase
from simian_army.pending import EVERY
from simian_army.records import Scribe
from simian_army.whom import named

WAIT = 0.1  # seconds between two looks
GRACE = 60.0  # seconds for the last reverts


@dataclass(slots=True)
class Alone:
    """We are the leader. ``entry`` makes what strikes of a step, ``pending`` looks once after what waits for a word."""

    engine: Engine
    keeper: Keeper
    clock: Clock
    diary: Diary
    entry: Callable[[Step], Entry]
    pending: Callable[[], None]
    _looked: float = 0.0

    def look(self) -> None:
        if self.clock.monotonic() - self._looked >= EVERY:
            self._looked = self.clock.monotonic()
            self.pending()

    def strike(self, step: Step, day: Day, number: int) -> None:
        entry = self.entry(step)
        only = named(step.target, entry.find()).id if step.target else ""
        at = self.clock.now()
        self.diary.step(day, number, self.engine.run(entry, at).id)
        self.engine.fire(entry, at, only=only)
        self.diary.fired(day, number)

    def revert(self, runs: list[str], why: str) -> list[str]:
        for run in runs:
            self.keeper.end(run, f"the game day: {why}")
        _until(self.clock, lambda: not _held(self.keeper, runs), GRACE)
        return _held(self.keeper, runs)


@dataclass(frozen=True, slots=True)
class ByAgent:
    """An agent leads: each step is a durable request to it."""

    ledger: Ledger
    scribe: Scribe
    clock: Clock
    diary: Diary

    def look(self) -> None:
        """The agent does."""

    def strike(self, step: Step, day: Day, number: int) -> None:
        self.diary.step(day, number)
        reason = f"step {number} of {day.id}"
        asked = self.scribe.note(
            Phase.REQUESTED,
            verb="once",
            only=step.target,
            reason=reason,
            step=step.json(),
            day=day.id,
            number=number,
        )
        (request,) = self.ledger.append(replace(asked, entry=step.entry))
        # waited for even when somebody ends the day: what is then begun must be known, to be reverted
        if not _until(self.clock, lambda: any(self._about(request)), ANSWER.total_seconds()):
            raise UsageError(f"no answer in {ANSWER.seconds} s: is the agent alive? `simian status` tells")
        _until(self.clock, lambda: self._answer(request) is not None, GRACE)
        answer = self._answer(request)
        if answer is not None and answer.phase is Phase.SKIPPED and not answer.run:
            raise Refused(f"the agent did not: {answer.data.get('reason')}")

    def revert(self, runs: list[str], why: str) -> list[str]:
        for run in runs:
            self.ledger.append(
                self.scribe.note(Phase.REQUESTED, verb="revert", which=run, reason=f"the game day: {why}")
            )
        _until(self.clock, lambda: not self._left(runs), GRACE)
        return self._left(runs)

    def _about(self, request: AuditEvent) -> Iterable[AuditEvent]:
        return (event for event in self.ledger.query(after=request.seq) if event.data.get("request") == request.seq)

    def _answer(self, request: AuditEvent) -> AuditEvent | None:
        over = (Phase.CLOSED, Phase.SKIPPED)
        return next((event for event in self._about(request) if event.phase in over and not event.target), None)

    def _left(self, runs: list[str]) -> list[str]:
        """Whose faults are open that can be reverted: a momentary one is over when its group is whole."""
        opened = [event for event, _ in self.ledger.open_faults() if event.data.get("undo") is not None]
        return sorted({event.run for event in opened} & set(runs))


def _held(keeper: Keeper, runs: list[str]) -> list[str]:
    return sorted({run for run in runs if keeper.held(run)})


def _until(clock: Clock, done: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is so; False when it was not in that time."""
    limit, never = clock.monotonic() + seconds, threading.Event()
    while not done():
        if clock.monotonic() > limit:
            return False
        clock.wait(never, WAIT)
    return True
