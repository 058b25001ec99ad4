"""Fault kinds that cannot bear what happens meanwhile, the check that has to notice, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from examples.cut.cut import KEY, NOBODY, PATH, ServiceCut, selects
from simian_army import marks
from simian_army.errors import PlatformError, Refused, SimianError
from simian_army.model import Evidence, Fault, Mark
from tests.testing.broken import FINE, WAS

ADDED = {"key": "the key that we add"}


class Bossy(ServiceCut):
    """It restores over what others did."""

    undo = WAS

    def prepare(self, fault: Fault) -> Any:
        return {"was": selects(self.there(fault))}

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        obj = self.port.get(fault.target)
        left = self.port.unmark(obj, mark) if obj else []
        if left:
            was = (fault.undo or {})["was"]
            self.port.patch(fault.target, [*left, {"op": "add", "path": "/spec/selector", "value": was}])
        return FINE


class Silent(ServiceCut):
    """It keeps what others did, and says nothing of that."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return replace(super().revert(fault, mark), detail="reverted")


class Sulking(ServiceCut):
    """Where others changed something it does not take its mark off."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        said = selects(self.port.get(fault.target)).get(KEY)
        return replace(FINE, detail="theirs") if said not in (None, NOBODY) else super().revert(fault, mark)


class Clinging(ServiceCut):
    """It cannot be reverted where its target is gone."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        gone = self.port.get(fault.target) is None
        return Evidence(holds=False, detail="gone") if gone else super().revert(fault, mark)


class Mourning(ServiceCut):
    """A target that is gone is as good as cut off."""

    def there(self, fault: Fault) -> dict[str, object]:
        return super().there(fault) if self.port.get(fault.target) else {}

    def inject(self, fault: Fault, mark: Mark) -> None:
        if self.there(fault):
            super().inject(fault, mark)


class Confusing(ServiceCut):
    """It takes another of the same name for its target."""

    def there(self, fault: Fault) -> dict[str, object]:
        return super().there(self._namesake(fault))

    def inject(self, fault: Fault, mark: Mark) -> None:
        super().inject(self._namesake(fault), mark)

    def _namesake(self, fault: Fault) -> Fault:
        port: Any = self.port
        found = port.named("service", fault.target.scope, fault.target.name)
        return replace(fault, target=replace(fault.target, id=found["metadata"]["uid"])) if found else fault


class Brash(ServiceCut):
    """It raises what is no error of ours before there is anything to undo."""

    def prepare(self, fault: Fault) -> Any:
        try:
            return super().prepare(fault)
        except PlatformError as error:
            raise KeyError("selector") from error


class Gullible(ServiceCut):
    """It believes the mark that it finds."""

    undo = ADDED

    def prepare(self, fault: Fault) -> Any:
        self.there(fault)
        return {"key": "cut"}

    def inject(self, fault: Fault, mark: Mark) -> None:
        obj, add = self.there(fault), {"op": "add", "path": f"/spec/selector/{mark.undo['key']}", "value": NOBODY}
        self.port.patch(fault.target, [*self.port.mark(obj, mark), add])

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(NOBODY in selects(self.port.get(fault.target)).values(), "looked")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        obj: Any = self.port.get(fault.target)
        said = marks.from_text(marks.found(obj) or "") if obj else None
        key = said.undo.get("key") if said else None
        ours = [{"op": "remove", "path": f"/spec/selector/{key}"}] if key in selects(obj) else []
        if left := [*self.port.unmark(obj, mark), *ours] if obj else []:
            self.port.patch(fault.target, left)
        return FINE


class Trampling(ServiceCut):
    """It writes its mark over one that is there."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.there(fault)
        notes: Sequence[tuple[str, str, str]] = (
            ("labels", marks.HELD, "true"),
            ("annotations", marks.FAULT, marks.to_text(mark)),
        )
        head: Any = (self.port.get(fault.target) or {})["metadata"]
        empty = [{"op": "add", "path": f"/metadata/{part}", "value": {}} for part, _, _ in notes if part not in head]
        said = [
            {"op": "add", "path": f"/metadata/{part}/{key.replace('/', '~1')}", "value": value}
            for part, key, value in notes
        ]
        self.port.patch(fault.target, [*empty, *said, {"op": "add", "path": PATH, "value": NOBODY}])


class HarmFirst(ServiceCut):
    """It harms, then marks."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        obj = self.there(fault)
        self.port.patch(fault.target, [{"op": "add", "path": PATH, "value": NOBODY}])
        self.port.patch(fault.target, self.port.mark(obj, mark))


class MarkFirst(ServiceCut):
    """Reverting, it takes the mark off, then the harm."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        obj = self.port.get(fault.target)
        left = self.port.unmark(obj, mark) if obj else []
        if left:
            self.port.patch(fault.target, left)
            self.port.patch(fault.target, [{"op": "remove", "path": PATH}])
        return FINE


class Bare(ServiceCut):
    """It raises what is no error of ours."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        try:
            super().inject(fault, mark)
        except SimianError as error:
            raise RuntimeError("the platform did not answer") from error


class Denying(ServiceCut):
    """It says that nothing was done where nobody knows."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        try:
            super().inject(fault, mark)
        except SimianError as error:
            raise Refused(str(error)) from error


class Stubborn(ServiceCut):
    """It asks until it is answered."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        while True:
            try:
                return super().revert(fault, mark)
            except SimianError:
                continue


class Hopeful(ServiceCut):
    """Whatever it cannot see is well."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        try:
            return super().revert(fault, mark)
        except SimianError:
            return FINE


class Guessing(ServiceCut):
    """What it could not look at is surely cut off."""

    def observe(self, fault: Fault) -> Evidence:
        try:
            return super().observe(fault)
        except SimianError:
            return FINE


FRAIL: Sequence[tuple[str, Any, str]] = (
    ("changed_meanwhile", Bossy, "after the revert service"),
    ("changed_meanwhile", Silent, "it only says: reverted"),
    ("changed_meanwhile", Sulking, "leaves the mark"),
    ("gone_meanwhile", Clinging, "its target is gone, and the revert does not hold"),
    ("gone_meanwhile", Mourning, "it is injected all the same"),
    ("gone_meanwhile", Confusing, "it is injected all the same"),
    ("timeouts", Brash, "preparing, call 1 (get): its answer is lost: it raises KeyError"),
    ("mark_forged", Gullible, "its mark was forged, and after the revert"),
    ("mark_forged", Trampling, "overwrites a mark"),
    ("crash_points", HarmFirst, "no mark tells of it"),
    ("crash_points", MarkFirst, "reverting, call 3 (patch)"),
    ("timeouts", Bare, "it raises RuntimeError"),
    ("timeouts", Denying, "it says no"),
    ("timeouts", Stubborn, "never comes back"),
    ("timeouts", Hopeful, "the revert says it holds, but"),
    ("timeouts", Guessing, "which nobody injected"),
)
