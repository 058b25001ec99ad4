"""A throw-away AWS and its administrator, for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import Session

from simian_army import marks
from simian_army.embedded.cloud import CloudServer
from simian_army.model import Fault, Mark, Selector, Target
from simian_army.targets.amazon.place import Place
from simian_army.targets.aws import Aws
from tests.doors import names
from tests.doors.door import Door, opened

HOME = "123456789012"
AWAY = "210987654321"
NORTH, SOUTH = "eu-west-1", "eu-south-1"
KEY = b"a key that only tests have"
FLEET = "shop"
IMAGE = "ami-0123456789abcdef0"
LATER = datetime(2030, 1, 1, tzinfo=UTC)
INSTANCE = Selector("instance")
KNOWN = create_loader()  # what it has read of the services, once for all administrators


class QuickClock:
    """Never waits, but remembers how long it was asked to; its monotonic time stands still unless told."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.ticks = 0.0

    def now(self) -> datetime:
        return LATER  # asked only to be compared with the Date of an answer

    def monotonic(self) -> float:
        return self.ticks

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        return event.is_set()


@dataclass
class World:
    """``server`` with nothing in it; the administrator acts in ``HOME`` unless a session says otherwise."""

    server: CloudServer
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def api(self, service: str, region: str = NORTH, account: str = HOME) -> Any:
        """The administrator's client."""
        if (service, region, account) not in self._clients:
            session = Session()
            session.register_component("data_loader", KNOWN)
            session.set_credentials("admin", "admin")
            if account != HOME:
                sts = self.api("sts", region)
                role = f"arn:aws:iam::{account}:role/admin"
                given = sts.assume_role(RoleArn=role, RoleSessionName="admin")["Credentials"]
                session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
            config = Config(retries={"total_max_attempts": 1}, user_agent_extra="simian-seed", proxies={})
            self._clients[service, region, account] = session.create_client(
                service, region_name=region, endpoint_url=self.server.url, config=config
            )
        return self._clients[service, region, account]

    def run(self, count: int = 1, *, region: str = NORTH, account: str = HOME, **tags: str) -> list[str]:
        """Start so many instances, each by itself; returns their ids. ``__`` in a tag's name stands for ``/``."""
        return [self.start({k.replace("__", "/"): v for k, v in tags.items()}, region, account) for _ in range(count)]

    def start(self, tags: Mapping[str, str], region: str = NORTH, account: str = HOME, **how: Any) -> str:
        """Start one instance with these tags; returns its id."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        tagged = {"TagSpecifications": [{"ResourceType": "instance", "Tags": listed}]} if listed else {}
        asked = {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **tagged, **how}
        return str(self.api("ec2", region, account).run_instances(**asked)["Instances"][0]["InstanceId"])

    def group(self, name: str, size: int, *, region: str = NORTH, **tags: str) -> None:
        """An Auto Scaling Group of so many; its tags go to its members too."""
        ec2 = self.api("ec2", region)
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": IMAGE})
        self.api("autoscaling", region).create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=20,
            DesiredCapacity=size,
            VPCZoneIdentifier=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
            LaunchTemplate={"LaunchTemplateName": name},
            Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()],
        )

    def members(self, name: str) -> list[str]:
        """The ids of a group's instances."""
        said = self.api("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return [one["InstanceId"] for one in said["AutoScalingGroups"][0]["Instances"]]

    def tags(self, name: str, region: str = NORTH) -> dict[str, str]:
        """The tags of an instance (``i-...``) or a group, as they are now."""
        if name.startswith("i-"):
            said = self.api("ec2", region).describe_instances(InstanceIds=[name])
            found = said["Reservations"][0]["Instances"][0].get("Tags", [])
        else:
            said = self.api("autoscaling", region).describe_auto_scaling_groups(AutoScalingGroupNames=[name])
            found = said["AutoScalingGroups"][0]["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Write tags on an instance."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.api("ec2").create_tags(Resources=[name], Tags=listed)

    def untag(self, name: str, keys: Sequence[str]) -> None:
        """Take tags off an instance, as Terraform does with those that it does not know."""
        self.api("ec2").delete_tags(Resources=[name], Tags=[{"Key": key} for key in keys])

    def state(self, name: str) -> str:
        """The state of an instance."""
        said = self.api("ec2").describe_instances(InstanceIds=[name])
        return str(said["Reservations"][0]["Instances"][0]["State"]["Name"])

    def writes(self) -> list[str]:
        """What was asked of it that may change something, without what the administrator did."""
        return [write.action for write in self.server.writes]

    def connected(self, **options: Any) -> Any:
        """The adapter, in NORTH only unless told otherwise."""
        return connected(self.server.url, **options)


@contextmanager
def connected(url: str, **options: Any) -> Iterator[Aws]:
    """The adapter at ``url``, without real waits."""
    clock = options.pop("clock", None) or QuickClock()
    chosen = {"regions": (NORTH,), "embedded": True, "fleet": FLEET, "key": KEY, **options}
    aws = Aws.connect(Place(endpoint=url, **chosen), clock)
    try:
        yield aws
    finally:
        aws.close()


@contextmanager
def behind_door(world: World, **options: Any) -> Iterator[tuple[Door, Aws]]:
    """The adapter, which reaches ``world`` only through a door."""
    with opened(world.server.url, names.aws) as door, connected(door.url, **options) as aws:
        yield door, aws


def only(aws: Aws, selector: Selector) -> Target:
    """The one target that matches, read whole."""
    (found,) = aws.find(selector)
    whole = aws.read(found)
    assert whole is not None
    return whole


def named(aws: Aws, name: str) -> Target:
    """The running instance of that id or Name."""
    return only(aws, Selector("instance", names=(name,)))


def mark_of(fault: Fault, run: str = "run-1", fleet: str = FLEET) -> Mark:
    """The mark that the fleet would leave."""
    return marks.sign(KEY, fleet, run, fault, LATER)
