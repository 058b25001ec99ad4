"""How a marked object is given back: its mark and our change come off in one write, tried until that is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from simian_army.errors import Conflict, Gone
from simian_army.model import Evidence, Fault, Json, Mark
from simian_army.ports import KubernetesPort

TRIES = 5


@dataclass(frozen=True, slots=True)
class Back:
    """The operations that undo our change to an object, none if nothing of it is left, and what that does, in words."""

    operations: list[Json]
    words: str


Undo: TypeAlias = Callable[[Json], Back]
"""How our change to an object is undone, as it stands now and bears our mark."""


def give_back(port: KubernetesPort, fault: Fault, mark: Mark, undo: Undo) -> Evidence:
    """Take off ``mark`` and the change, as long as the object bears it; what others did since is kept."""
    said = ""
    for _ in range(TRIES + 1):  # the last look proves the last try
        obj = port.get(fault.target)
        if obj is None:
            return Evidence(holds=True, detail=f"the {fault.target.kind} is gone, and our mark with it")
        left = port.unmark(obj, mark)
        if not left:
            return Evidence(holds=True, detail=f"{said}; read back" if said else NOTHING_LEFT)
        back = undo(obj)
        try:
            port.patch(fault.target, [*left, *back.operations])
        except (Conflict, Gone):
            continue
        said = f"{back.words}, mark removed"
    what = f"the {fault.target.kind} changed {TRIES} times while we tried to give it back; try again"
    return Evidence(holds=False, detail=what)


NOTHING_LEFT = "no mark of this run: nothing to undo, or someone took over, kept"
