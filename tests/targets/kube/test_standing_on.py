"""Which nodes a select by node and zone means, and how pods are listed on them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simian_army.model import Selector
from simian_army.targets.kube.decode import Meta
from simian_army.targets.kube.standing_on import one_by_one, stands_there

ZONE = "topology.kubernetes.io/zone"


def node(name: str, zone: str = "") -> Meta:
    return Meta(name, "uid", datetime(2026, 1, 1, tzinfo=UTC), labels={ZONE: zone} if zone else None)


@pytest.mark.parametrize(
    ("stands", "expected"),
    [
        ((("zone", ("!b",)),), ["a1", "c1"]),
        ((("zone", ("*",)),), ["a1", "b1", "c1"]),
        ((("node", ("*1", "!b*")),), ["a1", "c1"]),
        ((("node", ("!a1",)), ("zone", ("a", "b"))), ["b1"]),
    ],
)
def test_a_node_whose_zone_nobody_knows_is_in_none(
    stands: tuple[tuple[str, tuple[str, ...]], ...], expected: list[str]
) -> None:
    nodes = [node("a1", "a"), node("b1", "b"), node("c1", "c"), node("lost")]
    assert [one.name for one in nodes if stands_there(stands, one)] == expected


def test_running_pods_are_asked_for_on_each_node() -> None:
    first, second = one_by_one(Selector("pod", labels="app=web"), ["n1", "n2"])
    assert first.fields == (("status.phase", "Running"), ("spec.nodeName", "n1"))
    assert (second.fields[-1], second.labels) == (("spec.nodeName", "n2"), "app=web")
    (kept,) = one_by_one(Selector("pod", fields=(("status.phase", "Pending"),)), ["n1"])
    assert kept.fields == (("status.phase", "Pending"), ("spec.nodeName", "n1"))
