"""Does nothing ever wait for a notifier, whatever it does, and is every failure counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import structlog

from simian_army.clock import SystemClock
from simian_army.notice import Notice, Notifier
from simian_army.notices.channel import MOST, Channel
from simian_army.notices.masking import masking
from simian_army.notices.urls import ByUrl
from tests.cluster.waiting import BUSY, until
from tests.notices.receiver import Receiver, receiver

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
CLOCK = SystemClock()
SOON = (0.05, 0.1)


def notice(number: int = 1) -> Notice:
    return Notice(f"notice {number}", "body", "error", {})


@dataclass
class Person:
    """A notifier that fails so many times, or blocks until it is let go."""

    fails: int = 0
    blocks: bool = False
    free: threading.Event = field(default_factory=threading.Event)
    calls: list[str] = field(default_factory=list)

    def send(self, notice: Notice) -> None:
        self.calls.append(notice.title)
        if self.blocks:
            self.free.wait(60)
        if self.fails:
            self.fails -= 1
            raise RuntimeError("no luck with hunter2hunter2")


class Leaver:
    def send(self, notice: Notice) -> None:
        raise SystemExit(3)


@dataclass
class Made:
    counts: Counter[str] = field(default_factory=Counter)
    channels: list[Channel] = field(default_factory=list)

    def channel(self, notifier: Notifier, timeout: float = 30.0) -> Channel:
        mask = masking("hunter2hunter2")
        made = Channel("test", notifier, CLOCK, self.count, mask, timeout, SOON)
        self.channels.append(made)
        made.start()
        return made

    def count(self, result: str) -> None:
        self.counts[result] += 1


@pytest.fixture
def made() -> Iterator[Made]:
    every = Made()
    yield every
    for channel in every.channels:
        channel.close(1.0)


def test_a_notice_is_sent_once(made: Made) -> None:
    person = Person()
    made.channel(person).put(notice())
    until("it to be sent", lambda: made.counts["sent"], 30)
    assert person.calls == ["notice 1"]


def test_one_that_fails_is_tried_again_and_each_try_is_counted(made: Made) -> None:
    person = Person(fails=2)
    made.channel(person).put(notice())
    until("it to be sent", lambda: made.counts["sent"], 30)
    assert made.counts == {"retried": 2, "sent": 1}


def test_one_that_goes_on_failing_is_given_up_loudly_and_the_next_is_sent(made: Made) -> None:
    person = Person(fails=3)
    with structlog.testing.capture_logs() as logs:
        channel = made.channel(person)
        channel.put(notice(1))
        channel.put(notice(2))
        until("the second", lambda: made.counts["sent"], 30)
    assert made.counts == {"retried": 2, "failed": 1, "sent": 1}
    (log,) = logs
    assert log["event"] == "a notice was not sent"
    assert log["title"] == "notice 1"
    assert log["why"] == "RuntimeError: no luck with ***"


def test_a_plug_in_that_wants_to_end_the_process_only_fails(made: Made) -> None:
    made.channel(Leaver()).put(notice())
    until("it to fail", lambda: made.counts["failed"], 30)


def test_nothing_waits_for_one_that_hangs_and_what_is_too_much_is_dropped(made: Made) -> None:
    person = Person(blocks=True)
    channel = made.channel(person, timeout=60)
    channel.put(notice(0))
    until("the first to be under way", lambda: person.calls, 30)
    begun = CLOCK.monotonic()
    for number in range(1, MOST + 6):
        channel.put(notice(number))
    assert CLOCK.monotonic() - begun < 0.5 + BUSY
    assert made.counts["dropped"] == 5
    person.free.set()
    until("the rest", lambda: made.counts["sent"] == MOST + 1, 60)
    assert person.calls == [f"notice {number}" for number in range(MOST + 1)], "in order, and the first are kept"


def test_a_call_that_hangs_is_given_up_in_time_and_no_second_is_made_beside_it(made: Made) -> None:
    person = Person(blocks=True)
    channel = made.channel(person, timeout=0.2)
    before = threading.active_count()
    channel.put(notice(1))
    channel.put(notice(2))
    until("both to be given up", lambda: made.counts["failed"] == 2, 30)
    assert person.calls == ["notice 1"]
    assert threading.active_count() <= before + 1
    person.free.set()
    channel.put(notice(3))
    until("the third", lambda: made.counts["sent"], 30)


def test_a_close_sends_what_waits_and_waits_for_nobody_longer_than_it_says(made: Made) -> None:
    well, hung = Person(), Person(blocks=True)
    channel, other = made.channel(well), made.channel(hung, timeout=60)
    for number in range(3):
        channel.put(notice(number))
        other.put(notice(number))
    channel.close(30.0)
    assert made.counts["sent"] == 3
    until("the other's first to hang", lambda: hung.calls, 30)
    begun = CLOCK.monotonic()
    other.close(0.3)
    assert CLOCK.monotonic() - begun < 1 + BUSY
    assert made.counts["failed"] == 2
    hung.free.set()


def test_a_close_while_it_waits_for_the_next_try_does_not_wait_it_out(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Person(fails=9)
    channel = Channel("test", person, CLOCK, made.count, str, 5.0, (60.0,))
    channel.start()
    channel.put(notice())
    until("the first try", lambda: person.calls, 30)
    begun = CLOCK.monotonic()
    channel.close(30.0)
    assert CLOCK.monotonic() - begun < 2 + BUSY
    assert made.counts == {"failed": 1}


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as there:
        yield there


def test_over_a_real_hook_a_failure_is_tried_again(made: Made, hook: Receiver) -> None:
    hook.answers = [500, 503]
    notifier = ByUrl([hook.url()])
    notifier.wrong()  # the library is loaded before the time counts
    made.channel(notifier).put(notice())
    until("it to be sent", lambda: made.counts["sent"], 60)
    assert [got["title"] for got in hook.got] == ["notice 1"] * 3
    assert made.counts["retried"] == 2


def test_over_a_real_hook_that_hangs_it_is_given_up_in_time(made: Made, hook: Receiver) -> None:
    notifier = ByUrl([hook.url()])
    notifier.wrong()  # the library is loaded before the time counts
    hook.hang = True
    begun = CLOCK.monotonic()
    made.channel(notifier, timeout=0.5).put(notice())
    until("it to be given up", lambda: made.counts["failed"], 60)
    assert CLOCK.monotonic() - begun < 3 + BUSY
    until("the one call to arrive", lambda: hook.got, 30)
    assert len(hook.got) == 1


def test_by_default_all_tries_of_one_notice_end_within_a_minute_and_a_half(made: Made) -> None:
    channel = Channel("test", Person(), CLOCK, made.count, str)
    assert sum(channel.backoff) + (1 + len(channel.backoff)) * channel.timeout <= 90
