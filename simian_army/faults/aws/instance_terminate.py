"""What a termination does: an instance is destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.errors import Refused
from simian_army.faults.aws.holding import READS, no_params
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import AwsPort


@dataclass(frozen=True, slots=True)
class InstanceTerminate:
    """Terminates an instance. Momentary: a member goes through its Auto Scaling Group, which makes a new one.

    An instance that nothing replaces is lost: that is for the guard `irreversible` to refuse. One with termination
    protection is refused here, as its group would not heed it.
    """

    port: AwsPort
    name: ClassVar[str] = "instance-terminate"
    platform: ClassVar[str] = "aws"
    strikes: ClassVar[str] = "instance"
    reversible: ClassVar[bool] = False
    replaces: ClassVar[bool] = True
    restores: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[str] = "momentary: nothing to end"
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {}
    permissions: ClassVar[tuple[tuple[str], ...]] = (
        *READS,
        ("ec2:DescribeInstanceAttribute",),
        ("ec2:TerminateInstances",),
        ("autoscaling:TerminateInstanceInAutoScalingGroup",),
    )

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        no_params(fault)
        obj = self.port.get(fault.target)
        state = "gone" if obj is None else str(obj["State"]["Name"])
        if state != "running":
            raise Refused(f"{fault.target}: {state} already")
        if self.port.protected(fault.target):
            raise Refused(f"{fault.target}: it is protected from termination (DisableApiTermination)")
        return None

    def inject(self, fault: Fault, mark: Mark) -> None:
        del mark  # nothing is held, so nothing is marked
        self.port.terminate(fault.target)

    def observe(self, fault: Fault) -> Evidence:
        obj = self.port.get(fault.target)
        if obj is None:
            return Evidence(holds=True, detail="terminated")
        state = str(obj["State"]["Name"])
        return Evidence(state == "shutting-down", state, {"state": state})

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del fault, mark
        return Evidence(holds=True, detail="nothing to undo: its Auto Scaling Group, if it has one, makes a new one")
