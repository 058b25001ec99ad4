from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster


def test_pods_of_a_deployment_run_and_name_their_owner(real_cluster: Cluster) -> None:
    real_cluster.namespace("plane-run")
    real_cluster.deployment("plane-run", "web", 3, template_labels={"simian-army/chaos": "enabled"})
    real_cluster.settle("plane-run")
    pods = real_cluster.pods("plane-run", "simian-army/chaos=enabled")
    assert [pod["status"]["phase"] for pod in pods] == ["Running"] * 3
    assert {pod["metadata"]["ownerReferences"][0]["kind"] for pod in pods} == {"ReplicaSet"}
