"""Who belongs to whom, without looking at everything: objects by owner and by label, pods by node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simian_army.embedded.kube.objects import labels_of, meta, spec_of

if TYPE_CHECKING:
    from simian_army.embedded.kube.store import Key

Json = dict[str, Any]
Term = tuple[str, ...]


class Index:
    """Sets of keys, in order of arrival, kept up to date by the store."""

    def __init__(self) -> None:
        self._keys: dict[Term, dict[Key, None]] = {}

    def owned(self, uid: str) -> list[Key]:
        """What names ``uid`` among its owners."""
        return list(self._keys.get(("owner", uid), ()))

    def labelled(self, resource: str, namespace: str, label: tuple[str, str]) -> list[Key]:
        """What bears a label."""
        return list(self._keys.get(("label", resource, namespace, *label), ()))

    def on_node(self, node: str) -> list[Key]:
        """The pods bound to a node."""
        return list(self._keys.get(("node", node), ()))

    def count_on_node(self, node: str) -> int:
        """How many pods are bound to a node."""
        return len(self._keys.get(("node", node), ()))

    def follow(self, key: Key, old: Json | None, new: Json | None) -> None:
        """Take the step from ``old`` to ``new``; None is absence."""
        before = set(_terms(key, old)) if old else set()
        after = set(_terms(key, new)) if new else set()
        for term in before - after:
            members = self._keys[term]
            del members[key]
            if not members:
                del self._keys[term]
        for term in after - before:
            self._keys.setdefault(term, {})[key] = None


def _terms(key: Key, obj: Json) -> Iterable[Term]:
    for reference in meta(obj).get("ownerReferences") or ():
        yield "owner", reference["uid"]
    for label in labels_of(obj).items():
        yield "label", key.resource, key.namespace, *label
    if key.resource == "pods" and spec_of(obj).get("nodeName"):
        yield "node", spec_of(obj)["nodeName"]
