"""What an answer of monitoring means, when it is not what a healthy server says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from simian_army.looking.alerts import Alerts
from simian_army.looking.metric import STALE, Metric
from simian_army.promql import matcher, parse
from tests.looking.asking import CLOCK, pod, see, server
from tests.looking.pages import answer, page
from tests.safety.scenes import instance, node


def vector(*pairs: Any, **more: Any) -> bytes:
    """An answer with these values, of now."""
    result = [{"metric": {}, "value": pair} for pair in pairs]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}, **more}).encode()


def of(value: str, ago: float = 0.0) -> list[Any]:
    return [(CLOCK.now() - timedelta(seconds=ago)).timestamp(), value]


def metric(body: bytes, status: int = 200, query: str = "up") -> Any:
    with page(answer(status, body)) as at:
        return see(Metric(server(at.url("/mimir/"), bearer="open-sesame"), parse(query), None, 1.0)), at


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (vector(of("1"), warnings=["one store did not answer"]), "it warns: one store did not answer"),
        (vector(of("1"), of("0")), "2 series, one is meant"),
        (vector(of("1 000")), "is no number"),
        (vector(["soon", "1"]), "is no number"),
        (vector(None), "is no number"),
        (vector([]), "is no number"),
        (vector(), "no series"),
        (vector(of("+Inf")), "inf, which is no number"),
        (vector(of("-Inf")), "inf, which is no number"),
        (vector([float(10**308) * 10, "1"]), "is no answer of Prometheus"),
        (
            b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}}',
            "no number",
        ),
        (b'{"status":"success","data":{"resultType":"string","result":[1,"1"]}}', "a string is no single number"),
        (b'{"status":"success","data":null}', "200"),
        (b'{"status":"error","error":"it is tired"}', "200 it is tired"),
        (b'{"status":"success","data":{"resultType":"vector","result":{}}}', "is no answer of Prometheus"),
        (b"<html>log in</html>", "is no answer of Prometheus: is the URL right?"),
        (b"\xff\xfe", "is no answer of Prometheus"),
        (b"[" * 100_000, "no answer"),
        (b"", "is no answer of Prometheus"),
    ],
)
def test_an_answer_in_doubt_is_a_no(body: bytes, told: str) -> None:
    seen, _ = metric(body)
    assert not seen.fine and seen.doubt
    assert told in seen.words


@pytest.mark.parametrize("ago", [STALE + 5, -STALE - 5])
def test_an_answer_of_another_time_is_a_no(ago: float) -> None:
    seen, _ = metric(vector(of("1", ago)))
    assert not seen.fine and seen.doubt
    assert "s off our clock, 300 s are allowed" in seen.words


def test_a_good_answer_is_asked_for_by_a_form_below_the_url_with_the_token() -> None:
    seen, at = metric(vector(of("1", ago=STALE - 5)))
    assert seen.fine
    head = at.said[0]
    assert head.startswith(b"POST /mimir/api/v1/query HTTP/1.1\r\n")
    assert b"Authorization: Bearer open-sesame\r\n" in head


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_are_not_taken_are_named(status: int) -> None:
    seen, _ = metric(b"no", status)
    assert f"{status}: our credentials were not accepted" in seen.words
    assert "sesame" not in seen.words


def test_an_error_is_told_with_the_words_of_the_server() -> None:
    seen, _ = metric(b'{"status":"error","errorType":"execution","error":"many-to-many matching"}', 422)
    assert seen.words.endswith("up: 422 many-to-many matching")
    seen, _ = metric(b"<html>bad gateway", 502)
    assert seen.words.endswith("up: 502")


@pytest.mark.parametrize(
    ("query", "target", "told"),
    [
        ('up{a="$namespace"}', instance(), "has no $namespace to ask for"),
        ('up{a="$namespace"}', node(), "has no $namespace to ask for"),
        ('up{a="$node"}', pod(), "has no $node to ask for; name the monkeys this look is for in its monkeys"),
        ('up{a="$name"}', pod("\ud800"), "cannot be asked for"),
    ],
)
def test_a_target_that_has_not_what_is_asked_for_is_a_no(query: str, target: Any, told: str) -> None:
    seen = see(Metric(server("http://127.0.0.1:1"), parse(query), None, 1.0), target)
    assert not seen.fine and seen.doubt
    assert told in seen.words


def test_what_a_query_knows_of_targets() -> None:
    view = Metric(server("http://127.0.0.1:1"), parse('up{a="$namespace/$group/$name", b="$node"}'), None, 1.0)
    question = view.about(pod(facts={"node": "n1"}))
    assert 'up{a="shop/web/web-1", b="n1"}' in question.key  # type: ignore[union-attr]
    question = Metric(server("http://127.0.0.1:1"), parse('up{b="$node"}'), None, 1.0).about(node())
    assert 'up{b="n1"}' in question.key  # type: ignore[union-attr]


def test_the_same_query_with_other_limits_is_another_question() -> None:
    at, query = server("http://127.0.0.1:1"), parse("up")
    keys = {Metric(at, query, least, most).about(pod()).key for least in (None, 1.0) for most in (None, 1.0)}  # type: ignore[union-attr]
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b'[{"labels": {}}]', "an alert without a name"),
        (200, b'[{"labels": {"alertname": "A"}}, {"labels": {"alertname": "B"}}]', ": A, B"),
        (
            200,
            b'[{"labels": {"alertname": "A"}}' + b', {"labels": {"alertname": "B"}}' * 5 + b"]",
            ": A, B, B and 3 more",
        ),
        (200, b'[{"fingerprint": "x"}]', "is no answer of Alertmanager"),
        (200, b'{"status": "success"}', "is no answer of Alertmanager"),
        (200, b"null", "is no answer of Alertmanager"),
        (400, b'"bad matcher format"', '400 "bad matcher format"'),
        (500, b"", "500"),
    ],
)
def test_whatever_alertmanager_says_but_an_empty_list_is_a_no(status: int, body: bytes, told: str) -> None:
    with page(answer(status, body)) as at:
        seen = see(Alerts(server(at.url("")), (matcher("severity=page"),)))
    assert not seen.fine
    assert told in seen.words


def test_silenced_and_inhibited_alerts_are_asked_for_only_if_config_says_so() -> None:
    with page(answer(200, b"[]")) as at:
        for silenced, inhibited in ((False, False), (True, False), (False, True)):
            assert see(Alerts(server(at.url("")), (matcher("a=b"), matcher('c="d"')), silenced, inhibited)).fine
    asked = [line.split(b" ")[1].decode() for line in at.said]
    assert [("silenced=true" in one, "inhibited=true" in one) for one in asked] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    assert all(one.endswith("&unprocessed=true&filter=a%3Db&filter=c%3D%22d%22") for one in asked)
