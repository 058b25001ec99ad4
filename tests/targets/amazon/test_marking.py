from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from simian_army import marks
from simian_army.errors import Refused
from simian_army.model import Fault, Mark, Target
from simian_army.targets.amazon import marking
from tests.targets.amazon.world import mark_of

TARGET = Target("aws", "instance", "arn:i-1", "i-1", "1/r", "", datetime(2026, 1, 1, tzinfo=UTC), {})
MARK = mark_of(Fault("instance-stop", TARGET, undo={"state": "running", "why": "so that there are two tags of it"}))


def big(size: int) -> Mark:
    return replace(MARK, undo={"why": "x" * size})


def test_a_mark_is_read_as_it_was_written_and_each_value_fits_a_tag() -> None:
    for mark in (MARK, big(700), replace(MARK, undo={"why": "ä∑"})):
        tags = marking.written(mark)
        assert tags.pop(marks.HELD) == "true"
        assert list(tags) == [f"simian-army/fault.shop.{n}" for n in range(1, len(tags) + 1)]
        assert all(len(value) <= 256 and len(key) <= 128 for key, value in tags.items())
        assert marking.mark_in({"app": "a", **dict(reversed(tags.items()))}, "shop") == mark
    assert len(marking.written(big(1600))) > 9


def test_a_mark_that_does_not_fit_into_ten_tags_is_refused() -> None:
    with pytest.raises(Refused, match="does not fit into 10 tags"):
        marking.written(big(1800))
    with pytest.raises(Refused, match="does not fit"):
        marking.written(replace(MARK, fleet="f" * 120))


def test_ten_pieces_are_put_together_in_the_order_of_their_numbers() -> None:
    mark = big(1600)
    assert f"{marks.FAULT}.shop.10" in marking.written(mark)
    assert marking.mark_in(dict(sorted(marking.written(mark).items())), "shop") == mark


def test_tags_of_aws_itself_do_not_count_towards_the_fifty() -> None:
    new = marking.written(MARK)
    full = {f"k{n}": "" for n in range(50 - len(new))}
    marking.must_have_room({**full, "aws:one": "", "aws:two": ""}, new)
    marking.must_have_room({**full, **new}, new)
    with pytest.raises(Refused, match="AWS allows 50"):
        marking.must_have_room({**full, "one": ""}, new)


@pytest.mark.parametrize("number", [1, 2])
def test_a_mark_with_a_piece_missing_or_spoiled_is_damaged_and_goes_as_ours(number: int) -> None:
    tags = marking.written(MARK)
    key = f"{marks.FAULT}.shop.{number}"
    without = {name: value for name, value in tags.items() if name != key}
    for damaged in (
        without,
        {**tags, key: "%%%"},
        {**tags, key: tags[key] + "A"},
        {**tags, f"{marks.FAULT}.shop.9": ""},
    ):
        assert marking.mark_in(damaged, "shop") is None
        assert marking.left_of(damaged, MARK) == damaged


def test_only_the_mark_of_that_very_run_goes() -> None:
    tags = {"app": "a", **marking.written(MARK)}
    assert marking.left_of(tags, MARK) == marking.written(MARK)
    for other in (replace(MARK, run="run-2"), replace(MARK, kind="asg-suspend")):
        assert marking.left_of(tags, other) == {}
    assert marking.left_of({"app": "a"}, MARK) == {}
    assert marking.left_of({"app": "a", marks.HELD: "true"}, MARK) == {marks.HELD: "true"}


def test_held_stays_while_another_fleet_is_marked_there() -> None:
    for fleet in ("bank", "sho", "shop.2", "shop-eu"):
        theirs = replace(MARK, fleet=fleet)
        tags = {**marking.written(MARK), **marking.written(theirs)}
        assert marking.mark_in(tags, "shop") == MARK
        assert marking.mark_in(tags, fleet) == theirs
        assert marking.fleets(tags) == {"shop", fleet}
        left = marking.left_of(tags, MARK)
        assert left == {key: value for key, value in marking.written(MARK).items() if key != marks.HELD}


def test_the_words_name_every_fleet() -> None:
    assert marking.words({"app": "a"}) == ""
    assert marking.words({marks.HELD: "true"}) == "the tag simian-army/held"
    assert marking.words(marking.written(MARK)) == "run run-1 (instance-stop) of fleet shop"
    damaged = {f"{marks.FAULT}.bank.2": "x", **marking.written(MARK)}
    assert "a damaged mark of fleet bank" in marking.words(damaged)
