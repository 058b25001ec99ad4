from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from simian_army.embedded.cloud import ACCOUNT, REGION, CloudServer, demo_cloud
from simian_army.errors import SimianError, UsageError
from tests.targets.amazon.world import World

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cloud() -> Iterator[CloudServer]:
    with CloudServer() as server:
        yield server


def instances(world: World) -> list[dict[str, Any]]:
    said = world.api("ec2", REGION).describe_instances()
    return [one for some in said["Reservations"] for one in some["Instances"]]


def tags(obj: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in obj.get("Tags", [])}


def test_the_shop_is_there_and_nobody_wrote_to_it_yet(cloud: CloudServer) -> None:
    demo_cloud(cloud.url)
    world = World(cloud)
    assert world.api("sts", REGION).get_caller_identity()["Account"] == ACCOUNT
    alone = {tags(one)["Name"]: tags(one) for one in instances(world) if "Name" in tags(one)}
    assert alone == {
        "till": {"Name": "till", "app": "till", "simian-army/chaos": "enabled"},
        "ledger-db": {"Name": "ledger-db", "app": "ledger-db", "simian-army/opt-out": "true"},
    }
    (group,) = world.api("autoscaling", REGION).describe_auto_scaling_groups()["AutoScalingGroups"]
    assert tags(group) == {"app": "web", "simian-army/chaos": "enabled"}
    assert (group["AutoScalingGroupName"], len(group["Instances"])) == ("web", 3)
    members = [tags(one) for one in instances(world) if tags(one).get("aws:autoscaling:groupName") == "web"]
    assert [(one["app"], one["simian-army/chaos"]) for one in members] == [("web", "enabled")] * 3
    assert {one["State"]["Name"] for one in instances(world)} == {"running"}
    assert cloud.writes == []


def test_every_write_is_recorded_and_no_read_and_no_dry_run(cloud: CloudServer) -> None:
    import boto3

    demo_cloud(cloud.url)
    told = {"region_name": REGION, "endpoint_url": cloud.url}
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
    ec2, scaling = boto3.client("ec2", **told, **keys), boto3.client("autoscaling", **told, **keys)
    name = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    scaling.describe_auto_scaling_groups()
    boto3.client("sts", **told, **keys).assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/x", RoleSessionName="xx")
    with pytest.raises(ClientError, match="DryRunOperation"):
        ec2.stop_instances(InstanceIds=[name], DryRun=True)
    assert cloud.writes == []
    ec2.stop_instances(InstanceIds=[name])
    scaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    with pytest.raises(ClientError):
        ec2.stop_instances(InstanceIds=["i-00000000000000000"])
    assert [(one.service, one.action, one.code) for one in cloud.writes] == [
        ("ec2", "StopInstances", 200),
        ("autoscaling", "SuspendProcesses", 200),
        ("ec2", "StopInstances", 400),
    ]


def test_writes_to_a_service_without_actions_are_recorded_too(cloud: CloudServer) -> None:
    api = World(cloud).api("scheduler", REGION)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        api.get_schedule(Name="x")
    assert cloud.writes == []
    about = {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:startInstances", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x"}
    import boto3

    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
    ours = boto3.client("scheduler", region_name=REGION, endpoint_url=cloud.url, **keys)
    ours.create_schedule(Name="x", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=about)
    ours.list_schedules()
    ours.delete_schedule(Name="x")
    assert [(one.service, one.action) for one in cloud.writes] == [
        ("scheduler", "CreateSchedule"),
        ("scheduler", "DeleteSchedule"),
    ]


def test_every_start_begins_with_nothing(cloud: CloudServer) -> None:
    demo_cloud(cloud.url)
    cloud.stop()
    cloud.start()
    assert instances(World(cloud)) == []


def test_it_listens_on_loopback_only_and_closes_its_door(cloud: CloudServer) -> None:
    port = urlsplit(cloud.url).port
    assert cloud.url.startswith("http://127.0.0.1:")
    assert isinstance(port, int)
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    before = threading.active_count()
    cloud.stop()
    cloud.stop()
    assert threading.active_count() < before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with pytest.raises(UsageError, match="not started"):
        _ = cloud.url


def test_it_is_quiet_and_leaves_the_log_as_it_was(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    level = logging.getLogger("werkzeug").level
    caplog.set_level(logging.INFO)
    with CloudServer() as server:
        demo_cloud(server.url)
    assert capfd.readouterr() == ("", "")
    assert [record.getMessage() for record in caplog.records if record.name == "werkzeug"] == []
    assert logging.getLogger("werkzeug").level == level


def test_without_moto_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.server", None)
    with pytest.raises(SimianError, match=r"uv tool install '\.\[demo\]'") as told:
        CloudServer().start()
    assert told.value.exit_code == 2


def test_to_import_it_brings_no_sdk() -> None:
    code = (
        "import sys, simian_army.embedded.cloud; print([m for m in ('moto', 'flask', 'botocore') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert import_module("moto")
