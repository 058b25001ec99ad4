"""What is so of every kind that changes an object in place, whoever else writes to that object meanwhile."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simian_army import marks
from simian_army.errors import Conflict, Refused
from simian_army.faults.k8s import in_place
from tests.faults.nearby import NearPort
from tests.faults.objects import HELD, IDS, Held, mark_of, put, seen

each = pytest.mark.parametrize("held", HELD, ids=IDS)


def bare(port: NearPort) -> dict[str, Any]:
    """The object without what every write changes."""
    obj = copy.deepcopy(port.obj or {})
    for part in ("labels", "annotations"):
        if not obj.get("metadata", {}).get(part, True):
            del obj["metadata"][part]
    obj.get("metadata", {}).pop("resourceVersion", None)
    if not obj.get("data", True):
        del obj["data"]
    return obj


@each
@pytest.mark.parametrize("metadata", [{}, {"labels": {"a": "b"}, "annotations": {"c": "d"}}], ids=["bare", "noted"])
def test_one_marked_write_changes_it_and_one_gives_it_back(held: Held, metadata: dict[str, Any]) -> None:
    port = held.port(**metadata)
    before = bare(port)
    kind, fault = held.prepared(port)
    assert port.acts == [], "preparing changes nothing"
    assert set(fault.undo or {}) <= set(kind.undo), "the undo says what its schema says"
    kind.inject(fault, mark_of(fault))
    assert [act[0] for act in port.acts].count("patch") == 1
    assert port.obj is not None
    assert seen(port.obj, held.path) != seen(held.obj, held.path)
    assert marks.from_text(marks.found(port.obj) or "") == mark_of(fault)
    assert kind.revert(fault, mark_of(fault)).holds
    assert bare(port) == before
    assert port.shelf == {}
    done = list(port.acts)
    assert kind.revert(fault, mark_of(fault)).holds
    assert port.acts == done, "a second revert writes nothing"


@each
def test_what_never_was_is_reverted_without_a_write(held: Held) -> None:
    port = held.port()
    kind, fault = held.prepared(port)
    assert kind.revert(fault, mark_of(fault)).holds
    assert port.acts == []


@each
def test_a_second_fault_on_it_is_refused_and_another_run_ends_nothing(held: Held) -> None:
    port = held.port()
    kind, fault = held.prepared(port)
    kind.inject(fault, mark_of(fault))
    there, shelf = copy.deepcopy(port.obj), copy.deepcopy(port.shelf)
    with pytest.raises(Refused, match="another fault holds it"):
        kind.prepare(fault)
    with pytest.raises(Refused, match="another fault holds it"):
        kind.inject(fault, mark_of(fault, "run-2"))
    assert kind.revert(fault, mark_of(fault, "run-2")).detail
    assert (port.obj, port.shelf) == (there, shelf)


@each
def test_what_is_gone_is_refused_and_reverted(held: Held) -> None:
    port = held.port()
    kind, fault = held.prepared(port)
    kind.inject(fault, mark_of(fault))
    port.obj = None
    assert kind.revert(fault, mark_of(fault)).holds
    assert port.shelf == {}
    assert not kind.observe(fault).holds
    with pytest.raises(Refused, match="gone"):
        kind.prepare(fault)
    with pytest.raises(Refused, match="gone"):
        kind.inject(fault, mark_of(fault))


@each
def test_what_changed_since_it_was_looked_at_is_left_alone(held: Held) -> None:
    port = held.port()
    kind, fault = held.prepared(port)
    put(port.obj, held.path, next(value for value in held.others if value != seen(held.obj, held.path)))
    before = copy.deepcopy(port.obj)
    with pytest.raises(Conflict, match="looked at"):
        kind.inject(fault, mark_of(fault))
    assert port.obj == before
    assert port.shelf == {}


@each
def test_what_changes_in_the_very_moment_is_left_alone(held: Held) -> None:
    port = held.port()
    kind, fault = held.prepared(port)
    port.before_patch = [port.touch]
    with pytest.raises(Conflict):
        kind.inject(fault, mark_of(fault))
    assert not marks.bears(port.obj or {})
    assert port.shelf == {}, "what was kept for it goes too"


@each
def test_a_revert_tries_again_when_it_changes_meanwhile_and_says_so_when_it_never_gets_through(held: Held) -> None:
    port = held.port()
    before = bare(port)
    kind, fault = held.prepared(port)
    kind.inject(fault, mark_of(fault))
    port.before_patch = [port.touch] * 5
    proof = kind.revert(fault, mark_of(fault))
    assert not proof.holds
    assert "changed 5 times" in proof.detail
    port.before_patch = [port.touch] * 4
    assert kind.revert(fault, mark_of(fault)).holds
    assert bare(port) == before
    assert port.shelf == {}


def test_a_value_of_another_type_is_another_value() -> None:
    assert not in_place.same(1, True)
    assert not in_place.same("1", 1)
    assert in_place.same(None, None)


def strangers(held: Held) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """What others may do while it is held, in any order."""
    return st.lists(
        st.one_of(
            st.sampled_from(held.others).map(lambda value: ("field", value)),
            st.integers(0, 3).map(lambda number: ("label", str(number))),
            st.sampled_from(["label of the mark", "annotation of the mark", "nothing", "touch", "damage"]).map(
                lambda what: (what, None)
            ),
        ),
        max_size=6,
    )


def meddle(port: NearPort, held: Held, what: str, value: Any) -> None:
    metadata = (port.obj or {})["metadata"]
    match what:
        case "field":
            put(port.obj, held.path, value)
        case "label":
            metadata.setdefault("labels", {})["theirs"] = value
        case "label of the mark":
            metadata.get("labels", {}).pop(marks.HELD, None)
        case "annotation of the mark":
            metadata.get("annotations", {}).pop(marks.FAULT, None)
        case "damage" if marks.FAULT in metadata.get("annotations", {}):
            metadata["annotations"][marks.FAULT] = "damaged"
    port.touch()


@each
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_others_do_meanwhile_theirs_is_kept_and_ours_goes(held: Held, data: st.DataObject) -> None:
    port = held.port()
    kind, fault = held.prepared(port)
    kind.inject(fault, mark_of(fault))
    ours = seen(port.obj, held.path)
    for what, value in data.draw(strangers(held)):
        meddle(port, held, what, value)
    there, bears = seen(port.obj, held.path), marks.bears(port.obj or {})
    rest = bare(port)
    assert kind.revert(fault, mark_of(fault)).holds
    assert not marks.bears(port.obj or {})
    now = seen(port.obj, held.path)
    if there != ours:
        assert now == there, "what they wrote is kept"
    elif bears:
        assert now == seen(held.obj, held.path), "what we wrote goes"
    else:
        assert now == ours, "without our mark somebody took over"
        assert not port.shelf or held.strikes == "secret"
    if bears:
        assert port.shelf == {}
    for part in ("labels", "annotations"):
        rest["metadata"].get(part, {}).pop(marks.HELD if part == "labels" else marks.FAULT, None)
        if not rest["metadata"].get(part, True):
            del rest["metadata"][part]
    put(rest, held.path, now)
    assert bare(NearPort(rest)) == bare(port), "nothing else changed"
