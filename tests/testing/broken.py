"""Fault kinds that each break one promise of what they say and do, the check that has to notice, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from examples.cut.cut import KEY, NOBODY, PATH, ServiceCut, selects
from simian_army.model import Evidence, Fault, Mark, Selector, Target

WAS = {"was": "what it selected"}
FINE = Evidence(holds=True, detail="all is well")


class Undocumented(ServiceCut):
    pass


Undocumented.__doc__ = None


class Shouting(ServiceCut):
    """Its name is not written as names are."""

    name = "Service_Cut"


class Odd(ServiceCut):
    """What it prepares is another when it is read back."""

    undo = WAS

    def prepare(self, fault: Fault) -> Any:
        return {"was": tuple(selects(self.there(fault)).items())}


class Unexplained(ServiceCut):
    """It prepares what it does not explain."""

    def prepare(self, fault: Fault) -> Any:
        return {"was": selects(self.there(fault))}


class Hasty(ServiceCut):
    """It writes in prepare."""

    def prepare(self, fault: Fault) -> Any:
        self.port.patch(fault.target, [{"op": "add", "path": "/metadata/labels/prepared", "value": "true"}])
        return super().prepare(fault)


class Touching(ServiceCut):
    """It writes when it looks."""

    def observe(self, fault: Fault) -> Evidence:
        self.port.patch(fault.target, [{"op": "add", "path": "/metadata/labels/seen", "value": "true"}])
        return super().observe(fault)


class Forgetful(ServiceCut):
    """It leaves no mark."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.port.patch(fault.target, [{"op": "add", "path": PATH, "value": NOBODY}])

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        if selects(self.port.get(fault.target)).get(KEY) == NOBODY:
            self.port.patch(fault.target, [{"op": "remove", "path": PATH}])
        return FINE


class Unsigned(ServiceCut):
    """The mark it leaves is not the one that it was given."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        super().inject(fault, replace(mark, mac="0" * len(mark.mac)))


class Remembering(ServiceCut):
    """What it would undo by is nowhere but in the process that did it."""

    mine: str = ""

    def inject(self, fault: Fault, mark: Mark) -> None:
        super().inject(fault, mark)
        self.mine = fault.target.id

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return super().revert(fault, mark) if self.mine == fault.target.id else FINE


class Sprawling(ServiceCut):
    """It changes more than it says."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        super().inject(fault, mark)
        self.port.patch(fault.target, [{"op": "add", "path": "/spec/publishNotReadyAddresses", "value": True}])


class Idle(ServiceCut):
    """It marks, and does nothing."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.port.patch(fault.target, self.port.mark(self.there(fault), mark))


class Boasting(ServiceCut):
    """It sees its effect whatever is so."""

    def observe(self, fault: Fault) -> Evidence:
        return FINE if self.port.get(fault.target) else Evidence(holds=False, detail="gone")


class Blind(ServiceCut):
    """It never sees its effect."""

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(holds=False, detail="did not look")


class Twice(ServiceCut):
    """Injected again it does harm again."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        there = selects(self.port.get(fault.target))
        if KEY not in there:
            super().inject(fault, mark)
            return
        self.port.patch(fault.target, [{"op": "add", "path": f"{PATH}-{len(there)}", "value": NOBODY}])


class Restless(ServiceCut):
    """Reverted it writes, whether there is anything to revert or not."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        proof = super().revert(fault, mark)
        if obj := self.port.get(fault.target):
            times = str(int(obj["metadata"]["labels"].get("reverted", "0")) + 1)
            self.port.patch(fault.target, [{"op": "add", "path": "/metadata/labels/reverted", "value": times}])
        return proof


class Demanding(ServiceCut):
    """It finds nothing to revert, and takes that for a failure."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        cut = KEY in selects(self.port.get(fault.target))
        return super().revert(fault, mark) if cut else Evidence(holds=False, detail="it is not cut")


class Secretive(ServiceCut):
    """It asks for what it does not name."""

    def prepare(self, fault: Fault) -> Any:
        self.port.get(Target("kubernetes", "secret", "u1", "none", fault.target.scope, "", None, {}))
        return super().prepare(fault)


class Greedy(ServiceCut):
    """It names what it never asks for."""

    permissions = (*ServiceCut.permissions, ("delete", "", "services", ""))


class Helpless(ServiceCut):
    """Its revert asks for more than its undertaker would have."""

    reverting = (("get", "", "services", ""),)


class Prepared(ServiceCut):
    """It has its undertaker be granted more than a revert asks for."""

    reverting = ServiceCut.permissions


class Many(ServiceCut):
    """It reverts many, one by one."""

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> Sequence[Evidence]:
        return [self.revert(fault, mark) for fault, mark in held]


class OnlyFirst(Many):
    """It reverts the first of many, and takes that for all."""

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> Sequence[Evidence]:
        return [self.revert(*held[0]) for _ in held]


class Fewer(Many):
    """It says less than it was asked."""

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> Sequence[Evidence]:
        return list(super().revert_all(held))[1:]


class Everybody(ServiceCut):
    """It cannot say whom it harms."""

    def reach(self, fault: Fault) -> Selector:
        raise ValueError("whom it harms")


BROKEN: Sequence[tuple[str, Any, str]] = (
    ("docstring", Undocumented, "no docstring"),
    ("docstring", Shouting, "write it like pod-evict"),
    ("json", Odd, "not the same when it is read back"),
    ("json", Unexplained, "undo has was"),
    ("prepare", Hasty, "prepare writes"),
    ("prepare", Touching, "observe writes"),
    ("write_ahead", Forgetful, "its mark is nowhere"),
    ("write_ahead", Unsigned, "signed for its target"),
    ("write_ahead", Remembering, "by the record alone: the revert says it holds, but"),
    ("restores", Sprawling, "publishNotReadyAddresses"),
    ("restores", Idle, "it changes nothing"),
    ("effect", Boasting, "there before it was injected"),
    ("effect", Blind, "does not see its effect"),
    ("inject_twice", Twice, "injected again it changes"),
    ("revert_twice", Restless, "reverted again it writes"),
    ("revert_without_inject", Restless, "what never was writes"),
    ("revert_without_inject", Demanding, "does not hold: it is not cut"),
    ("permissions", Secretive, 'do not name: get "" secrets'),
    ("permissions", Greedy, 'never asks for: delete "" services'),
    ("permissions", Helpless, 'does not name: patch "" services'),
    ("permissions", Prepared, "names what its revert never asks for"),
    ("revert_many", OnlyFirst, "leaves service"),
    ("revert_many", Fewer, "1 evidences for 2 faults"),
)
