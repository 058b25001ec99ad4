"""No change of a mark makes anybody act on it, and marks are looked for wherever they may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from simian_army import marks
from simian_army.model import Phase, Run
from simian_army.records import NO_RUN
from tests.simian_army.fakes import NOW
from tests.simian_army.yard import FLEET, KEY, World, fault_on, sign

MARK = marks.to_text(sign(Run("run", "", NO_RUN.at, ""), fault_on("a"), NOW))
FIELDS = json.loads(MARK)
bytes_changed = st.builds(
    lambda at, put: MARK[: at % len(MARK)] + put + MARK[at % len(MARK) + 1 :],
    st.integers(0, len(MARK)),
    st.characters(codec="utf-8"),
)
fields_changed = st.builds(
    lambda name, value: json.dumps({**FIELDS, name: value}),
    st.sampled_from(sorted(FIELDS)),
    st.sampled_from(list(FIELDS.values())) | st.text(max_size=8) | st.none() | st.integers(),
)
cut = st.builds(lambda start, end: MARK[start:end], st.integers(0, len(MARK)), st.integers(0, len(MARK)))
swapped = st.permutations(sorted(FIELDS)).map(
    lambda names: json.dumps(dict(zip(sorted(FIELDS), map(FIELDS.get, names), strict=True)))
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.ledger.close()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(text=bytes_changed | fields_changed | cut | swapped, other=st.booleans())
def test_no_change_of_a_mark_and_no_other_target_makes_anybody_act_on_it(world: World, text: str, other: bool) -> None:
    read = marks.from_text(text)
    assume(other or read is None or read != marks.from_text(MARK))  # the same in another order of keys is the same
    world.yard.texts = {"b" if other else "a": text}
    world.recover()
    assert world.kind.reverts == []
    assert world.kind.done == []


def test_the_mark_that_the_mutations_are_made_from_would_be_acted_on(world: World) -> None:
    world.yard.texts = {"a": MARK}
    assert world.recover() == 1
    assert world.kind.reverts == ["a"]
    assert marks.verify(KEY, cast(Any, marks.from_text(MARK)), fault_on("a").target, FLEET)


def test_marks_are_looked_for_where_ledger_and_records_say_they_may_be(world: World) -> None:
    world.tell("r1", "a", Phase.INTENDED, Phase.INJECTED, scope="open")
    world.tell("r2", "b", Phase.INTENDED, Phase.DENIED, scope="ended")
    world.keep("r3", "c", scope="recorded")
    world.recover()
    assert world.yard.asked[-1] == {"open", "ended", "recorded"}
    world.clock.advance(2 * 3600)
    world.recover()
    assert world.yard.asked[-1] >= {"open", "ended"}, "what was named once is remembered"
