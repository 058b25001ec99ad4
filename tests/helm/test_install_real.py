"""Does a real API server, with Pod Security enforced, take what Helm installs, upgrades and uninstalls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.waiting import until
from tests.helm.chart import CHART, FULL, HOME, RELEASE, Helm

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400, func_only=True)]
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
VOLUME, SHOP = "helm-install-test", "install-shop"
OURS = ("pods", "services", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims")
RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture
def place(real_cluster: Cluster) -> Iterator[Cluster]:
    """A namespace that enforces, one that is struck, and a volume to be bound."""
    real_cluster.namespace(HOME, RESTRICTED)
    real_cluster.namespace(SHOP)
    host = {"hostPath": {"path": "/nowhere"}, "persistentVolumeReclaimPolicy": "Retain", "storageClassName": ""}
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], **host}
    made = {"kind": "PersistentVolume", "metadata": {"name": VOLUME}, "spec": spec}
    real_cluster.admin.create("/api/v1/persistentvolumes", made)
    try:
        yield real_cluster
    finally:
        real_cluster.remove_namespace(HOME)
        real_cluster.remove_namespace(SHOP)
        real_cluster.admin.delete(f"/api/v1/persistentvolumes/{VOLUME}")
        for kind in ("clusterroles", "clusterrolebindings"):
            for one in ours(real_cluster, kind):
                real_cluster.admin.delete(f"{RBAC}/{kind}/{one}")


def ours(cluster: Cluster, kind: str) -> list[str]:
    names = [one["metadata"]["name"] for one in cluster.admin.items(f"{RBAC}/{kind}")]
    return [name for name in names if name.startswith(f"{HOME}-{FULL}")]


def names(cluster: Cluster) -> set[str]:
    """Everything in the namespace of the release, and what of it stands elsewhere."""
    paths = [f"/api/v1/namespaces/{HOME}/{kind}" for kind in OURS]
    paths += [f"/apis/apps/v1/namespaces/{HOME}/deployments", f"/apis/batch/v1/namespaces/{HOME}/jobs"]
    paths += [f"{RBAC}/namespaces/{space}/{kind}" for space in (HOME, SHOP) for kind in ("roles", "rolebindings")]
    paths += [f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases"]
    there = {f"{path}/{one['metadata']['name']}" for path in paths for one in cluster.admin.items(path)}
    return there | {
        f"{kind}/{name}" for kind in ("clusterroles", "clusterrolebindings") for name in ours(cluster, kind)
    }


def values(**config: Any) -> dict[str, Any]:
    monkey = {"name": "pods", "use": "chaos", "on": "kubernetes", "schedule": {"every": "2h"}}
    kube = {"context": "in-cluster", "namespaces": [SHOP]}
    said = {"fleet": "installed", "platforms": {"kubernetes": kube}, "monkeys": [monkey], **config}
    return {"config": said, "ledger": {"volumeName": VOLUME, "storageClass": "-"}}


def test_it_is_installed_upgraded_and_leaves_nothing(helm: Helm, place: Cluster) -> None:
    def run(*words: str, **more: Any) -> str:
        file = [] if words[0] == "uninstall" else [str(CHART), "-f", str(helm.values(values(**more)))]
        said = helm.run(*words, RELEASE, *file, "-n", HOME, KUBECONFIG=str(place.kubeconfig))
        assert said.returncode == 0, said.stdout + said.stderr
        assert "would violate PodSecurity" not in said.stdout + said.stderr
        return said.stdout

    before = names(place)
    assert "it plans, asks and audits, and changes nothing" in run("install")
    pods = f"/api/v1/namespaces/{HOME}/pods"
    until("both pods to run, which Pod Security let in", lambda: running(place, pods) == 2, 120)
    claim = place.admin.get(f"/api/v1/namespaces/{HOME}/persistentvolumeclaims/{FULL}-ledger")
    assert (claim["status"]["phase"], claim["spec"]["volumeName"]) == ("Bound", VOLUME)
    old = {one["metadata"]["name"] for one in place.admin.items(pods)}
    assert "UNLEASHED" in run("upgrade", leashed=False)
    until("pods of the new config", lambda: running(place, pods) == 2 and old.isdisjoint(there(place, pods)), 120)
    run("uninstall")
    until("all of it to be gone", lambda: names(place) == before, 90)


def there(cluster: Cluster, pods: str) -> set[str]:
    return {one["metadata"]["name"] for one in cluster.admin.items(pods)}


def running(cluster: Cluster, pods: str) -> int:
    return sum(one["status"].get("phase") == "Running" for one in cluster.admin.items(pods))
