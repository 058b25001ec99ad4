from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from simian_army.faults.aws.asg_suspend import AsgSuspend
from simian_army.faults.aws.instance_stop import InstanceStop
from simian_army.faults.aws.instance_terminate import InstanceTerminate
from simian_army.model import Evidence, Fault, Selector
from simian_army.targets.aws import Aws
from tests.targets.amazon.stub import Asked, Reply, ec2_error, instance, reservations, schedule_error, serving
from tests.targets.amazon.world import HOME, NORTH, SOUTH, World, connected, mark_of, only

ALLOWED = (
    "sts:GetCallerIdentity",
    "ec2:DescribeInstances",
    "autoscaling:DescribeAutoScalingGroups",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:StartInstances",
)


@contextmanager
def strict(world: World, patch: pytest.MonkeyPatch, *actions: str) -> Iterator[Aws]:
    """The adapter as an IAM user who may do these, at an embedded AWS that for once heeds its policies."""
    iam = world.api("iam", "us-east-1")
    user = f"monkeys-{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="monkeys", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    patch.delenv("AWS_SESSION_TOKEN", raising=False)
    free(world, "0")
    try:
        with world.connected(embedded=False) as aws:
            yield aws
    finally:
        free(world, "inf")


def free(world: World, requests: str) -> None:
    """After so many requests every one needs the permission of a policy."""
    url, plain = f"{world.server.url}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    request = urllib.request.Request(url, requests.encode(), plain)
    with urllib.request.urlopen(request, timeout=10):
        pass


def told(aws: Aws, *kinds: Any) -> list[Evidence]:
    return list(aws.check([kind(aws) for kind in kinds]))


def test_what_the_policy_lacks_is_named_and_nothing_else_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = world.run(app="a")
    with strict(world, monkeypatch, *ALLOWED) as aws:
        lines = told(aws, InstanceStop)
    (failed,) = [line.detail for line in lines if not line.holds]
    assert "add the action ec2:StopInstances to the IAM policy" in failed
    assert f"{HOME}/{NORTH}" in failed
    assert lines[0].detail == f"account {HOME}: we are arn:aws:iam::{HOME}:user/monkeys-0"
    assert world.state(name) == "running"
    assert world.tags(name) == {"app": "a"}


def test_a_policy_with_all_that_the_kinds_say_they_need_is_enough(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    kinds = (InstanceStop, InstanceTerminate, AsgSuspend)
    named = {action for kind in kinds for (action,) in kind.permissions}
    with strict(world, monkeypatch, *named) as aws:
        assert [line.detail for line in told(aws, *kinds) if not line.holds] == []


def test_each_kind_needs_nothing_but_what_it_says_to_do_its_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = world.start({"app": "a"})
    world.group("web", 1)
    for kind, selector in (
        (InstanceStop, Selector("instance", labels="app=a")),
        (AsgSuspend, Selector("asg")),
        (InstanceTerminate, Selector("instance", labels="app=a")),
        (InstanceTerminate, Selector("instance")),
    ):
        with strict(world, monkeypatch, *(action for (action,) in kind.permissions)) as aws:
            does = kind(aws)
            fault = Fault(kind.name, only(aws, selector))
            fault = replace(fault, undo=does.prepare(fault))
            does.inject(fault, mark_of(fault))
            assert does.observe(fault).holds
            assert does.revert(fault, mark_of(fault)).holds
    assert world.state(name) == "terminated"
    assert world.writes()[-2:] == ["TerminateInstances", "TerminateInstanceInAutoScalingGroup"]


ROLE = f"arn:aws:iam::{HOME}:role/starter"


def test_what_schedules_need_is_asked_for_only_where_config_has_a_role(world: World) -> None:
    world.run()
    with world.connected() as aws:
        assert "chedule" not in "".join(line.detail for line in told(aws, InstanceStop))
    with world.connected(scheduler_role=ROLE) as aws:
        lines = told(aws, InstanceStop)
    assert all(line.holds for line in lines)
    (deleting,) = [line.detail for line in lines if "scheduler:DeleteSchedule" in line.detail]
    assert "tried on what is not there" in deleting
    (left,) = [line.detail for line in lines if "not tried" in line.detail]
    assert left.endswith("iam:PassRole, scheduler:CreateSchedule")


def test_a_schedule_that_could_not_be_deleted_again_is_told_before_one_is_made() -> None:
    def talk(asked: Asked) -> Reply:
        if asked.action == "DescribeInstances":
            return reservations(instance("i-1"))
        if asked.action == "DeleteSchedule":
            assert asked.path.startswith("/schedules/simian-shop-check?")
            return schedule_error("AccessDeniedException", status=403)
        return ec2_error("DryRunOperation", "would have succeeded", 412)

    with serving(talk) as stub, connected(stub.url, scheduler_role=ROLE) as aws:
        failed = [line.detail for line in told(aws, InstanceStop) if not line.holds]
    assert any("add the action scheduler:DeleteSchedule to the IAM policy" in line for line in failed)


@pytest.mark.parametrize("missing", ["ec2:DescribeInstances", "autoscaling:DescribeAutoScalingGroups"])
def test_a_read_that_the_policy_lacks_is_named(world: World, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with strict(world, monkeypatch, *(action for action in ALLOWED if action != missing)) as aws:
        failed = [line.detail for line in told(aws) if not line.holds]
    assert len(failed) == 1
    assert f"add the action {missing} " in failed[0]


def test_one_region_without_an_instance_or_an_answer_does_not_hide_the_other() -> None:
    def talk(asked: Asked) -> Reply:
        if f"/{SOUTH}/" in asked.headers["authorization"]:
            return ec2_error("OptInRequired", "You are not subscribed to this service", 401)
        if asked.action == "DescribeInstances":
            return reservations(instance("i-1"))
        return ec2_error("DryRunOperation", "would have succeeded", 412)

    with serving(talk) as stub, connected(stub.url, regions=(SOUTH, NORTH)) as aws:
        lines = told(aws, InstanceStop)
    south = [line for line in lines if f"{HOME}/{SOUTH}" in line.detail and not line.holds]
    assert len(south) == 2
    assert all("is the region enabled in the account" in line.detail for line in south)
    assert [line.holds for line in lines if f"{HOME}/{NORTH}: ec2:StopInstances" in line.detail] == [True]
