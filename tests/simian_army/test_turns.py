"""Are as many struck as are wanted, one of each slot, and is nobody asked for once a run has had enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simian_army.model import Fault, Target, Verdict
from simian_army.outcome import Draw
from simian_army.turns import MISSES, drawn, drawn_of, in_order


def fault(name: str, slot: str = "") -> Fault:
    return Fault("lever", Target("fake", "lever", name, name, "", "", None, {}), slot=slot)


def run(names: str, want: int, slots: bool = False, final: str = "") -> tuple[list[str], list[str]]:
    """Names struck and names asked for; capitals are refused."""
    asked: list[str] = []

    def faults() -> Iterator[Fault]:
        for name in names:
            asked.append(name)
            yield fault(name, name.lower() if slots else "")

    def strike(one: Fault) -> Draw:
        name = one.target.name
        no = Verdict("guard", allowed=False, reason="no", final=name == final)
        return Draw(one, [no] if name.isupper() else [], taken=name.islower())

    return [draw.fault.target.name for draw in drawn(faults(), want, strike)], asked


@pytest.mark.parametrize(
    ("names", "want", "struck", "asked"),
    [
        ("abc", 2, "ab", "ab"),
        ("aBcd", 2, "aBc", "aBc"),
        ("ab", 5, "ab", "ab"),
        ("abc", 0, "", "a"),
        ("", 3, "", ""),
        ("aab", 2, "ab", "aab"),
    ],
)
def test_as_many_are_taken_as_are_wanted_and_no_more_asked_for(names: str, want: int, struck: str, asked: str) -> None:
    assert run(names, want) == (list(struck), list(asked))


def test_of_a_slot_one_is_taken_and_a_refused_one_keeps_the_slot_free() -> None:
    assert run("aAabB", 3, slots=True) == (list("ab"), list("aAabB"))
    assert run("Aab", 2, slots=True) == (list("Aab"), list("Aab"))


def test_a_denial_that_all_would_meet_ends_the_run() -> None:
    assert run("aBcd", 3, final="B") == (list("aB"), list("aB"))


def test_a_run_gives_up_after_so_many_refused() -> None:
    struck, asked = run("A" * (MISSES + 20), 1)
    assert (len(struck), len(asked)) == (MISSES, MISSES)


def test_who_wants_nobody_is_gone_through_all_the_same_for_its_findings() -> None:
    seen: list[str] = []

    def findings() -> Iterator[Fault]:
        seen.append("looked")
        yield from ()

    assert drawn_of([(0, findings())], 0, lambda one: Draw(one, [], taken=True)) == []
    assert seen == ["looked"]


def test_of_several_lots_each_gives_at_most_its_own_and_all_no_more_than_is_wanted() -> None:
    def struck(want: int) -> list[str]:
        lots = [(1, [fault("a"), fault("b")]), (2, [fault("c"), fault("d"), fault("e")]), (9, [fault("f")])]
        return [draw.fault.target.name for draw in drawn_of(lots, want, lambda one: Draw(one, [], taken=True))]

    assert [struck(want) for want in (1, 2, 9)] == [["a"], ["a", "c"], ["a", "c", "d", "f"]]


def test_candidates_are_shown_by_id_in_whatever_order_they_were_listed() -> None:
    found = [fault(name).target for name in "cab"]
    assert [target.id for target in in_order(found)] == ["a", "b", "c"]
