"""Is what was done told to the ledger: once, in order, by whoever comes next, and marked late if it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.clock import SystemClock
from simian_army.contract import Ledger
from simian_army.errors import AlreadyThere, LedgerError
from simian_army.model import AuditEvent, Phase
from simian_army.sameness import key_of
from simian_army.teller import TURN, Teller
from tests.cluster.waiting import BUSY
from tests.simian_army.fakes import NOW

CLOCK = SystemClock()


def done(name: str, **data: object) -> AuditEvent:
    return AuditEvent(NOW, f"run-{name}", Phase.REVERTED, "test", target=name, leashed=False, data=data)


@dataclass
class Book:
    """A ledger whose answers go as told: ``away`` refuses, ``deaf`` writes and then says it did not."""

    events: list[AuditEvent] = field(default_factory=list)
    away: bool = False
    deaf: bool = False

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        if self.away:
            raise LedgerError("away")
        if {event.key for event in events} & {event.key for event in self.events}:
            raise AlreadyThere("there")
        self.events += events
        if self.deaf:
            raise LedgerError("no answer")
        return events

    def names(self) -> list[str]:
        return [event.target for event in self.events]


@dataclass
class Heap:
    """A spool in memory, which outlives its teller; ``full`` takes no more, ``stuck`` drops nothing."""

    events: list[AuditEvent] = field(default_factory=list)
    full: bool = False
    stuck: bool = False

    def waiting(self) -> bool:
        return bool(self.events)

    def add(self, *events: AuditEvent) -> None:
        if self.full:
            raise LedgerError("the disk is full")
        self.events += events

    def read(self) -> tuple[list[AuditEvent], int]:
        return list(self.events), len(self.events)

    def drop(self, size: int) -> None:
        if self.stuck:
            raise LedgerError("the disk is read-only")
        del self.events[:size]


def teller(book: Book, heap: Heap | None = None) -> Teller:
    return Teller(cast(Ledger, book), heap)


def test_what_is_said_to_a_ledger_that_listens_is_not_late_and_not_kept() -> None:
    book, heap = Book(), Heap()
    one = teller(book, heap)
    one.say(done("a", why="its time is over"))
    assert book.events[0].data == {"why": "its time is over"}
    assert not one.behind
    assert heap.events == []


def test_what_cannot_be_told_is_in_the_spool_when_say_returns() -> None:
    book, heap = Book(away=True), Heap()
    one = teller(book, heap)
    one.say(done("a"))
    one.say(done("b"))
    assert [event.target for event in heap.events] == ["a", "b"]
    assert one.behind


def test_the_next_process_tells_what_the_one_before_could_not_in_order_and_marked_late() -> None:
    book, heap = Book(away=True), Heap()
    for name in "ab":
        teller(book, heap).say(done(name))
    book.away = False
    after = teller(book, heap)
    assert after.behind
    after.say(done("c"))
    assert [(event.target, event.data.get("late"), event.at) for event in book.events] == [
        ("a", True, NOW),
        ("b", True, NOW),
        ("c", None, NOW),
    ]
    assert not after.behind


@pytest.mark.parametrize("spooled", [False, True])
def test_a_telling_whose_answer_was_lost_stands_once(spooled: bool) -> None:
    book, heap = Book(deaf=True), Heap()
    one = teller(book, heap if spooled else None)
    one.say(done("a"))
    assert one.behind
    book.deaf = False
    one.say(done("b"))
    one.retry()
    assert book.names() == ["a", "b"]
    assert not one.behind


def test_what_was_told_and_could_not_be_dropped_is_not_told_again() -> None:
    book, heap = Book(away=True), Heap(stuck=True)
    one = teller(book, heap)
    for name in "abcde":
        one.say(done(name))
    book.away = False
    one.retry()
    one.say(done("f"))
    assert book.names() == list("abcdef")
    heap.stuck = False
    one.retry()
    assert heap.events == []
    assert book.names() == list("abcdef")


def test_a_spool_that_takes_nothing_loses_nothing_while_we_live() -> None:
    book, heap = Book(away=True), Heap(full=True)
    one = teller(book, heap)
    one.say(done("a"))
    assert one.behind
    heap.full = False
    one.say(done("b"))
    assert [event.target for event in heap.events] == ["a", "b"], "in order, once there is room"
    book.away = False
    one.retry()
    assert [(event.target, event.data.get("late")) for event in book.events] == [("a", True), ("b", True)]


def test_a_ledger_known_to_be_away_is_not_asked_at_each_word() -> None:
    @dataclass
    class Slow(Book):
        asked: int = 0

        def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
            self.asked += 1
            raise LedgerError("no answer within 4.5 s")

    slow = Slow()
    one = teller(slow, Heap())
    for name in "abc":
        one.say(done(name))
    assert slow.asked == 1


def test_who_finds_nothing_left_to_tell_asks_the_ledger_again_at_the_next_word() -> None:
    book, heap = Book(away=True), Heap()
    one, other = teller(book, heap), teller(book, heap)
    one.say(done("a"))
    book.away = False
    other.retry()
    one.retry()
    one.say(done("b"))
    assert [(event.target, event.data.get("late")) for event in book.events] == [("a", True), ("b", None)]


def test_many_who_speak_at_once_are_all_heard_once() -> None:
    book, heap = Book(), Heap()
    one = teller(book, heap)
    flicker = threading.Event()

    def switch() -> None:
        while not flicker.wait(0.001):
            book.away = not book.away

    switching = threading.Thread(target=switch)
    switching.start()
    speakers = [
        threading.Thread(target=lambda n=n: [one.say(done(f"{n}-{m}")) or one.retry() for m in range(60)])  # type: ignore[func-returns-value]
        for n in range(6)
    ]
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join()
    flicker.set()
    switching.join()
    book.away = False
    one.retry()
    assert sorted(book.names()) == sorted(f"{n}-{m}" for n in range(6) for m in range(60))
    for n in range(6):
        mine = [name for name in book.names() if name.startswith(f"{n}-")]
        assert mine == [f"{n}-{m}" for m in range(60)], "each speaker's words in the order they were said"
    assert not one.behind


@given(st.lists(st.sampled_from(["say", "retry", "away", "back", "deaf", "full", "stuck", "crash"]), max_size=30))
def test_whatever_comes_in_between_each_word_is_told_once_and_in_order(steps: list[str]) -> None:
    book, heap = Book(), Heap()
    one = teller(book, heap)
    said: list[str] = []
    for step in steps:
        if step == "say":
            name = f"{len(said):03}"
            one.say(done(name))
            said.append(name)
        elif step == "retry":
            one.retry()
        elif step == "crash" and not one._untold:  # what is only remembered goes with who remembers it
            one = teller(book, heap)
        elif step in ("full", "stuck"):
            setattr(heap, step, not getattr(heap, step))
        elif step in ("away", "back", "deaf"):
            book.away, book.deaf = step == "away", step == "deaf"
    book.away = book.deaf = heap.full = heap.stuck = False
    one.retry()
    one.retry()
    assert book.names() == said
    assert heap.events == []


def test_the_same_event_has_the_same_key_and_any_other_another() -> None:
    event = done("a", why="x", nested={"b": [1, 2]})
    assert key_of(event) == key_of(done("a", nested={"b": [1, 2]}, why="x"))
    others = [
        replace(event, run="r"),
        replace(event, at=NOW.replace(microsecond=1)),
        replace(event, phase=Phase.STUCK),
        replace(event, data={"why": "y"}),
        replace(event, leashed=True),
    ]
    assert len({key_of(other) for other in [event, *others]}) == 6
    assert key_of(replace(event, key="fleet/pods/noon")) == "fleet/pods/noon"
    assert key_of(replace(event, data={"odd": object()})), "what cannot be stored has one too"


def test_nobody_waits_long_while_somebody_else_waits_for_a_ledger_that_hangs() -> None:
    hanging, released = threading.Event(), threading.Event()

    class Hanging(Book):
        def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
            hanging.set()
            released.wait(60)
            return super().append(*events)

    book, heap = Hanging(), Heap()
    one = teller(book, heap)
    first = threading.Thread(target=one.say, args=(done("a"),))
    first.start()
    assert hanging.wait(30)
    begun = CLOCK.monotonic()
    one.say(done("b"))
    assert CLOCK.monotonic() - begun < 2 * TURN + BUSY
    assert "b" in [event.target for event in heap.events], "safe in the spool when say returns"
    released.set()
    first.join()
    one.retry()
    assert book.names() == ["a", "b"]
    assert not one.behind


def test_a_ledger_that_somebody_else_found_away_is_not_waited_for() -> None:
    class Never(Book):
        def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
            raise AssertionError("it was asked")

    heap = Heap()
    one = teller(Never(), heap)
    one.lose()
    one.say(done("a"))
    assert [event.target for event in heap.events] == ["a"]
