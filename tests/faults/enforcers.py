"""Who enforces NetworkPolicies, as he stands in a cluster."""

from __future__ import annotations

CALICO = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "calico-node", "namespace": "kube-system"},
    "spec": {
        "selector": {"matchLabels": {"k8s-app": "calico-node"}},
        "template": {
            "metadata": {"labels": {"k8s-app": "calico-node"}},
            "spec": {"containers": [{"name": "c", "image": "c"}]},
        },
    },
}
