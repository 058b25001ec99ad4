"""What a wrong setting does: one key of a ConfigMap says something else, or is gone, until it is given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.errors import Refused
from simian_army.faults.k8s import in_place, keys
from simian_army.faults.k8s.in_place import Change
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesPort
from simian_army.standing import NOBODY

ROOT = "kube-root-ca.crt"
"""The ConfigMap that Kubernetes itself keeps in every namespace, and puts right at once."""

_CHANGES = (keys.SET, keys.REMOVE, keys.EMPTY, keys.DNS)
_BINARY = "binaryData"


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """Changes one key of a ConfigMap and holds it so. Pods that mount it see that within a minute or so, those that
    take variables from it when they start."""

    port: KubernetesPort
    name: ClassVar[str] = "config-fault"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "configmap"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = NOBODY
    unsettles: ClassVar[bool] = True
    restores: ClassVar[tuple[str, ...]] = ("data", _BINARY)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, gives the value back"
    params: ClassVar[Mapping[str, str]] = {
        "key": keys.KEY,
        "change": "set, remove, empty, or dns: every host named in it becomes one that is not there; without it, set "
        "where there is a value, else empty",
        "value": keys.VALUE,
    }
    undo: ClassVar[Mapping[str, str]] = {
        "part": "data or binaryData",
        "key": "the key",
        "before": "what it said",
        "after": "what we wrote instead; null where we removed it",
        "owners": in_place.OWNERS,
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "configmaps", ""),
        ("list", "", "configmaps", ""),
        ("patch", "", "configmaps", ""),
        ("list", "", "pods", ""),
    )
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "configmaps", ""),
        ("patch", "", "configmaps", ""),
    )

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod of the namespace that mounts the ConfigMap or takes variables from it."""
        return keys.users_of(fault)

    def prepare(self, fault: Fault) -> Json | None:
        key, obj = keys.key_of(fault, self.params), in_place.free(self.port, fault)
        if fault.target.name == ROOT:
            raise Refused(f"{fault.target}: Kubernetes keeps it, and would put it right at once")
        keys.expect_mutable(fault, obj)
        found = keys.part_with(obj, key, ("data", _BINARY))
        if found is None:
            raise Refused(f"{fault.target}: it has no key {key}")
        part, before = found
        if part == "data":
            after = keys.changed(fault, before, _CHANGES)
        else:
            after = keys.coded(keys.changed(fault, None, _CHANGES[:3]))
            keys.expect_another(fault, before, after)
        owned = in_place.owners(obj, (part, key))
        return {"part": part, "key": key, "before": before, "after": after, "owners": owned}

    def inject(self, fault: Fault, mark: Mark) -> None:
        in_place.inject(self.port, fault, mark, _change(mark.undo))

    def observe(self, fault: Fault) -> Evidence:
        return in_place.look(self.port, fault, _change(fault.undo or {}))[0]

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return in_place.revert(self.port, fault, mark, _change(fault.undo or mark.undo))


def _change(undo: Json) -> Change:
    path = (str(undo.get("part")), str(undo.get("key")))
    return Change(path, undo.get("before"), undo.get("after"), in_place.owners_in(undo))
