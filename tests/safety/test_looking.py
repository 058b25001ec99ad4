"""All is well, or it is a no that has what was seen, where, and how to look there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from safety.looking import LookBothWays
from simian_army.asking import answer
from simian_army.model import Target
from simian_army.sights import Look, Question, Sight
from tests.safety.scenes import pod, scene

FINE, BAD = Sight(fine=True, words="all is well"), Sight(fine=False, words="an alert is firing")


@dataclass(frozen=True)
class FakeView:
    """Sees ``sight``, at once or only when asked."""

    sight: Sight
    shared: bool = True
    asks: bool = True

    def about(self, target: Target) -> Question | Sight:
        return Question((target.name,), "somewhere", 1.0, lambda: self.sight) if self.asks else self.sight


@dataclass
class FakeLookout:
    """Asks at once."""

    how: list[str] = field(default_factory=list)

    def now(self, questions: Sequence[Question]) -> list[Sight]:
        self.how.append(f"now {len(questions)}")
        return [question.ask() for question in questions]

    def lately(self, questions: Sequence[Question]) -> list[Sight]:
        self.how.append(f"lately {len(questions)}")
        return [question.ask() for question in questions]

    def close(self) -> None:
        raise AssertionError


def guard(*looks: Look) -> LookBothWays:
    return LookBothWays(looks, FakeLookout())


def test_nothing_to_look_at_is_not_applicable() -> None:
    assert guard()(scene()).reason == "not applicable: safety.look is empty"
    other = guard(Look("safety.look[0]", FakeView(BAD), frozenset({"nodes"})))(scene())
    assert other.allowed and other.reason == "not applicable: no look is for this monkey"


def test_when_all_is_well_every_look_is_told() -> None:
    said = guard(Look("safety.look[0]", FakeView(FINE)), Look("safety.look[1]", FakeView(FINE, asks=False)))(scene())
    assert said.allowed
    assert said.reason == "all is well (safety.look[0]); all is well (safety.look[1])"


def test_one_that_sees_trouble_is_a_no_with_its_words_alone() -> None:
    looks = [Look("a", FakeView(FINE)), Look("b", FakeView(BAD)), Look("c", FakeView(FINE, asks=False))]
    said = guard(*looks)(scene())
    assert not said.allowed and said.final
    assert said.reason == "an alert is firing (b)"


def test_trouble_of_one_target_leaves_the_others_a_chance() -> None:
    looks = [Look("a", FakeView(FINE)), Look("b", FakeView(BAD, shared=False))]
    said = guard(*looks)(scene())
    assert not said.allowed and not said.final


def test_trouble_everywhere_and_of_one_target_is_final() -> None:
    said = guard(Look("a", FakeView(BAD, shared=False)), Look("b", FakeView(BAD)))(scene())
    assert not said.allowed and said.final
    assert said.reason == "an alert is firing (a); an alert is firing (b)"


def test_a_look_is_only_for_the_monkeys_it_names() -> None:
    look = Look("a", FakeView(BAD), frozenset({"pods"}))
    assert not guard(look)(scene(entry="pods")).allowed
    assert guard(look)(scene(entry="nodes")).allowed


def test_while_held_only_what_is_looked_at_then_is_asked_and_nobody_waits() -> None:
    before, always = Look("a", FakeView(BAD), held=False), Look("b", FakeView(FINE))
    asked = guard(before, always)
    assert not asked(scene()).allowed
    assert asked.while_held()(scene()).allowed
    assert isinstance(asked.lookout, FakeLookout)
    assert asked.lookout.how == ["now 2", "lately 1"]


def test_what_breaks_in_it_is_a_no_in_its_name() -> None:
    class Broken(FakeLookout):
        def now(self, questions: Sequence[Question]) -> list[Sight]:
            raise RuntimeError("it broke")

    said = answer(LookBothWays((Look("a", FakeView(FINE)),), Broken()), scene())
    assert not said.allowed
    assert (said.guard, said.reason) == ("look", "guard failed: RuntimeError: it broke")


def test_fewer_answers_than_questions_are_a_no() -> None:
    class Short(FakeLookout):
        def now(self, questions: Sequence[Question]) -> list[Sight]:
            return []

    assert not answer(LookBothWays((Look("a", FakeView(FINE)),), Short()), scene()).allowed


def test_a_survey_sees_what_is_the_same_for_every_target() -> None:
    looks = (Look("a", FakeView(FINE)), Look("b", FakeView(BAD, shared=False)), Look("c", FakeView(BAD)))
    seen = guard(*looks).survey()
    assert [(look.name, sight.fine) for look, sight in seen] == [("a", True), ("c", False)]


def test_each_target_is_asked_for_by_itself() -> None:
    @dataclass(frozen=True)
    class ByName(FakeView):
        def about(self, target: Target) -> Question | Sight:
            return Sight(fine=target.name == "web-1", words=target.name)

    asked = guard(Look("a", ByName(FINE, shared=False)))
    assert asked(scene(pod("web-1"))).allowed
    assert not asked(scene(pod("web-2"))).allowed
