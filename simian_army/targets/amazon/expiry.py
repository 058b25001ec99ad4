"""How AWS starts a stopped instance again by itself: a one-off schedule of EventBridge Scheduler."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, timedelta

from simian_army.errors import Gone
from simian_army.model import Mark
from simian_army.targets.amazon.area import Area
from simian_army.targets.amazon.arns import Arn

LATE = timedelta(minutes=2)
"""How long after its deadline AWS ends a fault: by then agent and undertaker have had their turn."""

LONGEST = 64
"""Characters that a schedule's name may have, each of [0-9a-zA-Z-_.]."""

_SERVICE = "scheduler"
_RETRIED = 3600  # seconds for which AWS tries again: by its default of a day somebody may want the instance stopped
_DIGEST = 12


def name_of(mark: Mark, target: str) -> str:
    """What the schedule for that fault on the target of that id is called: ``simian-<fleet>-<run>-<digest>``.

    Long names are cut; the digest, which is over all of it, still tells them apart.
    """
    digest = hashlib.sha256(f"{mark.fleet}\n{mark.run}\n{target}".encode()).hexdigest()[:_DIGEST]
    head = f"simian-{mark.fleet}-{mark.run}"[: LONGEST - _DIGEST - 1].rstrip("-")
    return f"{head}-{digest}"


@dataclass(frozen=True, slots=True)
class Expiry:
    """The schedule for one instance; ``target`` is its ARN, ``role`` what EventBridge Scheduler assumes."""

    area: Area
    arn: Arn
    target: str
    role: str

    def put(self, mark: Mark) -> None:
        """Have the instance started ``LATE`` after the deadline of ``mark``, once; then the schedule deletes itself.

        Raises:
            Refused, Gone, Forbidden, PlatformError, Unknown: as the call tells.
        """
        partition = self.target.split(":")[1]
        at = mark.deadline.astimezone(UTC) + LATE
        self.area.act(
            _SERVICE,
            "CreateSchedule",
            Name=name_of(mark, self.target),
            Description=f"simian-army: {mark.kind} of run {mark.run} of fleet {mark.fleet} ends here by itself",
            ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": f"arn:{partition}:scheduler:::aws-sdk:ec2:startInstances",
                "RoleArn": self.role.format(account=self.arn.account),
                "Input": json.dumps({"InstanceIds": [self.arn.name]}),
                "RetryPolicy": {"MaximumEventAgeInSeconds": _RETRIED},
            },
        )

    def take(self, mark: Mark) -> bool:
        """Delete the schedule; False when there is none (any more).

        Raises:
            Refused, Forbidden, PlatformError, Unknown: as the call tells.
        """
        try:
            self.area.act(_SERVICE, "DeleteSchedule", Name=name_of(mark, self.target))
        except Gone:
            return False
        return True
