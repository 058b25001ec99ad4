"""Does AWS get told, exactly once and only where config says so, to start an instance by itself."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from simian_army.errors import Forbidden, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.model import Fault, Mark, Target
from simian_army.targets.amazon.expiry import LONGEST, name_of
from tests.doors.door import LOST
from tests.targets.amazon.stub import Asked, Reply, schedule_error, serving
from tests.targets.amazon.world import AWAY, HOME, NORTH, World, behind_door, connected, mark_of, named

ROLE = "arn:aws:iam::{account}:role/starter"
ARN = f"arn:aws:ec2:{NORTH}:{HOME}:instance/i-1"
TARGET = Target("aws", "instance", ARN, "i-1", f"{HOME}/{NORTH}", "", datetime(2026, 1, 1, tzinfo=UTC), {})
MARK = mark_of(Fault("instance-stop", TARGET, undo={}))


def schedules(world: World) -> list[dict[str, Any]]:
    """Every schedule there is, whole."""
    api = world.api("scheduler")
    return [api.get_schedule(Name=one["Name"]) for one in api.list_schedules()["Schedules"]]


def test_the_schedule_starts_that_instance_once_two_minutes_after_the_deadline(world: World) -> None:
    name = world.start({"app": "till"})
    with world.connected(scheduler_role=ROLE) as aws:
        target = named(aws, name)
        mark = mark_of(Fault("instance-stop", target, undo={}))
        aws.expire(target, replace(mark, deadline=mark.deadline.astimezone(timezone(timedelta(hours=3)))))
        (made,) = schedules(world)
        assert made["Name"] == name_of(mark, target.id)
        assert made["ScheduleExpression"] == "at(2030-01-01T00:02:00)"
        assert made["ScheduleExpressionTimezone"] == "UTC"
        assert made["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert made["ActionAfterCompletion"] == "DELETE"
        assert made["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:ec2:startInstances"
        assert made["Target"]["RoleArn"] == f"arn:aws:iam::{HOME}:role/starter"
        assert json.loads(made["Target"]["Input"]) == {"InstanceIds": [name]}
        with pytest.raises(Refused, match="ConflictException"):
            aws.expire(target, mark)
        assert aws.unexpire(target, mark)
        assert schedules(world) == []
        assert not aws.unexpire(target, mark)
    assert world.writes() == ["CreateSchedule", "CreateSchedule", "DeleteSchedule", "DeleteSchedule"]


@pytest.mark.parametrize(("fleet", "run"), [("shop", "run-1"), ("f" * 40, "aadxlwxgak"), ("shop", "r" * 80)])
def test_a_name_is_one_that_aws_takes_however_long_its_parts(fleet: str, run: str) -> None:
    mark = replace(MARK, fleet=fleet, run=run)
    name = name_of(mark, ARN)
    assert re.fullmatch(r"[0-9a-zA-Z_.-]{1,64}", name)
    assert name.startswith(f"simian-{fleet}-")
    others = {name_of(mark, f"{ARN}2"), name_of(replace(mark, run=f"{run}x"), ARN), name_of(MARK, f"{ARN}3")}
    assert len({name, *others}) == 4
    assert len(name) <= LONGEST


def test_the_arn_follows_the_partition_and_the_role_the_account() -> None:
    def talk(asked: Asked) -> Reply:
        return Reply(200, '{"ScheduleArn": "a"}', {"x-amzn-RequestId": "r"})

    arn = f"arn:aws-cn:ec2:cn-north-1:{HOME}:instance/i-1"
    with serving(talk) as stub, connected(stub.url, regions=("cn-north-1",), scheduler_role=ROLE) as aws:
        aws.expire(replace(TARGET, id=arn), MARK)
    body = json.loads(stub.asked[-1].raw)
    assert body["Target"]["Arn"] == "arn:aws-cn:scheduler:::aws-sdk:ec2:startInstances"
    assert body["Target"]["RoleArn"] == f"arn:aws:iam::{HOME}:role/starter"
    assert AWAY not in stub.asked[-1].raw


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (schedule_error("AccessDeniedException", status=403), Forbidden),
        (schedule_error("ValidationException", "the role must allow Scheduler to assume it"), Refused),
        (schedule_error("ThrottlingException", status=429), Refused),
        (schedule_error("ServiceQuotaExceededException", status=402), Refused),
        (schedule_error("ResourceNotFoundException", status=404), Gone),
        (schedule_error("InternalServerException", status=500), Unknown),
        (Reply(0, ""), Unknown),
    ],
)
def test_each_bad_answer_is_a_plain_no_or_a_doubt_and_the_act_is_sent_once(
    reply: Reply, kind: type[SimianError]
) -> None:
    with serving(lambda _: reply) as stub, connected(stub.url, scheduler_role=ROLE) as aws:
        with pytest.raises(kind, match="scheduler:CreateSchedule") as caught:
            aws.expire(TARGET, MARK)
        assert type(caught.value) is kind
        assert stub.actions() == ["CreateSchedule"]
        if kind is not Gone:
            with pytest.raises(kind, match="scheduler:DeleteSchedule"):
                aws.unexpire(TARGET, MARK)


def test_a_deletion_whose_answer_is_lost_is_found_to_have_happened(world: World) -> None:
    name = world.start({})
    with behind_door(world, scheduler_role=ROLE) as (door, aws):
        target = named(aws, name)
        mark: Mark = mark_of(Fault("instance-stop", target, undo={}))
        aws.expire(target, mark)
        door.meet("DeleteSchedule", LOST)
        with pytest.raises(PlatformError):
            aws.unexpire(target, mark)
        door.open()
        assert not aws.unexpire(target, mark)
    assert schedules(world) == []
