from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.errors import PlatformError
from simian_army.targets.amazon.tags import Need, filters, holds, parse

TAGS = {"app": "shop", "tier": "a", "Name": "my server", "Cost Center": "a=b, (c)", "star": "a*", "empty": ""}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", True),
        ("app=shop", True),
        ("app==shop", True),
        ("app=Shop", False),
        ("App=shop", False),
        ("app!=shop", False),
        ("app!=bank", True),
        ("missing!=bank", True),
        ("tier in (a,b)", True),
        ("tier in (c, b)", False),
        ("tier notin (a)", False),
        ("missing notin (a)", True),
        ("app", True),
        ("!app", False),
        ("! missing", True),
        ("app=shop,tier in (a,b),!x,env!=prod", True),
        ("app=shop,tier in (a,b),!x,env!=prod,team", False),
        ('Name="my server"', True),
        ('"Cost Center"="a=b, (c)"', True),
        ('Name in (x, "my server")', True),
        ("star=a*", True),
        ("app=s*", False),
        ("app=s??p", False),
        ("empty=", True),
        ("empty!=", False),
    ],
)
def test_a_query_means_what_it_means_in_kubernetes_and_case_and_stars_are_themselves(
    query: str, expected: bool
) -> None:
    assert holds(parse(query), TAGS) is expected


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("app=shop,tier in (a", "tier in (a"),
        ("tier in ()", "tier in ()"),
        ("tier in (a,)", "tier in (a,)"),
        ("tier in a", "tier in a"),
        ("app=shop,", "''"),
        (",app", ",app"),
        ("=shop", "=shop"),
        ("!", "!"),
        ("app=two words", "app=two words"),
        ("app shop", "app shop"),
        ('app="open', 'app="open'),
        ('""=x', '""=x'),
    ],
)
def test_what_cannot_be_understood_is_an_error_that_names_the_part(query: str, part: str) -> None:
    with pytest.raises(PlatformError) as told:
        parse(query)
    assert f"at {part!r}" in str(told.value) or f"at {part}:" in str(told.value)


def test_aws_is_asked_what_it_can_tell_and_wildcards_are_escaped() -> None:
    asked = filters(parse("app=a*?,tier in (b,a),team,!x,env!=prod"), wild=True)
    assert asked == [
        {"Name": "tag:app", "Values": [r"a\*\?"]},
        {"Name": "tag:tier", "Values": ["a", "b"]},
        {"Name": "tag-key", "Values": ["team"]},
    ]
    assert filters(parse("app=a*,tier=b"), wild=False) == [{"Name": "tag:tier", "Values": ["b"]}]


def test_one_filter_is_never_sent_twice_and_never_with_more_values_than_aws_takes() -> None:
    assert filters(parse("team,owner,app in (a,b),app in (b,c)"), wild=True) == [
        {"Name": "tag-key", "Values": ["team"]},
        {"Name": "tag:app", "Values": ["a", "b"]},
    ]
    many = Need("app", frozenset(str(number) for number in range(201)))
    assert filters([many], wild=True) == []


def matched(asked: list[dict[str, Any]], tags: dict[str, str]) -> bool:
    """What EC2 makes of filters, as its documentation says."""
    plain = {r"\*": "[*]", r"\?": "[?]"}
    for one in asked:
        patterns = one["Values"]
        for theirs, ours in plain.items():
            patterns = [pattern.replace(theirs, ours) for pattern in patterns]
        name = one["Name"].removeprefix("tag:")
        seen = list(tags) if one["Name"] == "tag-key" else [tags[name]] if name in tags else []
        if not any(fnmatchcase(value, pattern) for value in seen for pattern in patterns):
            return False
    return True


TEXT = st.text("ab*?\\", max_size=3)
NEEDS = st.lists(st.builds(Need, TEXT.filter(bool), st.none() | st.frozensets(TEXT, min_size=1), st.booleans()))


@given(NEEDS, st.dictionaries(TEXT.filter(bool), TEXT))
def test_aws_never_keeps_back_what_the_query_wants(needs: list[Need], tags: dict[str, str]) -> None:
    if holds(needs, tags):
        assert matched(filters(needs, wild=True), tags)
