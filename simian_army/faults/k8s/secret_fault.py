"""What a wrong secret does: one key of a Secret says something else, or is gone, until it is given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from simian_army.errors import Conflict, Forbidden, Gone, PlatformError, Refused, Unknown
from simian_army.faults.k8s import in_place, keeping, keys
from simian_army.faults.k8s.in_place import Change
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesShelfPort
from simian_army.standing import NOBODY

OFFERED = (
    "Opaque",
    "kubernetes.io/basic-auth",
    "kubernetes.io/ssh-auth",
    "kubernetes.io/dockercfg",
    "kubernetes.io/dockerconfigjson",
)
"""The types whose users are pods: whom another one harms (an Ingress, Helm, Kubernetes itself), no pod tells."""

_CHANGES = (keys.SET, keys.REMOVE, keys.EMPTY)
_NOTHING_DONE = (Refused, Gone, Conflict, Forbidden)
_UNKNOWN = "?"  # stands for the true value where nobody may know it: no Secret can say so, it is no base64


@dataclass(frozen=True, slots=True)
class SecretFault:
    """Changes one key of a Secret and holds it so. Meanwhile its true value lies in a Secret of ours in that namespace,
    and all that anybody else is told is a digest of it."""

    port: KubernetesShelfPort
    name: ClassVar[str] = "secret-fault"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "secret"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = NOBODY
    unsettles: ClassVar[bool] = True
    restores: ClassVar[tuple[str, ...]] = ("data",)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, gives the value back"
    params: ClassVar[Mapping[str, str]] = {
        "key": keys.KEY,
        "change": "set, remove or empty; without it, set where there is a value, else empty",
        "value": keys.VALUE,
    }
    undo: ClassVar[Mapping[str, str]] = {
        "key": "the key",
        "digest": "by what its true value is known again",
        "after": "what we wrote instead, in base64; null where we removed it",
        "owners": in_place.OWNERS,
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "secrets", ""),
        ("list", "", "secrets", ""),
        ("patch", "", "secrets", ""),
        ("create", "", "secrets", ""),
        ("delete", "", "secrets", ""),
        ("list", "", "pods", ""),
    )
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "secrets", ""),
        ("patch", "", "secrets", ""),
        ("delete", "", "secrets", ""),
    )

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod of the namespace that mounts the Secret, takes variables from it, or pulls its images with it."""
        return keys.users_of(fault)

    def prepare(self, fault: Fault) -> Json | None:
        key, obj = keys.key_of(fault, self.params), in_place.free(self.port, fault)
        said = obj.get("type", "Opaque")
        if said not in OFFERED or keeping.KEPT in (in_place.value_at(obj, ("metadata", "labels")) or {}):
            raise Refused(f"{fault.target}: its type is {said}, offered are {', '.join(OFFERED)}, and none of our own")
        keys.expect_mutable(fault, obj)
        before = in_place.value_at(obj, ("data", key))
        if not isinstance(before, str):
            raise Refused(f"{fault.target}: it has no key {key}")
        after = keys.coded(keys.changed(fault, None, _CHANGES))
        keys.expect_another(fault, before, after)
        owned = in_place.owners(obj, ("data", key))
        return {"key": key, "digest": keeping.digest(fault.target, key, before), "after": after, "owners": owned}

    def inject(self, fault: Fault, mark: Mark) -> None:
        change, obj = _change(mark.undo), in_place.free(self.port, fault)
        before = in_place.value_at(obj, change.path)
        key, known = str(mark.undo.get("key")), mark.undo.get("digest")
        if not isinstance(before, str) or keeping.digest(fault.target, key, before) != known:
            raise Conflict(f"{fault.target}: {change} is not what it was when it was looked at")
        shelf = self.port.secrets()
        keeping.keep(shelf, fault.target, mark, key, before)
        try:
            in_place.inject(self.port, fault, mark, replace(change, before=before))
        except _NOTHING_DONE as no:
            self._tidy(fault, mark, no)
            raise

    def observe(self, fault: Fault) -> Evidence:
        return in_place.look(self.port, fault, _change(fault.undo or {}))[0]

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        undo, shelf = fault.undo or mark.undo, self.port.secrets()
        change, obj = _change(undo), self.port.get(fault.target)
        where = f"the Secret {fault.target.scope}/{keeping.name_of(fault.target, mark)}"
        if obj is not None and change.stands(obj):
            before = keeping.kept(shelf, fault.target, mark, str(undo.get("key")), str(undo.get("digest")))
            if not self.port.unmark(obj, mark):  # whoever took over may want to know what it said
                kept = f"; its true value stays in {where}" if before is not None else ""
                return Evidence(holds=True, detail=f"someone took our mark off and left {change}: kept{kept}")
            if before is None:
                why = f"{where}, which kept its true value, is gone or was changed: put {change} right by hand"
                return Evidence(holds=False, detail=f"{why}, then our mark goes")
            change = replace(change, before=before)
        proof = in_place.revert(self.port, fault, mark, change)
        if proof.holds:
            keeping.drop(shelf, fault.target, mark)
        return proof

    def _tidy(self, fault: Fault, mark: Mark, no: Exception) -> None:
        """Nothing was changed, so nothing is to be kept; where that cannot be, the revert does it."""
        try:
            keeping.drop(self.port.secrets(), fault.target, mark)
        except PlatformError as error:
            raise Unknown(f"{no}; and what was kept for it is still there: {error}") from error


def _change(undo: Json) -> Change:
    return Change(("data", str(undo.get("key"))), _UNKNOWN, undo.get("after"), in_place.owners_in(undo))
