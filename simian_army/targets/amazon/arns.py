"""What an ARN says: where a target is, and what it is called there."""

from __future__ import annotations

from typing import NamedTuple

from simian_army.errors import PlatformError

_GROUP = "autoScalingGroupName/"


class Arn(NamedTuple):
    """The parts of an ARN; ``name`` is the instance id, or the name of the Auto Scaling Group."""

    service: str
    region: str
    account: str
    name: str


def instance_arn(partition: str, scope: str, name: str) -> str:
    """The ARN of an instance; ``scope`` is account/region."""
    account, _, region = scope.partition("/")
    return f"arn:{partition}:ec2:{region}:{account}:instance/{name}"


def arn_of(text: str) -> Arn:
    """The parts of the ARN of an instance or a group.

    Raises:
        PlatformError: it is none.
    """
    head, _, rest = text.partition(":instance/")
    parts = head.split(":") if rest else text.split(":", 5)
    if rest and len(parts) == 5 and parts[2] == "ec2":
        return Arn("ec2", parts[3], parts[4], rest)
    if len(parts) == 6 and parts[2] == "autoscaling" and _GROUP in parts[5]:
        return Arn("autoscaling", parts[3], parts[4], parts[5].split(_GROUP, 1)[1])
    raise PlatformError(f"aws: {text!r} is the ARN of no instance and of no Auto Scaling Group")
