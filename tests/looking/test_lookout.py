"""One look serves all who ask the same; an answer grows old; and nobody waits for a place that does not answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from simian_army.errors import PlatformError
from simian_army.looking.lookout import FORGET, FRESH, KEPT, RENEW, THREADS, Lookout
from simian_army.sights import Question, Sight
from tests.cluster.waiting import BUSY
from tests.looking.asking import CLOCK
from tests.simian_army.fakes import FakeClock


@dataclass
class Place:
    """Answers with how often it was asked; work is done when the test says so, or at once."""

    clock: FakeClock = field(default_factory=FakeClock)
    later: bool = False
    asked: int = 0
    works: list[Callable[[], None]] = field(default_factory=list)

    def question(self, key: str = "a", timeout: float = 2.0) -> Question:
        return Question((key,), f"place {key}", timeout, self.ask)

    def ask(self) -> Sight:
        self.asked += 1
        return Sight(fine=True, words=str(self.asked))

    def spawn(self, work: Callable[[], None]) -> None:
        if self.later:
            self.works.append(work)
        else:
            work()

    def lookout(self) -> Lookout:
        return Lookout(self.clock, self.spawn)

    def catch_up(self) -> None:
        works, self.works = self.works, []
        for work in works:
            work()


def words(sights: list[Sight]) -> list[str]:
    return [sight.words for sight in sights]


def test_before_a_fault_an_answer_counts_for_a_few_seconds_and_is_then_asked_for_again() -> None:
    place = Place()
    lookout = place.lookout()
    assert words(lookout.now([place.question()])) == ["1"]
    place.clock.advance(FRESH)
    assert words(lookout.now([place.question()] * 3)) == ["1", "1", "1"]
    place.clock.advance(0.1)
    assert words(lookout.now([place.question(), place.question("b")])) == ["2", "3"]


def test_while_held_the_last_answer_is_told_at_once_and_the_next_is_looked_for_behind_it() -> None:
    place = Place()
    lookout = place.lookout()
    lookout.now([place.question()])
    place.later = True
    place.clock.advance(RENEW + 0.1)
    before = place.clock.ticks
    assert words(lookout.lately([place.question()])) == ["1"]
    assert place.clock.ticks == before  # nobody waited
    assert len(place.works) == 1
    place.catch_up()
    assert words(lookout.lately([place.question()])) == ["2"]


def test_while_held_a_place_that_does_not_answer_in_time_is_a_no_without_waiting_for_it_again() -> None:
    place = Place()
    lookout = place.lookout()
    lookout.now([place.question()])
    place.later = True
    place.clock.advance(RENEW + 0.1)
    lookout.lately([place.question()])
    place.clock.advance(2.0)
    before = place.clock.ticks
    (seen,) = lookout.lately([place.question()])
    assert not seen.fine and seen.doubt
    assert seen.words == "place a: no answer within 2 s"
    assert (place.clock.ticks, len(place.works)) == (before, 1)  # nor is a second thread given to it


def test_an_answer_that_nobody_renewed_counts_no_more() -> None:
    place = Place()
    lookout = place.lookout()
    lookout.now([place.question()])
    place.clock.advance(KEPT + 0.1)
    assert words(lookout.lately([place.question()])) == ["2"]  # waited for, and never the old one
    place.later = True
    place.clock.advance(KEPT + 0.1)
    assert not lookout.lately([place.question()])[0].fine


def test_after_a_restart_who_holds_a_fault_waits_for_the_first_answer() -> None:
    place = Place()
    assert words(place.lookout().lately([place.question()])) == ["1"]


def test_whatever_breaks_in_a_look_is_a_doubt_and_the_next_one_may_be_better() -> None:
    place = Place()

    def broken() -> Sight:
        raise (PlatformError("nobody is there") if place.clock.ticks < 1010 else ValueError("nonsense"))

    lookout = place.lookout()
    question = Question(("x",), "place x", 1.0, broken)
    assert lookout.now([question]) == [Sight(fine=False, words="place x: nobody is there", doubt=True)]
    place.clock.advance(20)
    assert lookout.now([question]) == [Sight(fine=False, words="place x: ValueError: nonsense", doubt=True)]
    place.clock.advance(20)
    assert lookout.now([Question(("x",), "place x", 1.0, place.ask)])[0].fine


def test_old_answers_are_forgotten() -> None:
    place = Place()
    lookout = place.lookout()
    for number in range(100):
        lookout.now([place.question(str(number))])
        place.clock.advance(FORGET / 10)
    assert len(lookout._seen) < 25


def test_a_thousand_who_ask_at_once_are_served_by_one_look() -> None:
    asked: list[str] = []
    go = threading.Event()

    def ask() -> Sight:
        asked.append("once")
        go.wait(20)
        return Sight(fine=True, words="seen")

    lookout = Lookout(CLOCK)
    question = Question(("a",), "place", 20.0, ask)
    seen: list[Sight] = []
    threads = [threading.Thread(target=lambda: seen.extend(lookout.now([question] * 20))) for _ in range(50)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert asked == ["once"]
    assert [sight.fine for sight in seen] == [True] * 1000


def test_no_more_than_a_few_look_at_once_and_all_get_their_turn() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def ask() -> Sight:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        CLOCK.wait(threading.Event(), 0.01)
        with lock:
            now[0] -= 1
        return Sight(fine=True, words="")

    questions = [Question((str(n),), "place", 30.0, ask) for n in range(100)]
    assert all(sight.fine for sight in Lookout(CLOCK).now(questions))
    assert 1 < most[0] <= THREADS


def test_several_places_together_take_as_long_as_the_slowest() -> None:
    def ask() -> Sight:
        go.wait(20)
        return Sight(fine=True, words="")

    go, begun = threading.Event(), CLOCK.monotonic()
    seen = Lookout(CLOCK).now([Question((str(n),), "place", 1.5, ask) for n in range(5)])
    assert CLOCK.monotonic() - begun < 1.5 + BUSY  # one after the other they would take 7.5 s
    go.set()
    assert [sight.words for sight in seen] == ["place: no answer within 1.5 s"] * 5


def test_closed_it_looks_no_more() -> None:
    place = Place()
    lookout = place.lookout()
    lookout.close()
    (seen,) = lookout.now([place.question()])
    assert (seen.fine, seen.words, place.asked) == (False, "place a: nobody looks any more", 0)
