"""Does the real node do what a node does, and is nothing left of it."""

from __future__ import annotations

import pytest

from tests.cluster.node import RESTRICTED, Node, container, pod_spec

pytestmark = pytest.mark.slow


def test_a_pod_that_can_do_no_harm_runs_says_something_and_ends(real_node: Node) -> None:
    real_node.namespace("node-run", RESTRICTED)
    ended = real_node.pod("node-run", "once", {**pod_spec(container("a", "id", "-u")), "restartPolicy": "Never"})
    real_node.until_phase("node-run", "once", "Succeeded")
    assert ended["spec"]["nodeName"] == real_node.name
    assert real_node.logs("node-run", "once") == "65532\n"
    real_node.remove_namespace("node-run")
