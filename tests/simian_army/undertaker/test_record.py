"""Does a record say all that is needed, and only what this fleet wrote."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from simian_army.undertaker.record import Record, from_text, to_text
from tests.simian_army.undertaker.stores import FLEET, KEY, held


def record() -> Record:
    one = held()
    return Record(one.run, one.fault, one.mark, one.end)


def test_what_is_written_is_read_again_whole() -> None:
    made = record()
    read = from_text(KEY, FLEET, to_text(KEY, made))
    assert read == made
    assert read is not None
    assert read.name == made.name


def test_a_record_of_another_key_or_fleet_is_none() -> None:
    text = to_text(KEY, record())
    assert from_text(b"another-key-of-32-characters-xxx", FLEET, text) is None
    assert from_text(KEY, "other", text) is None


@given(st.data())
def test_no_changed_character_is_accepted(data: st.DataObject) -> None:
    text = to_text(KEY, record())
    place = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.characters(exclude_characters=text[place], codec="utf-8"))
    changed = text[:place] + put + text[place + 1 :]
    try:
        same = json.loads(changed) == json.loads(text)
    except ValueError:
        same = False
    assert same or from_text(KEY, FLEET, changed) is None


@given(st.text(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert from_text(KEY, FLEET, text) is None


def test_the_name_fits_a_secret_whatever_the_target_is_called() -> None:
    one = held("arn:aws:ec2:eu-west-1:123456789012:instance/i-0A1b")
    name = Record(one.run, one.fault, one.mark, one.end).name
    assert name.isascii()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(name) <= 63
