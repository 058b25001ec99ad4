"""A value goes only where it can mean nothing but itself, and means exactly that there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.promql import matcher, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text("\\\"'`$.*+?|()[]{}^\n n,=~!x")


def unquoted(text: str) -> str:
    """What a Go string literal in quotes means; nothing after its end."""
    quote, rest, said = text[0], text[1:], ""
    while rest[0] != quote:
        assert rest[0] != "\n"
        if rest[0] != "\\":
            said, rest = said + rest[0], rest[1:]
            continue
        assert rest[1] in ("\\", "n", quote)
        said, rest = said + ("\n" if rest[1] == "n" else rest[1]), rest[2:]
    assert rest == quote
    return said


@given(TEXT, st.sampled_from("\"'"))
def test_whatever_a_value_is_the_query_has_that_very_literal_and_nothing_else(value: str, quote: str) -> None:
    query = parse(f'sum(up{{a={quote}pre-$name{quote}, b="b"}}) > 0 # c')
    filled = query.fill({"name": value})
    head, tail = "sum(up{a=", ', b="b"}) > 0 # c'
    assert filled.startswith(head) and filled.endswith(tail)
    assert unquoted(filled[len(head) : -len(tail)]) == f"pre-{value}"


@given(TEXT, TEXT)
def test_in_a_pattern_a_value_matches_itself_only(value: str, other: str) -> None:
    filled = parse('up{a=~"($name|x-$group)"}').fill({"name": value, "group": other})
    pattern = re.compile(unquoted(filled.removeprefix("up{a=~").removesuffix("}")))
    assert pattern.fullmatch(value)
    assert pattern.fullmatch(f"x-{other}")
    assert not pattern.fullmatch(f"{value}y{other}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("$name", "$name may stand only between the quotes of a label's value"),
        ("sum(up) by ($group)", "may stand only between"),
        ('up{$name="x"}', "may stand only between"),
        ("up{a=`$name`}", "may stand only between"),
        ('label_replace(up, "a", "$name", "b", ".*")', "may stand only between"),
        ('count_values("$name", up)', "may stand only between"),
        ('up == "$name"', "may stand only between"),
        ('up >= "$name"', "may stand only between"),
        ('up # "$name"', "may stand only between"),
        ('up{a="$nmae"}', "$nmae is nothing a target has; did you mean $name?"),
        ('up{a="$pod_name_of_it"}', "there are: $namespace, $name, $group, $node"),
        ('up{a="\\\\$name"}', "may not follow a backslash"),
        ('up{a=~"[$name]"}', "may not use [ ]"),
        ('up{a=~"x{$name}"}', "may not use [ ]"),
        ('up{a=~"(?i)$name"}', "may not use [ ]"),
        ('up{a=~"$name+"}', "may not use [ ]"),
        ('up{a=~"\\\\d$name"}', "may not use [ ]"),
        ('up{a="b}', "the quote at letter 6 is not closed"),
        ("up{a='b\nc'}", "the quote at letter 6 is not closed"),
        ("  ", "an empty query sees nothing"),
    ],
)
def test_a_place_where_a_value_could_mean_more_is_a_mistake(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "up",
        'label_replace(up, "a", "$1-$x", "b", "(.*)")',
        'up{a=~"b$"} and on () up{c!~"[a-z]+\\\\."} # it\'s "fine"',
        "up{a=`\\d+`}",
        'up{a="\'`#"}',
    ],
)
def test_a_query_without_places_stays_as_it_is(text: str) -> None:
    query = parse(text)
    assert not query.names
    assert query.fill({}) == text


def test_a_query_tells_what_it_asks_of_a_target() -> None:
    assert parse('up{a="$name", b!= \'$node\', c!~"$group-.*"}').names == {"name", "node", "group"}


@pytest.mark.parametrize(
    "text", ['severity="page"', "severity=page", ' a =~ "b|c" ', 'namespace!="$namespace"', 'a=""']
)
def test_a_matcher_is_a_name_an_operator_and_a_value(text: str) -> None:
    assert matcher(text).text == text


@pytest.mark.parametrize(
    "text",
    ["", "severity", "='x'", "namespace='$namespace'", "namespace=$namespace", 'a="b", c="d"', 'a="b" or c', 'a="'],
)
def test_what_is_no_matcher_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no matcher|may stand only between"):
        matcher(text)


def test_half_a_letter_is_no_text_that_can_be_sent() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        parse('up{a="$name"}').fill({"name": "\ud800"})
