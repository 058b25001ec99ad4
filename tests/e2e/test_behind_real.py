"""Does a real kube-apiserver's own word, in webhooks and conversion, spare the pods that it asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.fleet import Fleet, Wish, fleet
from tests.cluster.rights import FRONTS, account, forget, rule

if TYPE_CHECKING:
    from tests.cluster.plane import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240, func_only=True)]
SPACE, AGENT = "fronting", "agent"
HOOKS = "/apis/admissionregistration.k8s.io/v1"
APIS = "/apis/apiregistration.k8s.io/v1/apiservices"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
READS = [
    rule("", "pods namespaces", "get list"),
    rule("apps", "deployments replicasets statefulsets daemonsets", "get list"),
    rule("batch", "jobs cronjobs", "get list"),
    rule("policy", "poddisruptionbudgets", "list"),
    rule("autoscaling", "horizontalpodautoscalers", "list"),
]
CLIENT = {"service": {"namespace": SPACE, "name": "policy"}}


def webhook(kind: str) -> dict[str, Any]:
    """One that is asked of nothing, so that it stands in nobody's way."""
    said = {"name": "policy.shop.example", "clientConfig": CLIENT, "sideEffects": "None"}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": f"{SPACE}-{kind.lower()}"},
        "webhooks": [{**said, "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore", "rules": []}],
    }


def converted() -> dict[str, Any]:
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": CLIENT}
    schema = {"openAPIV3Schema": {"type": "object"}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "carts.fronting.example"},
        "spec": {
            "group": "fronting.example",
            "scope": "Namespaced",
            "names": {"plural": "carts", "singular": "cart", "kind": "Cart", "listKind": "CartList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
            "conversion": {"strategy": "Webhook", "webhook": webhook},
        },
    }


def aggregated() -> dict[str, Any]:
    """An API that the API server would have from the pods."""
    spec = {"group": "till.example", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100}
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.till.example"},
        "spec": {**spec, "insecureSkipTLSVerify": True, **CLIENT},
    }


@contextmanager
def ground(cluster: Cluster, folder: Path) -> Iterator[Fleet]:
    """A Deployment of pods that opted in, and a Service that leads to them."""
    cluster.namespace(SPACE)
    try:
        cluster.deployment(SPACE, "policy", 3, template_labels={"simian-army/chaos": "enabled"})
        cluster.settle(SPACE)
        service = {"metadata": {"name": "policy"}, "spec": {"selector": {"app": "policy"}, "ports": [{"port": 443}]}}
        cluster.admin.create(f"/api/v1/namespaces/{SPACE}/services", {"apiVersion": "v1", "kind": "Service", **service})
        yield fleet(cluster, folder, Wish(namespaces=SPACE, schedule='cron: "0 0 1 1 *"', leashed=True))
    finally:
        for path in (f"{HOOKS}/validatingwebhookconfigurations", f"{HOOKS}/mutatingwebhookconfigurations", CRDS, APIS):
            _clear(cluster, path)
        forget(cluster, SPACE, AGENT)
        cluster.remove_namespace(SPACE)


def _clear(cluster: Cluster, path: str) -> None:
    ours = [one["metadata"]["name"] for one in cluster.admin.items(path)]
    for name in ours:
        if name.startswith((SPACE, "carts.fronting", "v1.till")):
            cluster.admin.delete(f"{path}/{name}")


def told(made: Fleet) -> tuple[int, set[str]]:
    """How many would be hit, and what the guard says of those that would not."""
    done = made.simian("once", "pods", "--leashed", "--json")
    assert done.returncode in (0, 3), done.stderr
    said = json.loads(done.stdout)
    found = {
        v["reason"] for one in said["drawn"] for v in one["verdicts"] if v["guard"] == "behind" and not v["allowed"]
    }
    return said["taken"], found


def test_whoever_is_behind_a_webhook_a_conversion_or_an_api_is_spared_as_long_as_it_is(
    real_cluster: Cluster, tmp_path: Path
) -> None:
    with ground(real_cluster, tmp_path) as made:
        assert told(made) == (1, set())
        for place, obj, what in (
            (
                f"{HOOKS}/validatingwebhookconfigurations",
                webhook("Validating"),
                "validating webhook fronting-validating",
            ),
            (f"{HOOKS}/mutatingwebhookconfigurations", webhook("Mutating"), "mutating webhook fronting-mutating"),
            (CRDS, converted(), "conversion of carts.fronting.example"),
            (APIS, aggregated(), "API service v1.till.example"),
        ):
            real_cluster.admin.create(place, obj)
            taken, reasons = told(made)
            assert taken == 0
            assert all(f"is behind service {SPACE}/policy ({what})" in reason for reason in reasons)
            assert len(reasons) == 3, "each of its pods was drawn and spared"
            real_cluster.admin.delete(f"{place}/{obj['metadata']['name']}")
            assert told(made)[0] == 1
        made.config.write_text(made.config.read_text().replace("safety:\n", "safety:\n  protect_webhooks: false\n"))
        real_cluster.admin.create(f"{HOOKS}/validatingwebhookconfigurations", webhook("Validating"))
        assert told(made)[0] == 1


def test_who_may_not_ask_the_cluster_is_told_the_rule_and_strikes_nobody(real_cluster: Cluster, tmp_path: Path) -> None:
    with ground(real_cluster, tmp_path) as admin:
        made = replace(admin, kubeconfig=account(real_cluster, SPACE, AGENT, [], READS))
        taken, reasons = told(made)
        assert taken == 0
        (reason,) = reasons
        assert 'resources: ["validatingwebhookconfigurations"], verbs: ["list"]' in reason
        assert "to go without, write safety.protect_webhooks: false" in reason
        check = made.simian("check")
        assert check.returncode == 1
        assert "may not list customresourcedefinitions in the whole cluster: add to a ClusterRole" in check.stdout
        forget(real_cluster, SPACE, AGENT)
        made = replace(admin, kubeconfig=account(real_cluster, SPACE, "other", [], [*READS, *FRONTS]))
        try:
            assert told(made) == (1, set())
            assert "webhook" not in "".join(
                line for line in made.simian("check").stdout.splitlines() if "may not" in line
            )
        finally:
            forget(real_cluster, SPACE, "other")
