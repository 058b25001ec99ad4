"""Does a source's state hold what its newest reading said, in whatever order the readings end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simian_army.halts.state import Reading, State
from simian_army.model import Halt
from tests.halts.fakes import Saying
from tests.simian_army.fakes import NOW

SCOPES = ("", "shop", "till")
asked = st.frozensets(st.sampled_from(SCOPES), min_size=1)


def halt(scope: str) -> Halt:
    return Halt("ann", "incident 7", NOW, "file", scope, "`end file` ends it")


@given(
    readings=st.lists(st.tuples(asked, st.frozensets(st.sampled_from(SCOPES))), min_size=1, max_size=5), data=st.data()
)
def test_a_slow_reading_that_ends_after_a_newer_one_changes_nothing_that_it_said(
    readings: list[tuple[frozenset[str], frozenset[str]]], data: st.DataObject
) -> None:
    state = State(Saying(platform="kubernetes"))
    made = [
        Reading(state.source, scopes, float(begun), {scope: halt(scope) for scope in scopes & halted})
        for begun, (scopes, halted) in enumerate(readings)
    ]
    for reading in data.draw(st.permutations(made)):
        state.learn(reading, 100.0)
    newest = {scope: reading for reading in made for scope in reading.scopes or ()}
    assert set(state.found) == {scope for scope, reading in newest.items() if scope in reading.found}
    assert set(state.read) == set(newest)
