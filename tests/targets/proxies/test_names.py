"""A toxic's name is its mark: only the holder of the key can make one, and for one proxy only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.errors import UsageError
from simian_army.model import Mark
from simian_army.targets.proxies.names import genuine, parse, prefix, toxic_name

KEY, AT, PROXY = b"a key of the fleet", "http://127.0.0.1:8474", "shop-cart"
MARK = Mark("shop-eu", "abcdefgh27", "proxy-latency", datetime(2026, 5, 6, 7, 8, 9, 987654, tzinfo=UTC), {}, "")
NAME = toxic_name(KEY, AT, PROXY, MARK)

fleets = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
runs = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=10, max_size=10)
deadlines = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
keys = st.binary(min_size=1, max_size=40)


def test_a_name_says_fleet_run_and_deadline_in_whole_seconds() -> None:
    assert NAME.startswith("simian-shop-eu-abcdefgh27-1778051289-")
    assert len(NAME.rpartition("-")[2]) == 16


@given(keys, st.text(max_size=30), st.text(max_size=30), st.builds(lambda *a: a, fleets, runs, deadlines))
def test_a_name_survives_being_written_and_read(
    key: bytes, endpoint: str, proxy: str, said: tuple[str, str, datetime]
) -> None:
    fleet, run, deadline = said
    name = toxic_name(key, endpoint, proxy, Mark(fleet, run, "proxy-latency", deadline, {}, ""))
    read = parse(name)
    assert read is not None
    assert (read.fleet, read.run, read.deadline) == (fleet, run, deadline.replace(microsecond=0))
    assert genuine(key, endpoint, proxy, name)
    assert toxic_name(key, endpoint, proxy, read) == name
    assert name.startswith(prefix(fleet))


@given(st.integers(0, len(NAME) - 1), st.characters())
def test_no_single_character_can_be_changed(at: int, by: str) -> None:
    changed = NAME[:at] + by + NAME[at + 1 :]
    assert genuine(KEY, AT, PROXY, changed) == (changed == NAME)


@given(st.integers(0, len(NAME)), st.text(min_size=1, max_size=3))
def test_nothing_can_be_put_in_or_left_out(at: int, more: str) -> None:
    assert not genuine(KEY, AT, PROXY, NAME[:at] + more + NAME[at:])
    assert not genuine(KEY, AT, PROXY, NAME[:at] + NAME[at + 1 :]) or at == len(NAME)


@given(st.text() | st.from_regex(r"simian-[a-z-]*-[a-z2-7]{10}-[0-9]{1,20}-[0-9a-f]{16}"))
def test_reading_a_name_never_fails(text: str) -> None:
    assert parse(text) is None or parse(text) is not None
    assert not genuine(KEY, AT, PROXY, text)


@pytest.mark.parametrize("deadline", ["253402300800", "999999999999", "01", "-1", "", "\u0661", "9" * 40])
def test_a_deadline_that_no_calendar_has_is_none(deadline: str) -> None:
    assert parse(f"simian-shop-abcdefgh27-{deadline}-0123456789abcdef") is None


def test_a_name_is_worth_nothing_elsewhere_or_under_another_key() -> None:
    assert genuine(KEY, AT, PROXY, NAME)
    assert not genuine(KEY, AT, "shop-web", NAME)
    assert not genuine(KEY, "http://127.0.0.1:8475", PROXY, NAME)
    assert not genuine(b"another key", AT, PROXY, NAME)
    assert not genuine(b"", AT, PROXY, NAME)


def test_the_parts_that_are_signed_cannot_be_shifted_into_each_other() -> None:
    one = toxic_name(KEY, "http://a", "b", MARK)
    assert not genuine(KEY, "http://ab", "", one)
    assert not genuine(KEY, 'http://a", "b', "", one)


@pytest.mark.parametrize(
    "change",
    [{"run": "run-1"}, {"run": ""}, {"fleet": ""}, {"fleet": "Shop"}, {"fleet": "-a"}, {"fleet": "a" * 41}],
)
def test_what_does_not_fit_into_a_name_is_said(change: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="no name for a toxic"):
        toxic_name(KEY, AT, PROXY, replace(MARK, **change))  # type: ignore[arg-type]


def test_no_name_is_given_without_a_key() -> None:
    with pytest.raises(UsageError, match="key is empty"):
        toxic_name(b"", AT, PROXY, MARK)
