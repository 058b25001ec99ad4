"""The rights of agent and undertaker as objects of Kubernetes, for whoever applies them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simian_army.targets.kube.rights import Right, Who, rights
from simian_army.wiring.granting import Asked, wanted

if TYPE_CHECKING:
    from config.load import Loaded

GROUP = "rbac.authorization.k8s.io"
OURS = {"app.kubernetes.io/name": "simian-army", "app.kubernetes.io/managed-by": "simian-army"}


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody's service account."""

    who: Who
    namespace: str
    name: str


def manifests(loaded: Loaded, asked: Asked, accounts: Sequence[Account]) -> list[dict[str, Any]]:
    """Each account with the roles that give it what config takes, and nothing else.

    Raises:
        UsageError: config names no cluster; PluginError: a fault that is asked for is not there.
    """
    wants = wanted(loaded, asked)
    return [made for one in accounts for made in _of(one, rights(one.who, wants))]


def as_yaml(objects: Sequence[Mapping[str, Any]]) -> str:
    """For ``kubectl apply -f -``."""
    from config.writing import documents

    return documents(objects)


def _of(account: Account, granted: Sequence[Right]) -> Iterator[dict[str, Any]]:
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _head(account.name, account.namespace)}
    for scope in dict.fromkeys(right.scope for right in granted):
        kind = "Role" if scope else "ClusterRole"
        # a ClusterRole has no namespace to be told apart by
        head = _head(account.name if scope else f"{account.namespace}-{account.name}", scope)
        rules = list(_rules([right for right in granted if right.scope == scope]))
        yield {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": head, "rules": rules}
        yield {
            "apiVersion": f"{GROUP}/v1",
            "kind": f"{kind}Binding",
            "metadata": head,
            "roleRef": {"apiGroup": GROUP, "kind": kind, "name": head["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}],
        }


def _head(name: str, namespace: str) -> dict[str, Any]:
    return {"name": name, **({"namespace": namespace} if namespace else {}), "labels": dict(OURS)}


def _rules(granted: Sequence[Right]) -> Iterator[dict[str, Any]]:
    """Rights of the same verbs on one group's resources, or of the same objects, are one rule."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for right in granted:
        verbs.setdefault((right.group, right.resource, right.name), []).append(right.verb)
    rules: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, resource, name), allowed in verbs.items():
        at = (group, resource if name else "", tuple(sorted(allowed)))
        rules.setdefault(at, []).append(name or resource)
    for (group, named, granting), things in rules.items():
        about = {"resources": [named], "resourceNames": things} if named else {"resources": things}
        yield {"apiGroups": [group], **about, "verbs": list(granting)}
