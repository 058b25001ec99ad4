"""The verb gameday: act a file's steps out in order, by the running agent or by ourselves, and report."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.cli import once, show
from simian_army.errors import NotLeader, UsageError
from simian_army.gameday.day import INTERRUPTED, Course
from simian_army.gameday.diary import DONE, Day, Diary
from simian_army.gameday.hands import Alone, ByAgent
from simian_army.gameday.report import markdown, report
from simian_army.gameday.steps import Plan
from simian_army.model import AuditEvent

CODES = {DONE: 0, "refused": 3, "unknown": 4, INTERRUPTED: 130}
FAILED = 1
ANEW = "given up: begun anew with --restart"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed; ``report`` is the file that the report is written to besides."""

    file: Path
    restart: bool = False
    leashed: bool = False
    report: Path | None = None
    as_json: bool = False


def gameday(config: Path, wish: Wish) -> int:
    """Go through the file's steps, from where a crash broke them off if it did."""
    from config.gameday import load_gameday

    loaded = wiring.read_config(config)
    plan = load_gameday(wish.file, wiring.known(loaded))
    with wiring.books(loaded) as books, once.stops() as stop:
        with show.working("asking who leads ..."):
            led = books.lease.held_by_anyone()
        if led and wish.leashed:
            raise UsageError("an agent runs, and acts by its own config: a leashed game day needs it to be stopped")
        teller = _Teller(books, wish, plan, stop)
        return teller.by_agent() if led else teller.alone()


@dataclass(frozen=True, slots=True)
class _Teller:
    """One game day on open books."""

    books: wiring.Books
    wish: Wish
    plan: Plan
    stop: threading.Event

    @property
    def diary(self) -> Diary:
        return Diary(self.books.ledger, self.books.scribe)

    def by_agent(self) -> int:
        books = self.books
        return self._run(ByAgent(books.ledger, books.scribe, books.clock, self.diary))

    def alone(self) -> int:
        with wiring.house(self.books, leashed=self.wish.leashed) as house:
            wiring.must_know_the_place(house)
            if self.wish.restart or not self.diary.unfinished(self.plan):  # what was struck before may be gone by now
                wiring.must_find(house, self.plan)
            try:
                self.books.lease.take()
            except NotLeader as other:
                raise UsageError(f"{other}; try again: the agent will be asked") from other
            house.keeper.start()
            try:
                house.recovery.recover()
                entry = partial(wiring.entry_for, house)
                made = sorted((entry(step) for step in self.plan.steps), key=lambda one: one.hold, reverse=True)
                pending = replace(house.pending(), entries={**house.entries, **{one.name: one for one in made}}).again
                code = self._run(Alone(house.engine, house.keeper, self.books.clock, self.diary, entry, pending))
            finally:  # whatever broke: what is held is reverted before we go
                left = house.keeper.stop(once.GRACE, "the game day was ended")
        return FAILED if left else code

    def _run(self, hand: Alone | ByAgent) -> int:
        course = Course(self.plan, self.diary, hand, self.books.clock, self.stop, self._announce, self._line)
        day = course.run(self._day(course))
        said = report(self.plan, day, self.books.ledger, self.books.loaded.settings.fleet)
        self._report(said)
        return CODES.get(day.result, FAILED)

    def _day(self, course: Course) -> Day:
        before = self.diary.unfinished(self.plan)
        if before and not self.wish.restart:
            done = sum(page.state == DONE for page in before.pages.values())
            self._announce(f"{before.id} was broken off: going on, {done} of {len(self.plan.steps)} steps are done")
            self.diary.again(before)
            return before
        if before:
            course.give_up(before, ANEW)
        day = self.diary.begin(self.plan)
        self._announce(f"{day.id}: {self.plan.name}, {len(self.plan.steps)} steps; Ctrl-C reverts all")
        return day

    def _announce(self, words: str) -> None:
        if self.wish.as_json:
            show.err.print(words, markup=False)
        else:
            show.say(words, "bold")

    def _line(self, event: AuditEvent) -> None:
        if event.target and not self.wish.as_json:
            once.line(event)

    def _report(self, said: dict[str, Any]) -> None:
        if self.wish.as_json:
            show.dump(said)
        else:
            show.say(f"\n{markdown(said)}")
        if self.wish.report:
            text = json.dumps(said, indent=2) + "\n" if self.wish.report.suffix == ".json" else markdown(said)
            self.wish.report.write_text(text)
