"""What a suspension does: a Job's pods go and no new ones come, until it is given back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.errors import Refused
from simian_army.faults.k8s import in_place
from simian_army.faults.k8s.arguments import known
from simian_army.faults.k8s.in_place import Change
from simian_army.faults.k8s.workloads import pods_of
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesPort
from simian_army.standing import NOBODY

_PATH = ("spec", "suspend")
_ENDED = frozenset({"Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"})


@dataclass(frozen=True, slots=True)
class JobSuspend:
    """Suspends a Job and holds it so. It begins anew with what is not done, and its deadline begins anew too."""

    port: KubernetesPort
    name: ClassVar[str] = "job-suspend"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "job"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = NOBODY  # nobody is served by a Job: that its own work stops is what it opted in to
    restores: ClassVar[tuple[str, ...]] = ("spec.suspend",)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, lets the Job go on"
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {
        "suspend": "what it said before: false, or null where it said nothing",
        "owners": in_place.OWNERS,
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "batch", "jobs", ""),
        ("list", "batch", "jobs", ""),
        ("patch", "batch", "jobs", ""),
        ("list", "", "pods", ""),
    )
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("get", "batch", "jobs", ""),
        ("patch", "batch", "jobs", ""),
    )

    def reach(self, fault: Fault) -> Selector | None:
        """Every pod of the Job."""
        return pods_of(fault)

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        obj = in_place.free(self.port, fault)
        if in_place.value_at(obj, _PATH) is True:
            raise Refused(f"{fault.target}: suspended already, so it would not be ours to undo")
        ended = [one.get("type") for one in _conditions(obj) if one.get("status") == "True"]
        if not _ENDED.isdisjoint(ended):
            raise Refused(f"{fault.target}: it is over ({', '.join(map(str, ended))}), there is nothing to suspend")
        return {"suspend": in_place.value_at(obj, _PATH), "owners": in_place.owners(obj, _PATH)}

    def inject(self, fault: Fault, mark: Mark) -> None:
        in_place.inject(self.port, fault, mark, _change(mark.undo))

    def observe(self, fault: Fault) -> Evidence:
        seen, obj = in_place.look(self.port, fault, _change(fault.undo or {}))
        if not seen.holds:
            return seen
        left = in_place.value_at(obj, ("status", "active")) or 0
        said = any(one.get("type") == "Suspended" and one.get("status") == "True" for one in _conditions(obj))
        holds = said and not left
        return Evidence(holds, f"suspended, {left} pods are active", under_way=not holds)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return in_place.revert(self.port, fault, mark, _change(fault.undo or mark.undo))


def _change(undo: Json) -> Change:
    return Change(_PATH, undo.get("suspend"), after=True, owners=in_place.owners_in(undo))


def _conditions(obj: Json) -> list[Json]:
    found = in_place.value_at(obj, ("status", "conditions"))
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
