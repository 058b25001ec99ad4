"""An AWS to test fault kinds in: moto on 127.0.0.1, with an instance or an Auto Scaling Group when asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from simian_army import marks
from simian_army.embedded.cloud import REGION, SEEDING, CloudServer
from simian_army.model import Json, Mark, Selector, Target
from simian_army.targets.amazon import marking
from simian_army.targets.amazon.checks import READS
from simian_army.targets.amazon.place import Place
from simian_army.targets.aws import Aws
from simian_army.testing.others import THEIRS

_IMAGE = "ami-0123456789abcdef0"
_KINDS = {"member": "instance"}
_THERE = ["pending", "running", "stopping", "stopped"]
_ALWAYS = frozenset({("sts:GetCallerIdentity",), *((name,) for name in READS)})
_TAKES = {"scheduler:CreateSchedule": ("iam:PassRole",)}
_INSTANCE = ("InstanceId", "InstanceType", "ImageId", "EbsOptimized")
_GROUP = ("MinSize", "MaxSize", "DesiredCapacity", "HealthCheckType", "DefaultCooldown")


class CloudWorld:
    """An AWS of one account and region; one at a time in a process. Needs the extra ``demo`` (moto).

    Besides ``instance`` and ``asg`` it has the target kind ``member``: an instance that is a member of a group. With a
    ``role`` AWS may start stopped instances by itself.
    """

    fleet, key = "conformance", b"a key that only tests have"

    def __init__(self, *, role: str = "") -> None:
        self._role = role
        self._groups_of: dict[str, str] = {}
        self._server = CloudServer()
        self._server.start()
        self._made = 0

    def port(self) -> Any:
        """The one connection: to make clients takes half a second."""
        return self._aws

    def target(self, kind: str) -> Target:
        """One made for it."""
        self._made += 1
        name = f"{kind}-{self._made}"
        if kind == "instance":
            self._instance(name)
        else:
            self._group(name)
        port = self.port()
        found = port.find(Selector(_KINDS.get(kind, kind), labels=f"app={name}"))
        whole = port.read(found[0])
        if not isinstance(whole, Target):
            raise AssertionError(f"{found[0]} is gone before it is struck")
        if kind != "instance":
            self._groups_of[whole.id] = name
        return whole

    def look(self) -> Json:
        """Every instance, group and schedule that is there."""
        return {
            **{f"schedule {name}": {} for name in self._schedules()},
            **{f"instance {self._scope}/{one['InstanceId']}": _instance(one) for one in self._instances()},
            **{f"asg {self._scope}/{one['AutoScalingGroupName']}": _group(one) for one in self._groups()},
        }

    def marks(self) -> list[str]:
        """The run of the mark on each, by its tags."""
        tags = [_tags(one) for one in (*self._instances(), *self._groups())]
        found = [marking.mark_in(one, self.fleet) for one in tags if marking.words(one)]
        return [mark.run if mark else "?" for mark in found]

    def writes(self) -> int:
        """Those that AWS carried out."""
        return sum(write.code < 300 for write in self._server.writes)

    def asked(self) -> list[tuple[str, ...]]:
        """``ec2:StopInstances`` for each request of an adapter; to make a schedule is to pass a role on."""
        named = [f"{one.service}:{one.action}" for one in self._server.asked]
        return [(one,) for name in named for one in (name, *_TAKES.get(name, ()))]

    def always(self) -> Collection[tuple[str, ...]]:
        """What finding and reading targets takes."""
        return _ALWAYS

    def found(self, kinds: Collection[str]) -> Sequence[tuple[Target, Mark | None]]:
        """As ``Platform.marked``."""
        del kinds  # it looks at all
        return list(self.port().marked())

    def change(self, target: Target, before: Json) -> None:
        """An instance is started, the first suspended process of a group resumed; a tag is added."""
        del before
        if target.kind == "instance":
            self._ec2.start_instances(InstanceIds=[target.name])
        for name in self._suspended(target)[:1]:
            self._scaling.resume_processes(AutoScalingGroupName=target.name, ScalingProcesses=[name])
        self._tag(target, {"theirs": THEIRS})

    def remove(self, target: Target) -> None:
        """An instance is terminated, a group deleted with its members."""
        if target.kind == "instance":
            self._ec2.terminate_instances(InstanceIds=[target.name])
        else:
            self._scaling.delete_auto_scaling_group(AutoScalingGroupName=target.name, ForceDelete=True)

    def clear(self, target: Target) -> None:
        """With the group that was made for it, its schedules as well."""
        group = self._groups_of.pop(target.id, "")
        if group:
            there = [one for one in self._groups() if one["AutoScalingGroupName"] == group]
            for one in there:
                self._scaling.delete_auto_scaling_group(AutoScalingGroupName=group, ForceDelete=True)
                self._end([member["InstanceId"] for member in one["Instances"]])
        if target.kind == "instance":
            self._end([target.name])
        for name in self._schedules():
            self._scheduler.delete_schedule(Name=name)

    def forge(self, target: Target, mark: Mark) -> None:
        """As tags."""
        self._tag(target, marking.written(mark))

    def strip(self, target: Target) -> None:
        """All of its tags that marks are made of."""
        for one in (*self._instances(), *self._groups()):
            ours = [key for key in _tags(one) if key.startswith((marks.FAULT, marks.HELD))]
            if target.name in (one.get("InstanceId"), one.get("AutoScalingGroupName")) and ours:
                self._untag(target, ours)

    def close(self) -> None:
        """End every connection, then the server."""
        self._aws.close()
        for client in (self._ec2, self._scaling, self._scheduler):
            client.close()
        self._server.stop()

    @property
    def _scope(self) -> str:
        return f"123456789012/{REGION}"

    @cached_property
    def _aws(self) -> Aws:
        place = Place((REGION,), endpoint=self._server.url, embedded=True, fleet=self.fleet, key=self.key)
        return Aws.connect(replace(place, scheduler_role=self._role))

    @cached_property
    def _ec2(self) -> Any:
        return self._client("ec2")

    @cached_property
    def _scaling(self) -> Any:
        return self._client("autoscaling")

    @cached_property
    def _scheduler(self) -> Any:
        return self._client("scheduler")

    def _client(self, service: str) -> Any:
        from botocore.config import Config
        from botocore.session import Session

        session, config = Session(), Config(user_agent_extra=SEEDING, proxies={}, retries={"total_max_attempts": 1})
        session.set_credentials("embedded", "embedded")
        return session.create_client(service, region_name=REGION, endpoint_url=self._server.url, config=config)

    def _instances(self) -> list[dict[str, Any]]:
        said = self._ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": _THERE}])["Reservations"]
        return [one for reservation in said for one in reservation["Instances"]]

    def _groups(self) -> list[dict[str, Any]]:
        return list(self._scaling.describe_auto_scaling_groups()["AutoScalingGroups"])

    def _schedules(self) -> list[str]:
        if not self._role:
            return []
        return [one["Name"] for one in self._scheduler.list_schedules()["Schedules"]]

    def _end(self, names: Sequence[str]) -> None:
        if names:
            self._ec2.terminate_instances(InstanceIds=list(names))

    def _suspended(self, target: Target) -> list[str]:
        named = [one for one in self._groups() if one["AutoScalingGroupName"] == target.name]
        return [process["ProcessName"] for one in named for process in one["SuspendedProcesses"]]

    def _instance(self, name: str) -> None:
        tags = [{"Key": "app", "Value": name}]
        asked = {"ImageId": _IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        self._ec2.run_instances(**asked, TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])

    def _group(self, name: str) -> None:
        self._ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": _IMAGE})
        self._scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=4,
            DesiredCapacity=1,
            VPCZoneIdentifier=self._ec2.describe_subnets()["Subnets"][0]["SubnetId"],
            LaunchTemplate={"LaunchTemplateName": name},
            Tags=[{"Key": "app", "Value": name, "PropagateAtLaunch": True}],
        )

    def _tag(self, target: Target, tags: Mapping[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        if target.kind == "instance":
            self._ec2.create_tags(Resources=[target.name], Tags=listed)
            return
        mine = {"ResourceId": target.name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
        self._scaling.create_or_update_tags(Tags=[{**one, **mine} for one in listed])

    def _untag(self, target: Target, keys: Sequence[str]) -> None:
        if target.kind == "instance":
            self._ec2.delete_tags(Resources=[target.name], Tags=[{"Key": key} for key in keys])
            return
        mine = {"ResourceId": target.name, "ResourceType": "auto-scaling-group"}
        self._scaling.delete_tags(Tags=[{"Key": key, **mine} for key in keys])


def _instance(said: Json) -> dict[str, Any]:
    kept = {key: said.get(key) for key in _INSTANCE}
    return {**kept, "State": {"Name": said["State"]["Name"]}, "Tags": _theirs(said)}


def _group(said: Json) -> dict[str, Any]:
    suspended = {one["ProcessName"]: True for one in said["SuspendedProcesses"]}
    return {**{key: said.get(key) for key in _GROUP}, "SuspendedProcesses": suspended, "Tags": _theirs(said)}


def _theirs(said: Json) -> dict[str, str]:
    return {key: value for key, value in _tags(said).items() if not key.startswith((marks.FAULT, marks.HELD))}


def _tags(said: Json) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in said.get("Tags") or ()}
