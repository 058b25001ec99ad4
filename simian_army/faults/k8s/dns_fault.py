"""What a wrong name does: a Service leads its clients to a host that is not there, until it is given back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.errors import Refused
from simian_army.faults.k8s import in_place
from simian_army.faults.k8s.arguments import known, word
from simian_army.faults.k8s.in_place import Change
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesPort
from simian_army.standing import NOBODY

NOWHERE = "simian-army.invalid"
"""A name that no name server knows, now and ever (RFC 6761)."""

_PATH = ("spec", "externalName")
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class DnsFault:
    """Gives a Service of type ExternalName another name and holds it so; clients see it once their caches are over."""

    port: KubernetesPort
    name: ClassVar[str] = "dns-fault"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "service"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = NOBODY
    unsettles: ClassVar[bool] = True
    restores: ClassVar[tuple[str, ...]] = ("spec.externalName",)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, gives the name back"
    params: ClassVar[Mapping[str, str]] = {
        "to": f"the host that the Service leads to instead; without it, {NOWHERE}, which is nowhere"
    }
    undo: ClassVar[Mapping[str, str]] = {
        "name": "the host it led to",
        "to": "the host we wrote instead",
        "owners": in_place.OWNERS,
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "services", ""),
        ("list", "", "services", ""),
        ("patch", "", "services", ""),
        ("list", "", "pods", ""),
    )
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "", "services", ""),
        ("patch", "", "services", ""),
    )

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod of the namespace: each may call the Service by its name, and nobody can tell who does."""
        return Selector(kind="pod", scopes=(fault.target.scope,))

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        to, obj = word(fault, "to", NOWHERE), in_place.free(self.port, fault)
        if len(to) > 253 or not _NAME.fullmatch(to):
            raise Refused(f"{fault.kind}: to is {to!r}, give the name of a host")
        name = in_place.value_at(obj, _PATH)
        if in_place.value_at(obj, ("spec", "type")) != "ExternalName" or not isinstance(name, str):
            raise Refused(f"{fault.target}: it leads to pods by their addresses, not to a host by its name")
        if name == to:
            raise Refused(f"{fault.target}: it leads to {to} already")
        return {"name": name, "to": to, "owners": in_place.owners(obj, _PATH)}

    def inject(self, fault: Fault, mark: Mark) -> None:
        in_place.inject(self.port, fault, mark, _change(mark.undo))

    def observe(self, fault: Fault) -> Evidence:
        return in_place.look(self.port, fault, _change(fault.undo or {}))[0]

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return in_place.revert(self.port, fault, mark, _change(fault.undo or mark.undo))


def _change(undo: Json) -> Change:
    return Change(_PATH, undo.get("name"), undo.get("to"), in_place.owners_in(undo))
