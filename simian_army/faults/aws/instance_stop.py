"""What a stop does: an instance is off until it is started again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.errors import Refused
from simian_army.faults.aws.holding import LOOKS, READS, expect_free, no_params, or_back, under_mark
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import AwsPort

_MEMBER = "aws:autoscaling:groupName"
_ON = ("running", "pending")
_ENDING = ("shutting-down", "terminated")
_STARTED = "started"
_UNSCHEDULED, _NO_SCHEDULE = "schedule removed", "no schedule left"


@dataclass(frozen=True, slots=True)
class InstanceStop:
    """Stops a standalone instance and holds it so, under tags that say how to start it again.

    A public address that is not an Elastic IP, what is in memory, and instance store volumes are lost by a stop.
    Members of an Auto Scaling Group are refused (the group would replace them), and so are spot instances (a stop may
    end them) and those that boot from instance store (they cannot be stopped). Where config names a role for it, a
    one-off schedule made before the stop starts the instance even when nobody of ours is left to do it.
    """

    port: AwsPort
    name: ClassVar[str] = "instance-stop"
    platform: ClassVar[str] = "aws"
    strikes: ClassVar[str] = "instance"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    hides: ClassVar[bool] = True  # who looks for instances to strike finds running ones only
    restores: ClassVar[tuple[str, ...]] = ("State.Name", "Tags")
    alone: ClassVar[str] = (
        "AWS starts it 2 min after the deadline, where platforms.aws.scheduler_role is set; "
        "else the next start of an agent, or `simian revert --all`, does"
    )
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {
        "state": "the state it was in before; always running",
        "schedule": "true where a one-off schedule was to be made, which a revert deletes; else left out",
    }
    permissions: ClassVar[tuple[tuple[str], ...]] = (
        *READS,
        ("ec2:CreateTags",),
        ("ec2:DeleteTags",),
        ("ec2:StopInstances",),
        ("ec2:StartInstances",),
        ("scheduler:CreateSchedule",),
        ("scheduler:DeleteSchedule",),
        ("iam:PassRole",),
    )

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        no_params(fault)
        why = _unfit(expect_free(self.port, fault))
        if why:
            raise Refused(f"{fault.target}: {why}")
        return {"state": "running", **({"schedule": True} if self.port.expires() else {})}

    def inject(self, fault: Fault, mark: Mark) -> None:
        under_mark(self.port, fault, mark, lambda: self._stop_for_now(fault, mark))

    def observe(self, fault: Fault) -> Evidence:
        obj = self.port.get(fault.target)
        if obj is None:
            return Evidence(holds=False, detail="the instance is gone")
        state, bearing = _state(obj), self.port.bears(obj)
        words = f"{state}, {'marked' if bearing else 'not marked'}"
        return Evidence(state in ("stopping", "stopped") and bool(bearing), words, {"state": state})

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        said: list[str] = []
        for _ in range(LOOKS):  # the last look proves the last step
            obj = self.port.get(fault.target)
            if obj is None or _state(obj) in _ENDING:
                self._unschedule(fault, mark, said)
                return Evidence(holds=True, detail="the instance is terminated, and our mark with it")
            state = _state(obj)
            if state not in ("running", "stopped"):
                return _under_way([*said, f"{state}: AWS is at it"])
            step = self._start if state == "stopped" else self._let_go
            done = step(fault, mark, obj, said)
            if done is not None:
                return done
        return _under_way(said)

    def _stop_for_now(self, fault: Fault, mark: Mark) -> None:
        if not _scheduled(fault):
            self._stop(fault)
            return
        # before the stop: from then on it may be that nobody of ours lives
        self.port.expire(fault.target, mark)
        or_back(lambda: self._stop(fault), lambda: self.port.unexpire(fault.target, mark), "schedule")

    def _stop(self, fault: Fault) -> None:
        before = self.port.stop(fault.target)
        if before not in _ON:
            raise Refused(f"{fault.target}: it was {before} already, so to start it would not be ours")

    def _start(self, fault: Fault, mark: Mark, obj: Json, said: list[str]) -> Evidence | None:
        if _STARTED in said:
            return _under_way(said)
        others = "" if self.port.ours(obj, mark) else self.port.bears(obj)
        if others:
            self._unschedule(fault, mark, said)  # it would start what another fault holds
            return Evidence(holds=True, detail=f"stopped, and held by another fault: kept ({others})")
        # also without our mark: who took tags off started nothing, and the ledger knows that we stopped it
        self.port.start(fault.target)
        said.append(_STARTED)
        return None

    def _let_go(self, fault: Fault, mark: Mark, obj: Json, said: list[str]) -> Evidence | None:
        self._unschedule(fault, mark, said)
        if self.port.ours(obj, mark):
            self.port.unmark(fault.target, mark)
            said.append("mark removed" if _STARTED in said else "running: kept, mark removed")
            return None
        did = ", ".join(words for words in said if words != _NO_SCHEDULE)
        words = f"{did}; read back" if did else "running, and no mark of this run: nothing to undo"
        return Evidence(holds=True, detail=words, facts={"state": "running"})

    def _unschedule(self, fault: Fault, mark: Mark, said: list[str]) -> None:
        if not _scheduled(fault) or {_UNSCHEDULED, _NO_SCHEDULE} & {*said}:
            return
        said.append(_UNSCHEDULED if self.port.unexpire(fault.target, mark) else _NO_SCHEDULE)


def _scheduled(fault: Fault) -> bool:
    """Whether its undo tells of a schedule, whatever config says by now."""
    return bool((fault.undo or {}).get("schedule"))


def _unfit(obj: Json) -> str:
    """Why an instance cannot be stopped and started again; empty when it can."""
    state, life = _state(obj), str(obj.get("InstanceLifecycle") or "")
    if state != "running":
        return f"{state} already, so to start it would not be ours"
    if _MEMBER in obj["Tags"]:
        return f"a member of the Auto Scaling Group {obj['Tags'][_MEMBER]}, which would replace it once stopped"
    if life:
        return f"a {life} instance: it may not come back once stopped"
    if obj.get("RootDeviceType") != "ebs":
        return f"its root device is {obj.get('RootDeviceType') or 'not known'}: only ebs can be stopped"
    return ""


def _state(obj: Json) -> str:
    return str(obj["State"]["Name"])


def _under_way(said: list[str]) -> Evidence:
    return Evidence(holds=False, detail=", ".join(said), under_way=True)
