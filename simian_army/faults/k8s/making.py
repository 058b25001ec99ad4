"""What the faults that make an object have in common: it bears the mark, is known by its name, and is deleted again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simian_army import marks
from simian_army.bearing import borne_by, name_for
from simian_army.errors import Conflict, Gone, Refused
from simian_army.faults.k8s.giving_back import TRIES
from simian_army.model import Evidence, Fault, Json, Mark, Target
from simian_army.ports_kube import KubernetesMakingPort

MANAGED = {"app.kubernetes.io/managed-by": "simian-army"}


@dataclass(frozen=True, slots=True)
class Made:
    """An object of ``kind`` that is made in the target's namespace, under the one name that each such fault takes."""

    port: KubernetesMakingPort
    kind: str

    def undo(self, fault: Fault) -> dict[str, Any]:
        """What the mark must say of it.

        Raises:
            Refused: an object of that name is there already.
        """
        name = name_for(fault)
        if self.port.named(self.kind, fault.target.scope, name) is not None:
            raise Refused(
                f"{self.kind} {fault.target.scope}/{name} is there already: another fault of this kind holds it"
            )
        return borne_by(fault.target, f"{self.kind}/{fault.target.scope}/{name}")

    def metadata(self, fault: Fault, mark: Mark) -> dict[str, Any]:
        """Its metadata, with the mark. It goes with the target, if that goes."""
        target = fault.target
        owner = {"apiVersion": "v1", "kind": target.kind.capitalize(), "name": target.name, "uid": target.id}
        return {
            "name": name_for(fault),
            "namespace": target.scope,
            "labels": {**MANAGED, marks.HELD: "true"},
            "annotations": {marks.FAULT: marks.to_text(mark)},
            "ownerReferences": [owner],
        }

    def create(self, obj: Json) -> None:
        """Make it, once.

        Raises:
            Conflict: one of its name is there already; others as the port.
        """
        self.port.create(self.kind, obj)

    def there(self, fault: Fault) -> dict[str, Any] | None:
        """The object as it is now, whoever made it."""
        return self.port.named(self.kind, fault.target.scope, name_for(fault))

    def delete(self, fault: Fault, mark: Mark) -> Evidence:
        """Delete it as long as it bears the mark, and see that it is gone."""
        said = f"the {self.kind} is not there"
        for _ in range(TRIES + 1):  # the last look proves the last try
            obj = self.there(fault)
            if obj is None:
                return Evidence(holds=True, detail=said)
            if not self.port.unmark(obj, mark):
                return Evidence(holds=True, detail=f"the {self.kind} bears no mark of this run: kept")
            if obj["metadata"].get("deletionTimestamp"):
                return Evidence(holds=False, detail=f"the {self.kind} is being deleted", under_way=True)
            said = f"{self.kind} deleted"
            self._delete(fault, obj)
        return Evidence(holds=False, detail=f"the {self.kind} was there again after {TRIES} deletions; try again")

    def _delete(self, fault: Fault, obj: Json) -> None:
        scope, name = fault.target.scope, name_for(fault)
        made = Target("kubernetes", self.kind, str(obj["metadata"]["uid"]), name, scope, "", None, {})
        try:
            self.port.delete(made)
        except (Conflict, Gone):
            return
