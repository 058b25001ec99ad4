"""A game day's course: step after step, until one does not go as expected or somebody ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from simian_army.clock import Clock
from simian_army.errors import LedgerError, PlatformError, SimianError
from simian_army.gameday.diary import DONE, Day, Diary, Page
from simian_army.gameday.steps import Plan, Step
from simian_army.gameday.tale import Tale, told, wrong
from simian_army.model import AuditEvent

WAIT = 0.2  # seconds between two looks at what a step came to
INTERRUPTED, FAILED = "interrupted", "failed"


class Hand(Protocol):
    """Who acts a step out: this process as the leader, or the agent that leads."""

    def strike(self, step: Step, day: Day, number: int) -> None:
        """Have the step begin, written into the diary first; returns when its firing is over.

        Raises:
            SimianError: it cannot be; nothing was done.
        """
        ...

    def look(self) -> None:
        """Look after what waits for somebody's word, if nobody else does; called again and again."""
        ...

    def revert(self, runs: list[str], why: str) -> list[str]:
        """Have these runs' faults reverted, and wait for it; the runs of which something is still held."""
        ...


@dataclass(slots=True)
class Course:
    """Takes one game day through its steps. ``say`` hears of each event of its runs, ``announce`` of each step."""

    plan: Plan
    diary: Diary
    hand: Hand
    clock: Clock
    stop: threading.Event
    announce: Callable[[str], None]
    say: Callable[[AuditEvent], None]
    _heard: dict[str, int] = field(default_factory=dict, init=False)
    _open: list[int] = field(default_factory=list, init=False)

    def run(self, day: Day) -> Day:
        """Go on with the day until it is over; what it holds is reverted first if it is not done.

        Raises:
            LedgerError: what happens can not be written down.
        """
        result, why = self._steps(day)
        if result != DONE:
            for number in self._open:
                self.diary.ended(day, number, INTERRUPTED, "the day was ended before its time")
            left = self._revert(day, why)
            why += f"; still held: {', '.join(left)}" if left else ""
        self.diary.over(day, result, why)
        return self.diary.read(day.id)

    def give_up(self, day: Day, why: str) -> None:
        """Revert what a day holds that was broken off, and go on with it no more."""
        left = self._revert(day, why)
        self.diary.over(day, "given up", why + (f"; still held: {', '.join(left)}" if left else ""))

    def tale(self, page: Page) -> Tale:
        """What the ledger tells of a step."""
        if not page.run:
            return Tale()
        return told(self.diary.ledger.query(run=page.run), said=page.fired)

    def _steps(self, day: Day) -> tuple[str, str]:
        for number, step in enumerate(self.plan.steps, 1):
            page = day.page(number)
            if page.state == DONE:
                self.announce(f"step {number}: {step.name or step.what} was done before")
                continue
            trouble = self._step(day, number, step) or self._ended(day)
            if trouble:
                return trouble
            if self._pause(number, step):
                return INTERRUPTED, f"ended in the pause after step {number}"
        return self._settle(day) or (DONE, "every step went as expected")

    def _step(self, day: Day, number: int, step: Step) -> tuple[str, str] | None:
        """Act one step out; what is wrong, if anything."""
        if self.stop.is_set():
            return INTERRUPTED, f"ended before step {number}"
        try:
            if not self._begun_before(day, number):
                hold = f", held for {step.hold.total_seconds():g} s" if step.hold else ""
                name = f"{step.name} ({step.what}{hold})" if step.name else f"{step.what}{hold}"
                self.announce(f"step {number} of {len(self.plan.steps)}: {name}")
                self.hand.strike(step, day, number)
        except LedgerError:
            raise
        except SimianError as error:
            return self._close(day, number, FAILED, str(error))
        page = day.pages[number] = self.diary.read(day.id).page(number)
        self._tell(page)
        if not step.overlap:
            return self._await(day, number)
        self._open.append(number)
        return None

    def _begun_before(self, day: Day, number: int) -> bool:
        """Whether a process before us began the step and its faults are held to their end, or were."""
        page = day.page(number)
        if page.begun is None:
            return False
        if not self.tale(page).cut_short:
            self.announce(f"step {number} was begun before: waiting for its end")
            return True
        left = self._revert(day, "its step is begun again", page.runs)
        if left:
            raise PlatformError(f"run {', '.join(left)} could not be reverted: `simian status` tells of it")
        self.announce(f"step {number} was begun before and cut short: once more")
        return False

    def _await(self, day: Day, number: int) -> tuple[str, str] | None:
        """Wait for the end of a step and say how it went; what is wrong, if anything."""
        page, step = day.page(number), self.plan.steps[number - 1]
        while not (tale := self.tale(page)).over:
            if self.clock.wait(self.stop, WAIT):
                return self._close(day, number, INTERRUPTED, f"ended in step {number}")
            self.hand.look()
            self._tell(page)
        self._tell(page)
        word, why = wrong(tale, step.expect)
        return self._close(day, number, word or DONE, why)

    def _close(self, day: Day, number: int, state: str, why: str) -> tuple[str, str] | None:
        page = day.page(number)
        self.diary.ended(day, number, state, why)
        page.state, page.why = state, why
        self.announce(f"step {number}: {state}{f': {why}' if why else ''}")
        return None if state == DONE else (state, f"step {number}: {why}")

    def _ended(self, day: Day) -> tuple[str, str] | None:
        """Close the steps that overlap others and have come to their end; the first that went wrong."""
        for number in list(self._open):
            if self.tale(day.page(number)).over:
                self._open.remove(number)
                if trouble := self._await(day, number):
                    return trouble
        return None

    def _settle(self, day: Day) -> tuple[str, str] | None:
        while self._open:
            if trouble := self._await(day, self._open.pop(0)):
                return trouble
        return None

    def _pause(self, number: int, step: Step) -> bool:
        """Wait before the next step; True when somebody ended the day meanwhile."""
        if number == len(self.plan.steps) or not step.pause:
            return False
        self.announce(f"a pause of {step.pause.total_seconds():g} s")
        return self.clock.wait(self.stop, step.pause.total_seconds())

    def _revert(self, day: Day, why: str, runs: Sequence[str] = ()) -> list[str]:
        """Revert what these runs, or all of the day, hold; the runs of which something is held still."""
        runs = runs or [run for page in self.diary.read(day.id).pages.values() for run in page.runs]
        self.diary.close(runs, why)
        held = {event.run for event, _ in self.diary.ledger.open_faults()} & set(runs)
        if not held:
            return []
        self.announce("reverting what is held ...")
        return self.hand.revert(sorted(held), why)

    def _tell(self, page: Page) -> None:
        after = self._heard.get(page.run, 0)
        for event in list(self.diary.ledger.query(run=page.run, after=after)) if page.run else ():
            self._heard[page.run] = event.seq
            self.say(event)
