"""Service accounts with rights of their own on the real ground, as whoever installs the fleet would give them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.cluster.plane import Cluster

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"
Rule = dict[str, Any]


def rule(group: str, resources: str, verbs: str) -> Rule:
    """One rule; resources and verbs are words with blanks between them."""
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


FRONTS = [
    rule("admissionregistration.k8s.io", "validatingwebhookconfigurations mutatingwebhookconfigurations", "list"),
    rule("apiregistration.k8s.io", "apiservices", "list"),
    rule("apiextensions.k8s.io", "customresourcedefinitions", "list"),
    rule("", "services", "get"),
]
"""What knowing whom the API server itself asks needs."""


def account(cluster: Cluster, namespace: str, name: str, here: Sequence[Rule], everywhere: Sequence[Rule]) -> Path:
    """Make a service account with a Role in its namespace and a ClusterRole; a kubeconfig that speaks as it."""
    api = cluster.service_account(namespace, name)
    for kind, path, title, rules in _kinds(namespace, name, here, everywhere):
        head = {"apiVersion": f"{GROUP}/v1", "metadata": {"name": title}}
        about = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
        bound = {"roleRef": {"apiGroup": GROUP, "kind": kind, "name": title}, "subjects": [about]}
        cluster.admin.create(f"{path}/{kind.lower()}s", {**head, "kind": kind, "rules": list(rules)})
        cluster.admin.create(f"{path}/{kind.lower()}bindings", {**head, "kind": f"{kind}Binding", **bound})
    return cluster.kubeconfig_with(cluster.folder / f"{namespace}-{name}.kubeconfig", api)


def forget(cluster: Cluster, namespace: str, *names: str) -> None:
    """Delete what of these accounts does not go with their namespace."""
    for name in names:
        for what in ("clusterroles", "clusterrolebindings"):
            cluster.admin.delete(f"{RBAC}/{what}/{namespace}-{name}")


def _kinds(
    namespace: str, name: str, here: Sequence[Rule], everywhere: Sequence[Rule]
) -> Iterator[tuple[str, str, str, Sequence[Rule]]]:
    yield "Role", f"{RBAC}/namespaces/{namespace}", name, here
    yield "ClusterRole", RBAC, f"{namespace}-{name}", everywhere
