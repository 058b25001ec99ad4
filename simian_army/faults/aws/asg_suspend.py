"""What a suspension does: an Auto Scaling Group stops doing some of what it does by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.errors import Refused
from simian_army.faults.aws.holding import LOOKS, READS, expect_free, under_mark
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import AwsPort

PROCESSES = (
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
)
"""What an Auto Scaling Group does by itself, as AWS names it."""

_USUAL = ("Launch", "Terminate")


@dataclass(frozen=True, slots=True)
class AsgSuspend:
    """Suspends processes of a group and holds them so: what fails meanwhile is not made good.

    Only those that we suspended are resumed, and only while they still are suspended.
    """

    port: AwsPort
    name: ClassVar[str] = "asg-suspend"
    platform: ClassVar[str] = "aws"
    strikes: ClassVar[str] = "asg"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = "nobody"
    restores: ClassVar[tuple[str, ...]] = ("SuspendedProcesses", "Tags")
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, resumes the processes"
    params: ClassVar[Mapping[str, str]] = {
        "processes": f"list of those to suspend, of {', '.join(PROCESSES)}; without it, {' and '.join(_USUAL)}"
    }
    undo: ClassVar[Mapping[str, str]] = {"processes": "list of those to resume: asked for, and not suspended before"}
    permissions: ClassVar[tuple[tuple[str], ...]] = (
        *READS,
        ("autoscaling:CreateOrUpdateTags",),
        ("autoscaling:DeleteTags",),
        ("autoscaling:SuspendProcesses",),
        ("autoscaling:ResumeProcesses",),
    )

    def reach(self, fault: Fault) -> Selector | None:
        """Every member of the group, whatever its state."""
        return Selector(kind="instance", fields=(("group", fault.target.group),))

    def prepare(self, fault: Fault) -> Json | None:
        asked = _asked(fault)
        before = _suspended(expect_free(self.port, fault))
        ours = [name for name in asked if name not in before]
        if not ours:
            raise Refused(f"{fault.target}: {', '.join(asked)} suspended already, so to resume would not be ours")
        return {"processes": ours}

    def inject(self, fault: Fault, mark: Mark) -> None:
        under_mark(self.port, fault, mark, lambda: self.port.suspend(fault.target, _ours(fault)))

    def observe(self, fault: Fault) -> Evidence:
        obj = self.port.get(fault.target)
        if obj is None:
            return Evidence(holds=False, detail="the group is gone")
        now, bearing = _suspended(obj), self.port.bears(obj)
        words = f"suspended: {', '.join(now) or 'nothing'}; {'marked' if bearing else 'not marked'}"
        return Evidence(set(_ours(fault)) <= set(now) and bool(bearing), words, {"suspended": now})

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        said: list[str] = []
        for _ in range(LOOKS):  # the last look proves the last step
            obj = self.port.get(fault.target)
            if obj is None:
                return Evidence(holds=True, detail="the group is gone, and our mark with it")
            done = self._step(fault, mark, obj, said)
            if done is not None:
                return done
        return Evidence(holds=False, detail=f"{', '.join(said)}; not to be seen yet", under_way=True)

    def _step(self, fault: Fault, mark: Mark, obj: Json, said: list[str]) -> Evidence | None:
        ours, now = self.port.ours(obj, mark), _suspended(obj)
        if not ours and self.port.bears(obj):
            return Evidence(holds=True, detail=f"held by another fault: kept ({self.port.bears(obj)})")
        # also without our mark: who took tags off resumed nothing, and the ledger knows what we suspended
        left = [name for name in _ours(fault) if name in now]
        if left:
            self.port.resume(fault.target, left)
            said.append(f"resumed {', '.join(left)}")
            return None
        if ours:
            self.port.unmark(fault.target, mark)
            said.append("mark removed")
            return None
        words = f"{', '.join(said)}; read back" if said else "nothing of ours is suspended, and no mark of this run"
        return Evidence(holds=True, detail=words, facts={"suspended": now})


def _asked(fault: Fault) -> list[str]:
    unknown = sorted(set(fault.params) - {"processes"})
    if unknown:
        raise Refused(f"{fault.kind} knows no parameter {', '.join(unknown)}; known: processes")
    asked = fault.params.get("processes", list(_USUAL))
    if not isinstance(asked, list | tuple) or not asked or not all(isinstance(name, str) for name in asked):
        raise Refused(f"{fault.kind}: processes is {asked!r}, give a list of names")
    strange = sorted(set(asked) - set(PROCESSES))
    if strange:
        raise Refused(f"{fault.kind}: AWS knows no process {', '.join(strange)}; known: {', '.join(PROCESSES)}")
    return sorted(set(asked))


def _ours(fault: Fault) -> list[str]:
    """What was not suspended before, as the undo says; of an undo that makes no sense only what AWS knows."""
    listed = (fault.undo or {}).get("processes")
    return [name for name in listed if name in PROCESSES] if isinstance(listed, list) else []


def _suspended(obj: Json) -> list[str]:
    return sorted(str(one["ProcessName"]) for one in obj.get("SuspendedProcesses") or ())
