"""What real monitoring says, and what the looks make of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simian_army.looking.alerts import Alerts
from simian_army.looking.metric import Metric
from simian_army.promql import matcher, parse
from tests.cluster.waiting import until
from tests.looking.asking import pod, see, server
from tests.looking.monitoring import Alertmanager, Prometheus

pytestmark = pytest.mark.real

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd"), min_size=1, max_size=20)
WILD = st.text("\\\"'`$.*+?|()[]{}^\n\r\t #,=~!xä", min_size=1, max_size=20)


def metric(at: Prometheus, query: str, most: float | None = 1.0, least: float | None = None) -> Metric:
    return Metric(server(at.url), parse(query), least, most)


def alerts(at: Alertmanager, *matchers: str, silenced: bool = False, watchdog: str = "") -> Alerts:
    dog = matcher(watchdog) if watchdog else None
    return Alerts(server(at.url), tuple(matcher(one) for one in matchers), silenced, watchdog=dog)


def test_a_value_within_its_limits_is_well_and_is_told(prometheus: Prometheus) -> None:
    seen = see(metric(prometheus, "vector(0.5)", most=0.5, least=0.5))
    assert seen.fine
    assert seen.words == f"prometheus 127.0.0.1:{prometheus.port}: vector(0.5) is 0.5, within min 0.5 and max 0.5"
    assert see(metric(prometheus, "1 + 1", most=2)).fine


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("vector(1.01)", "is 1.01, max 1 is allowed"),
        ("vector(-1)", "is -1, min 0 is needed"),
        ("nothing_like_that", "no series; if that is well, add: or vector(0)"),
        ("vector(0) / 0", "nan, which is no number"),
        ("vector(1) / 0", "inf, which is no number"),
        ('label_replace(vector(1), "a", "1", "", "") or vector(1)', "2 series, one is meant"),
        ("vector(1)[5m:1m]", "a matrix is no single number"),
        ("up{", "400 invalid parameter"),
        ("rate(up)", "400"),
    ],
)
def test_whatever_is_no_value_within_the_limits_is_a_no_with_its_words(
    prometheus: Prometheus, query: str, told: str
) -> None:
    seen = see(metric(prometheus, query, least=0.0))
    assert not seen.fine
    assert told in seen.words
    assert seen.words.startswith(f"prometheus 127.0.0.1:{prometheus.port}: {query}")


def test_a_prometheus_that_was_killed_is_a_no() -> None:
    with Prometheus() as other:
        view = metric(other, "vector(1)")
        assert see(view).fine
        other.kill()
        seen = see(view)
    assert not seen.fine and seen.doubt
    assert "Connection refused" in seen.words


@settings(max_examples=300)
@given(value=WORDS | WILD)
def test_whatever_a_target_is_called_prometheus_reads_back_that_very_literal(
    prometheus: Prometheus, value: str
) -> None:
    said = parse("absent(nope{a=\"$name\", b='$name-x'})").fill({"name": value})
    answer = server(prometheus.url).post("/api/v1/query", [("query", said)])
    assert answer.status == 200, (said, answer.body)
    (series,) = json.loads(answer.body)["data"]["result"]
    assert series["metric"] == {"a": value, "b": f"{value}-x"}


@settings(max_examples=300)
@given(value=WORDS | WILD, other=WILD)
def test_in_a_pattern_it_matches_itself_and_nothing_else(prometheus: Prometheus, value: str, other: str) -> None:
    pattern = parse('{a=~"$name"}').fill({"name": value})[4:-1]

    def matches(text: str) -> bool:
        literal = parse('{a="$name"}').fill({"name": text.replace("$", "$$")})[3:-1]  # label_replace reads $ itself
        source = f'label_replace(vector(1), "a", {literal}, "", "")'
        query = f'label_replace({source}, "hit", "y", "a", {pattern})'
        answer = server(prometheus.url).post("/api/v1/query", [("query", query)])
        assert answer.status == 200, (query, answer.body)
        (series,) = json.loads(answer.body)["data"]["result"]
        assert series["metric"]["a"] == text
        return "hit" in series["metric"]

    assert matches(value)
    assert matches(other) == (other == value)


def test_a_replacement_letter_that_prometheus_cannot_read_is_a_no(prometheus: Prometheus) -> None:
    seen = see(metric(prometheus, 'absent(nope{a="$name"})'), pod("a\ufffd"))
    assert not seen.fine and seen.doubt
    assert "400" in seen.words


def test_an_alert_that_fires_is_a_no_until_it_is_resolved_or_silenced(alertmanager: Alertmanager) -> None:
    view = alerts(alertmanager, 'severity="page"', "team=one")
    assert see(view).fine
    alertmanager.fire(alertname="Slow", severity="page", team="one", namespace="shop")
    seen = see(view)
    assert not seen.fine and not seen.doubt
    where = f"alertmanager 127.0.0.1:{alertmanager.port}"
    assert seen.words == f'{where}: firing and matching severity="page", team=one: Slow (namespace shop)'
    alertmanager.silence(team="one")
    until("the silence to be seen", lambda: see(view).fine, 30)
    assert not see(alerts(alertmanager, "team=one", silenced=True)).fine
    alertmanager.resolve(alertname="Slow", severity="page", team="one", namespace="shop")
    until("the alert to be over", lambda: see(alerts(alertmanager, "team=one", silenced=True)).fine, 30)


def test_an_alert_of_another_namespace_is_none_of_the_targets(alertmanager: Alertmanager) -> None:
    alertmanager.fire(alertname="Slow", team="two", namespace="shop")
    view = alerts(alertmanager, "team=two", 'namespace="$namespace"')
    assert not see(view, pod(namespace="shop")).fine
    assert see(view, pod(namespace="till")).fine
    alertmanager.resolve(alertname="Slow", team="two", namespace="shop")


@settings(max_examples=100, deadline=None)
@given(value=WORDS | WILD)
def test_whatever_a_target_is_called_alertmanager_matches_that_very_literal(
    alertmanager: Alertmanager, value: str
) -> None:
    alertmanager.fire(alertname="Odd", team="three", namespace=value)
    exact = alerts(alertmanager, "team=three", 'namespace="$namespace"')
    pattern = alerts(alertmanager, "team=three", 'namespace=~"$namespace"')
    seen = (see(exact, pod(namespace=value)).fine, see(pattern, pod(namespace=value)).fine)
    other = see(pattern, pod(namespace=value + "x")).fine
    alertmanager.resolve(alertname="Odd", team="three", namespace=value)
    assert seen == (False, False)
    assert other


def test_without_its_watchdog_silence_at_alertmanager_is_doubt(alertmanager: Alertmanager) -> None:
    view = alerts(alertmanager, "team=four", watchdog='alertname="Watchdog"')
    seen = see(view)
    assert not seen.fine and seen.doubt
    assert 'the watchdog alertname="Watchdog" does not fire' in seen.words
    alertmanager.fire(alertname="Watchdog")
    assert see(view).fine
    alertmanager.resolve(alertname="Watchdog")


def test_a_matcher_that_alertmanager_cannot_read_is_a_no(alertmanager: Alertmanager) -> None:
    seen = see(alerts(alertmanager, 'team=~"("'))
    assert not seen.fine and seen.doubt
    assert "400" in seen.words


@pytest.mark.slow
def test_an_alert_goes_from_a_rule_to_a_no_and_back(prometheus: Prometheus, alertmanager: Alertmanager) -> None:
    view = alerts(alertmanager, 'alertname="Broken"', 'namespace="$namespace"')
    assert see(view).fine
    prometheus.rule("Broken", "vector(1)", namespace="shop")
    until("the alert to fire", lambda: "firing and matching" in see(view).words, 60)
    prometheus.rule("", "")
    until("the alert to be resolved", lambda: see(view).fine, 90)
