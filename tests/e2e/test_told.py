"""Does the replay of the API server's log see a budget that was broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cluster.audit import Call
from tests.e2e.told import Most, most

START = datetime(2026, 3, 4, tzinfo=UTC)
PODS = ["a-1-x", "a-1-y", "b-1-x", "b-1-y"]
READY = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}


def call(second: int, name: str, resource: str = "pods/eviction", body: Any = "", verb: str = "create") -> Call:
    at = START + timedelta(seconds=second)
    return Call(at, at, "u", "simian-army/1", verb, resource, "soak", name, 201, "uid", "", body)


def ready(second: int, name: str) -> Call:
    return call(second, name, "pods/status", READY, "patch")


def test_one_after_the_other_is_one_at_once() -> None:
    calls = [call(1, "a-1-x"), ready(2, "a-1-z"), call(3, "b-1-x"), ready(4, "b-1-z")]
    assert most(calls, "soak", PODS, 2) == Most(1, 1)


def test_two_groups_at_once_are_two() -> None:
    calls = [call(1, "a-1-x"), call(2, "b-1-x"), ready(3, "a-1-z"), ready(4, "b-1-z")]
    assert most(calls, "soak", PODS, 2) == Most(2, 1)


def test_two_of_one_group_are_seen() -> None:
    calls = [call(1, "a-1-x"), call(2, "a-1-y"), ready(3, "a-1-z"), ready(4, "a-1-w")]
    assert most(calls, "soak", PODS, 2) == Most(2, 2)


def test_a_status_that_is_not_ready_makes_no_group_whole() -> None:
    calls = [call(1, "a-1-x"), call(2, "a-1-z", "pods/status", {"status": {}}, "patch"), call(3, "a-1-y")]
    assert most(calls, "soak", PODS, 2).in_one_group == 2
