from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army import marks
from simian_army.errors import Refused, UsageError
from simian_army.model import Fault, Target

KEY = b"fleet key"
WHEN = datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
NODE = Target("kubernetes", "node", "uid-1", "n1", "", "", WHEN, {})
FAULT = Fault("node-cordon", NODE, undo={"unschedulable": False})
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), values, max_size=4), st.text(max_size=20), st.text(max_size=20))
def test_a_mark_survives_being_written_and_read(undo: dict[str, object], fleet: str, run: str) -> None:
    mark = marks.sign(KEY, fleet, run, replace(FAULT, undo=undo), WHEN)
    again = marks.from_text(marks.to_text(mark))
    assert again == mark
    assert marks.verify(KEY, again, NODE, fleet)


def test_the_deadline_is_the_same_moment_in_every_time_zone() -> None:
    berlin = WHEN.astimezone(timezone(timedelta(hours=2)))
    assert marks.sign(KEY, "f", "r", FAULT, berlin) == marks.sign(KEY, "f", "r", FAULT, WHEN)


@pytest.mark.parametrize(
    "change",
    [
        {"fleet": "other"},
        {"run": "other"},
        {"kind": "other"},
        {"deadline": WHEN + timedelta(days=365)},
        {"undo": {"unschedulable": True}},
        {"mac": "0" * 64},
        {"mac": "\udcff"},
    ],
)
def test_any_change_to_a_mark_is_seen(change: dict[str, object]) -> None:
    mark = marks.sign(KEY, "f", "r", FAULT, WHEN)
    forged = replace(mark, **change)  # type: ignore[arg-type]
    assert not marks.verify(KEY, forged, NODE, forged.fleet)


def test_a_mark_copied_to_another_object_is_worthless() -> None:
    mark = marks.sign(KEY, "f", "r", FAULT, WHEN)
    assert not marks.verify(KEY, mark, replace(NODE, id="uid-2"), "f")


def test_a_mark_of_another_fleet_or_key_is_worthless() -> None:
    mark = marks.sign(KEY, "f", "r", FAULT, WHEN)
    assert not marks.verify(KEY, mark, NODE, "g")
    assert not marks.verify(b"other", mark, NODE, "f")
    assert not marks.verify(b"", mark, NODE, "f")


def test_an_empty_key_signs_nothing() -> None:
    with pytest.raises(UsageError, match="simian init"):
        marks.sign(b"", "f", "r", FAULT, WHEN)


def test_a_deadline_without_a_time_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="time zone"):
        marks.sign(KEY, "f", "r", FAULT, WHEN.replace(tzinfo=None))


def test_a_mark_that_would_not_fit_is_refused_before_the_harm() -> None:
    with pytest.raises(Refused, match="8192"):
        marks.sign(KEY, "f", "r", replace(FAULT, undo={"x": "y" * 8192}), WHEN)


GOOD = json.loads(marks.to_text(marks.sign(KEY, "f", "r", FAULT, WHEN)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "{" * 5000,
        "[" * 100_000,
        json.dumps({**GOOD, "more": 1}),
        json.dumps({**GOOD, "run": 7}),
        json.dumps({**GOOD, "undo": []}),
        json.dumps({**GOOD, "deadline": "tomorrow"}),
        json.dumps({**GOOD, "deadline": "2026-05-06T07:08:09"}),
        json.dumps({**GOOD, "deadline": "0001-01-01T00:00:00+23:59"}),
        json.dumps(GOOD)[:-3] + "1" + json.dumps({"x": "y" * 9000}),
        '{"fleet": NaN}',
        json.dumps({**GOOD, "undo": {"x": 1}}).replace("1}", "NaN}"),
    ],
)
def test_what_is_no_mark_reads_as_none(text: str) -> None:
    assert marks.from_text(text) is None


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    marks.from_text(text)


def test_label_and_annotation_are_each_seen() -> None:
    assert marks.bears({"metadata": {"labels": {marks.HELD: "true"}}})
    assert marks.bears({"metadata": {"annotations": {marks.FAULT: "?"}}})
    assert not marks.bears({"metadata": {"labels": None, "annotations": {"a": "b"}}})
    assert not marks.bears({})
    assert marks.found({"metadata": {"annotations": {marks.FAULT: "text"}}}) == "text"
    assert marks.found({"metadata": {"annotations": {marks.FAULT: 7}}}) is None


@pytest.mark.parametrize(("ours", "theirs"), [("T", " "), ("+00:00", "Z"), ("123456+", "1234560+"), (",", ", ")])
def test_a_mark_written_in_another_way_than_ours_is_none(ours: str, theirs: str) -> None:
    mark = marks.sign(KEY, "f", "r", FAULT, WHEN)
    text = marks.to_text(mark)
    assert ours in text
    assert marks.from_text(text.replace(ours, theirs)) is None
    assert marks.from_text(text) == mark
