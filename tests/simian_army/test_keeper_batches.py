"""Does the keeper end many faults at once as it would each alone: proved, told, tried again, stuck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.contract import FaultKind
from simian_army.ending import BACKOFF, STUCK_AFTER, UNDER_WAY_EVERY
from simian_army.extras import Wholesale
from simian_army.keeper import Keeper
from simian_army.model import AuditEvent, Evidence, Fault, Mark
from simian_army.records import Held
from tests.simian_army.fakes import Book, FakeTrustee, Lever, Scene

BACK, BROKEN, AT_IT = "back", "broken", "at it"


@dataclass
class Scripted(Lever):
    """A lever whose reverts go as written for each target, and come off once nothing is written any more."""

    script: dict[str, list[str]] = field(default_factory=dict)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        self.reverts.append(fault.target.id)
        return self.went(fault)

    def went(self, fault: Fault) -> Evidence:
        left = self.script.get(fault.target.id, [])
        how = left.pop(0) if left else BACK
        if how == BACK:
            self.pulled.discard(fault.target.id)
        return Evidence(how == BACK, how, under_way=how == AT_IT)


@dataclass
class Rack(Scripted):
    """The same, and many at once too; ``before`` runs first in each batch."""

    batches: list[list[str]] = field(default_factory=list)
    before: Callable[[], object] = lambda: None

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> Sequence[Evidence]:
        self.batches.append([fault.target.id for fault, _ in held])
        self.before()
        return [self.went(fault) for fault, _ in held]


@dataclass
class CountingBook(Book):
    appends: list[int] = field(default_factory=list)

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        told = super().append(*events)
        self.appends.append(len(events))
        return told


def rack(*names: str, kind: Scripted | None = None, hold: float = 0) -> tuple[Scene, Keeper]:
    """A keeper that holds levers of these names."""
    scene = Scene(kind=kind if kind is not None else Rack(), book=CountingBook())
    keeper = scene.keeper()
    for name in names:
        keeper.hold(scene.pull(name, hold=hold))
    return scene, keeper


def kind_of(scene: Scene) -> Rack:
    return cast(Rack, scene.kind)


def elsewhere(held: Held, scope: str) -> Held:
    return replace(held, fault=replace(held.fault, target=replace(held.fault.target, scope=scope)))


def test_what_is_due_at_once_is_reverted_at_once_and_told_in_one_piece() -> None:
    scene, keeper = rack(*"abc")
    keeper.tick()
    assert kind_of(scene).batches == [["a", "b", "c"]]
    assert scene.kind.reverts == []
    assert scene.book.phases() == ["reverted"] * 3
    assert cast(CountingBook, scene.book).appends == [3, 3], "what they came to is one piece too"
    assert keeper.open() == []


def test_one_alone_is_reverted_alone_and_what_is_not_due_is_left() -> None:
    scene, keeper = rack("a")
    keeper.hold(scene.pull("later", hold=60))
    keeper.tick()
    assert kind_of(scene).batches == []
    assert scene.kind.reverts == ["a"]
    assert scene.kind.pulled == {"later"}


def test_each_server_and_each_kind_has_a_batch_of_its_own() -> None:
    scene, keeper = rack()
    other = Rack(name="other")
    keeper.kinds = {**keeper.kinds, "other": cast(FaultKind, other)}
    for name, scope in zip("abcd", ["one", "two", "one", "two"], strict=True):
        keeper.hold(elsewhere(scene.pull(name, hold=0), scope))
    for name in "ef":
        held = elsewhere(scene.pull(name, hold=0), "one")
        keeper.hold(replace(held, fault=replace(held.fault, kind="other")))
    keeper.tick()
    assert kind_of(scene).batches == [["a", "c"], ["b", "d"]]
    assert other.batches == [["e", "f"]]


def test_a_kind_that_cannot_is_asked_one_by_one() -> None:
    scene, keeper = rack(*"abc", kind=Scripted())
    keeper.tick()
    assert not isinstance(scene.kind, Wholesale)
    assert scene.kind.reverts == list("abc")


def test_a_record_is_let_go_only_after_its_end_is_told() -> None:
    scene, keeper = rack()
    told: list[int] = []

    class Watching(FakeTrustee):
        def release(self, held: Held) -> None:
            told.append(len(scene.book.events))
            super().release(held)

    keeper.trustee = Watching()
    for name in "abc":
        held = scene.pull(name, hold=0)
        keeper.entrust(held)
        keeper.hold(held)
    keeper.tick()
    assert told == [3, 3, 3]
    assert cast(FakeTrustee, keeper.trustee).wards == set()


def raises(error: BaseException) -> Callable[[Rack], None]:
    def bring(kind: Rack) -> None:
        def burst() -> None:
            raise error

        kind.before = burst

    return bring


def answers(proofs: Any) -> Callable[[Rack], None]:
    return lambda kind: object.__setattr__(kind, "revert_all", lambda _: proofs)


@pytest.mark.parametrize(
    "bring",
    [
        raises(ConnectionError("the server is away")),
        raises(SystemExit(1)),
        answers([]),
        answers([Evidence(True, "back")]),
        answers(["back", "back", "back"]),
        answers(None),
    ],
)
def test_a_batch_that_breaks_as_a_whole_is_tried_one_by_one_at_once(bring: Callable[[Rack], None]) -> None:
    scene, keeper = rack(*"abc")
    bring(kind_of(scene))
    try:
        keeper.tick()
    except SystemExit:
        assert keeper.held()
    assert scene.kind.pulled == set("abc"), "nothing is taken for proved"
    assert scene.book.events == []
    keeper.tick()
    assert scene.kind.reverts == list("abc")
    assert scene.kind.pulled == set()
    assert scene.book.phases() == ["reverted"] * 3


def test_after_a_batch_broke_none_of_them_is_stuck_before_it_failed_alone_so_often() -> None:
    kind = Rack(script={"a": [BROKEN] * (STUCK_AFTER - 1)})
    raises(ValueError("a bug"))(kind)
    scene, keeper = rack(*"ab", kind=kind)
    for _ in range(200):
        keeper.tick()
        scene.clock.advance(1)
    assert scene.book.phases() == ["reverted", "reverted"]
    assert len(kind.batches) == 1


def test_each_has_a_backoff_of_its_own_and_is_stuck_alone() -> None:
    scene, keeper = rack(*"abc", kind=Rack(script={"b": [BROKEN] * (STUCK_AFTER + 1)}))
    keeper.tick()
    assert [held.key[1] for held in keeper.held()] == ["b"]
    scene.clock.advance(BACKOFF[0] - 0.1)
    keeper.tick()
    assert scene.kind.reverts == []
    scene.clock.advance(0.1)
    keeper.tick()
    assert scene.kind.reverts == ["b"]
    for _ in range(400):
        scene.clock.advance(0.25)
        keeper.tick()
    assert [(e.target, str(e.phase)) for e in scene.book.events] == [
        ("a", "reverted"),
        ("c", "reverted"),
        ("b", "stuck"),
        ("b", "reverted"),
    ]
    assert scene.book.events[2].data["tries"] == STUCK_AFTER


def test_what_the_batch_did_not_get_to_is_looked_at_again_soon_and_is_no_failure() -> None:
    scene, keeper = rack(*"abc", kind=Rack(script={"c": [AT_IT] * 20, "b": [AT_IT] * 20}))
    keeper.tick()
    for number in range(20):
        scene.clock.advance(UNDER_WAY_EVERY)
        keeper.tick()
        assert kind_of(scene).batches[number + 1] == ["b", "c"]
    assert scene.book.phases() == ["reverted"] * 3


def test_those_that_failed_least_come_first() -> None:
    """A batch has to end in time: what hangs there must not keep the same others waiting each time."""
    scene, keeper = rack(*"abc", kind=Rack(script={"a": [BROKEN], "b": [AT_IT], "c": [AT_IT]}))
    keeper.tick()
    scene.clock.advance(5)
    keeper.tick()
    assert kind_of(scene).batches == [["a", "b", "c"], ["b", "c", "a"]]


def test_what_is_closed_by_force_meanwhile_is_not_told_again() -> None:
    scene, keeper = rack(*"abc")
    kind_of(scene).before = lambda: keeper.drop(keeper.held("run-b")[0])
    keeper.tick()
    assert [event.target for event in scene.book.events] == ["a", "c"]
    assert keeper.open() == []


def test_no_batch_waits_for_a_ledger_that_is_away_and_all_is_told_later_once() -> None:
    scene, keeper = rack(*"abc")
    scene.book.away = True
    keeper.tick()
    assert scene.kind.pulled == set()
    assert (scene.book.events, keeper.open()) == ([], [])
    scene.book.away = False
    scene.clock.advance(10)
    keeper.tick()
    assert [(e.target, e.data.get("late")) for e in scene.book.events] == [(name, True) for name in "abc"]


def test_an_end_that_is_ordered_ends_all_of_them_together() -> None:
    scene, keeper = rack(*"abc", hold=600)
    assert keeper.end("", "shutdown") == 3
    keeper.tick()
    assert kind_of(scene).batches == [["a", "b", "c"]]
    assert {event.data["why"] for event in scene.book.events} == {"shutdown"}


def ended(kind: Scripted, seconds: int) -> tuple[Counter[object], list[str]]:
    """What was told of each lever, and which are still held, after so long."""
    scene, keeper = rack(*"abcdef", kind=kind)
    for _ in range(seconds * 4):
        keeper.tick()
        scene.clock.advance(0.25)
    told = Counter[object](
        (e.target, str(e.phase), str(e.data["why"]), str(e.data["detail"]), str(e.data.get("tries")), str(e.at))
        for e in scene.book.events
    )
    return told, [held.key[1] for held in keeper.held()]


@given(script=st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from([BROKEN, AT_IT, BACK]), max_size=9)))
def test_many_at_once_are_told_as_each_alone_whatever_becomes_of_them(script: dict[str, list[str]]) -> None:
    def copy() -> dict[str, list[str]]:
        return {name: list(said) for name, said in script.items()}

    together = Rack(script=copy())
    assert ended(together, 90) == ended(Scripted(script=copy()), 90)
    assert len(together.batches[0]) == 6
