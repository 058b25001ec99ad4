"""Is the Date of an answer read for what it is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simian_army.dating import FRESH, Dated, carried, dated, is_fresh, read
from tests.simian_army.fakes import NOW, FakeClock

HEADER = "Wed, 04 Mar 2026 12:00:00 GMT"


def test_a_date_is_read_as_utc_whatever_zone_it_is_written_in() -> None:
    assert dated(HEADER, 1, 2) == Dated(NOW, 1, 2)
    assert dated("Wed, 04 Mar 2026 13:00:00 +0100", 1, 2) == Dated(NOW, 1, 2)
    assert dated("Wed, 04 Mar 2026 12:00:00 -0000", 1, 2) == Dated(NOW, 1, 2)


@pytest.mark.parametrize("header", ["", "now", "Wed, 99 Mar 2026 12:00:00 GMT", "2026-03-04T12:00:00Z"])
def test_what_is_no_date_tells_nothing(header: str) -> None:
    assert dated(header, 1, 2) is None
    assert read(None, FakeClock()) is None


def test_the_server_is_taken_to_have_spoken_halfway_and_in_the_middle_of_the_second_it_named() -> None:
    clock = FakeClock(wall=NOW + timedelta(seconds=2), ticks=1002.0)
    reading = read(dated(HEADER, 1000.0, 1002.0), clock)
    assert reading is not None
    assert reading.theirs == NOW + timedelta(seconds=1.5), "a second of the way back, half of that which was named"
    assert reading.ours == NOW + timedelta(seconds=2)
    assert (reading.doubt, reading.age) == (timedelta(seconds=1), timedelta(0))


def test_the_servers_clock_goes_on_after_its_answer() -> None:
    clock = FakeClock()
    answer = dated(HEADER, clock.ticks, clock.ticks)
    clock.advance(20)
    reading = read(answer, clock)
    assert reading is not None
    assert (reading.theirs, reading.age) == (NOW + timedelta(seconds=20.5), timedelta(seconds=20))
    clock.advance(10)
    later = carried(reading, clock)
    assert later.theirs == NOW + timedelta(seconds=30.5)
    assert later.ours == NOW + timedelta(seconds=30)
    assert later.age == timedelta(seconds=30)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_jump_of_our_clock_after_the_answer_is_seen_without_asking_again(jump: timedelta) -> None:
    clock = FakeClock()
    reading = read(Dated(datetime(2026, 3, 4, 12, tzinfo=UTC), clock.ticks, clock.ticks), clock)
    assert reading is not None
    clock.wall += jump
    later = carried(reading, clock)
    assert later.ours - later.theirs == jump - timedelta(milliseconds=500)


def test_an_answer_is_fresh_for_a_minute() -> None:
    clock = FakeClock()
    answer = Dated(NOW, clock.ticks, clock.ticks)
    clock.advance(FRESH)
    assert is_fresh(answer, clock)
    clock.advance(1)
    assert not is_fresh(answer, clock)
