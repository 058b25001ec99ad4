from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.targets.scopes import Scopes

names = st.text(alphabet="abc-", min_size=1, max_size=4)
patterns = st.lists(st.text(alphabet="abc-*!", min_size=1, max_size=4), max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("lists", "inside", "outside"),
    [
        ((("*",),), ["a", "b"], []),
        ((("shop-*", "!shop-db"),), ["shop-web"], ["shop-db", "other"]),
        ((("!kube-*",),), ["shop"], ["kube-system"]),
        ((("shop-*",), ("*-web",)), ["shop-web"], ["shop-db", "a-web"]),
        (((),), ["a"], []),
        ((), ["a"], []),
    ],
)
def test_a_namespace_is_meant_when_every_list_allows_it(
    lists: tuple[tuple[str, ...], ...], inside: list[str], outside: list[str]
) -> None:
    scopes = Scopes(lists)
    assert scopes.among([*inside, *outside]) == frozenset(inside)


def test_plain_names_need_no_look_at_the_cluster() -> None:
    assert Scopes((("b", "a", "a"), ("*",))).exact() == ("a", "b")
    assert Scopes((("a", "b", "!b"), ("*",))).exact() == ("a",)
    assert Scopes((("shop-*",), ("shop-a", "other"))).exact() == ("shop-a",)


def test_patterns_need_a_look_at_the_cluster() -> None:
    assert Scopes((("shop-*", "a"),)).exact() is None
    assert Scopes((("!a",), ("*",))).exact() is None


def test_names_that_nothing_allows_mean_nothing_rather_than_everything() -> None:
    assert Scopes((("a",), ("b",))).exact() == ()


@given(st.lists(patterns, max_size=3).map(tuple), st.lists(names, max_size=6))
def test_exact_names_are_just_those_that_are_meant(lists: tuple[tuple[str, ...], ...], tried: list[str]) -> None:
    scopes = Scopes(lists)
    exact = scopes.exact()
    if exact is not None:
        assert scopes.among(tried) == set(exact) & set(tried)


@given(patterns, names)
def test_what_one_list_excludes_no_other_list_brings_back(excluded: tuple[str, ...], name: str) -> None:
    bans = tuple(f"!{pattern.removeprefix('!')}" for pattern in excluded)
    banned = any(fnmatchcase(name, ban[1:]) for ban in bans)
    assert (name in Scopes((bans, ("*",)))) is not banned
