"""Do the two ways of writing a selector mean what the documentation of Kubernetes says, and the same."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.selectors import Labels, labels_match, object_selector, written

EVERY = [
    {key: value for key, value in zip("ab", values, strict=True) if value is not None}
    for values in product([None, "", "x", "y", "5", "40"], repeat=2)
]
"""All labels that can be made of two keys and a few values."""

TRUTH = [
    # operator, values, and whether it means: no such label, an empty value, x, y
    ("In", ["x"], (False, False, True, False)),
    ("In", ["x", ""], (False, True, True, False)),
    ("NotIn", ["x"], (True, True, False, True)),
    ("NotIn", ["x", "y"], (True, True, False, False)),
    ("Exists", [], (False, True, True, True)),
    ("DoesNotExist", [], (True, False, False, False)),
]
KEYS, VALUES = st.sampled_from("ab"), st.sampled_from(["x", "y", "5", ""])
TERMS = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        KEYS,
        st.sampled_from(["In", "NotIn"]),
        st.lists(VALUES, min_size=1, max_size=3),
    ),
    st.builds(lambda key, word: {"key": key, "operator": word}, KEYS, st.sampled_from(["Exists", "DoesNotExist"])),
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": st.dictionaries(KEYS, VALUES), "matchExpressions": st.lists(TERMS, max_size=3)}
)


def holds(term: dict[str, Any], labels: Labels) -> bool:
    said = [labels[term["key"]]] if term["key"] in labels else []
    hit = any(value in term.get("values", ()) for value in said)
    return {"In": hit, "NotIn": not hit, "Exists": bool(said), "DoesNotExist": not said}[term["operator"]]


def brute(selector: dict[str, Any], labels: Labels) -> bool:
    pairs = selector.get("matchLabels", {}).items()
    return set(pairs) <= set(labels.items()) and all(
        holds(term, labels) for term in selector.get("matchExpressions", ())
    )


@pytest.mark.parametrize(("operator", "values", "truth"), TRUTH)
def test_an_operator_means_what_the_documentation_says(
    operator: str, values: list[str], truth: tuple[bool, ...]
) -> None:
    selector = {"matchExpressions": [{"key": "a", "operator": operator, "values": values}]}
    seen = tuple(object_selector(selector)(labels) for labels in ({}, {"a": ""}, {"a": "x"}, {"a": "y"}))
    assert seen == truth


@given(SELECTORS)
def test_a_selector_means_all_of_its_requirements(selector: dict[str, Any]) -> None:
    test = object_selector(selector)
    assert [test(labels) for labels in EVERY] == [brute(selector, labels) for labels in EVERY]


@given(SELECTORS)
def test_a_selector_written_as_a_query_means_the_same(selector: dict[str, Any]) -> None:
    by_object, by_query = object_selector(selector), labels_match(written(selector))
    assert [by_query(labels) for labels in EVERY] == [by_object(labels) for labels in EVERY]


def test_no_selector_means_nothing_and_an_empty_one_everything() -> None:
    assert not any(object_selector(None)(labels) for labels in EVERY)
    assert all(object_selector({})(labels) for labels in EVERY)
    assert all(object_selector({"matchLabels": None, "matchExpressions": None})(labels) for labels in EVERY)
    assert all(labels_match("")(labels) for labels in EVERY)


@pytest.mark.parametrize(
    ("selector", "query"),
    [
        (None, ""),
        ({}, ""),
        ({"matchLabels": {"b": "2", "a": "1"}}, "a=1,b=2"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["x", "y"]}]}, "a in (x,y)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, "a notin (x)"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "DoesNotExist"}]}, "a,!b"),
    ],
)
def test_a_selector_is_put_in_the_words_of_a_query(selector: dict[str, Any] | None, query: str) -> None:
    assert written(selector) == query


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("a=x", [{"a": "x"}]),
        ("a==x", [{"a": "x"}]),
        ("a = x , !b", [{"a": "x"}]),
        ("a!=x", [{}, {"a": ""}, {"a": "40"}]),
        ("a", [{"a": "x"}, {"a": ""}, {"a": "40"}]),
        ("a>5", [{"a": "40"}]),
        ("a<50", [{"a": "40"}]),
        ("a in (x, 40)", [{"a": "x"}, {"a": "40"}]),
        ("example.com/a=x", []),
    ],
)
def test_a_query_means_these_labels(query: str, meant: list[Labels]) -> None:
    tried: list[Labels] = [{}, {"a": "x"}, {"a": ""}, {"a": "40"}]
    test = labels_match(query)
    assert [labels for labels in tried if test(labels)] == [labels for labels in tried if labels in meant]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("=x", "unable to parse requirement: found '=x'"),
        ("a=x,,b", "unable to parse requirement: found ',b'"),
        ("a=x,", "unable to parse requirement: found 'a=x,'"),
        ("a~x", "unable to parse requirement: found 'a~x'"),
        ("a in x", "unable to parse requirement: found 'a in x'"),
        ("a\n~", r"found 'a\n~', expected"),
        ("a in (x y)", "'x y' is not a label value"),
        ("a>x", "'x' must be an integer"),
    ],
)
def test_what_is_no_query_is_refused_with_the_part_that_is_wrong(query: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        labels_match(query)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("app=web", "'app=web' is not a label selector"),
        ({"matchLabels": ["a"]}, "matchLabels: ['a'] is not a mapping of labels"),
        ({"matchExpressions": {"key": "a"}}, "is not a list"),
        ({"matchExpressions": ["a"]}, "matchExpressions: 'a' names no key"),
        ({"matchExpressions": [{"operator": "In"}]}, "names no key"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": "x"}]}, "'x' is not a list of values"),
        ({"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}, '"Gt" is not a valid label selector'),
        ({"matchExpressions": [{"key": "a"}]}, '"None" is not a valid label selector operator'),
    ],
)
def test_what_is_no_selector_is_refused_in_both_ways_with_the_part_that_is_wrong(selector: Any, words: str) -> None:
    for made in (object_selector, written):
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
            made(selector)
        assert words in str(caught.value)


@given(st.text(max_size=30))
def test_any_text_is_a_query_or_is_refused(text: str) -> None:
    try:
        said = labels_match(text)({})
    except ValueError:
        said = None
    assert said in (True, False, None)
