"""How a group of instances stands: who is in service, who comes and goes, how few it may have."""

from __future__ import annotations

from typing import Any

import pytest

from simian_army.model import Selector
from simian_army.standing import Floor
from simian_army.targets.amazon import facts
from tests.targets.amazon.world import HOME, NORTH, World, named

GROUP = f"{HOME}/{NORTH}/AutoScalingGroup/web"


def test_the_ids_of_those_in_service_are_those_of_their_targets(world: World) -> None:
    world.group("web", 3)
    with world.connected() as aws:
        members = aws.find(Selector("instance", fields=(("group", GROUP),)))
        assert aws.health(members[0]).up == {member.id for member in members}
        world.api("autoscaling").set_instance_health(InstanceId=members[0].name, HealthStatus="Unhealthy")
        assert aws.health(members[0]).up == {member.id for member in members[1:]}


@pytest.mark.parametrize(("least", "room"), [(0, 3), (2, 1), (3, 0)])
def test_min_size_has_a_word_when_it_is_asked(world: World, least: int, room: int) -> None:
    world.group("web", 3)
    world.api("autoscaling").update_auto_scaling_group(AutoScalingGroupName="web", MinSize=least)
    with world.connected() as aws:
        (member, *_) = aws.find(Selector("instance", fields=(("group", GROUP),)))
        assert aws.health(member).floors == ()
        (floor,) = aws.health(member, floors=True).floors
        assert floor == Floor("ASG web", room, f"ASG web: MinSize {least}, 3 in service")


def test_min_size_has_no_word_where_config_goes_without(world: World) -> None:
    world.group("web", 3)
    with world.connected(min_size=False) as aws:
        (member, *_) = aws.find(Selector("instance", fields=(("group", GROUP),)))
        assert aws.health(member, floors=True).floors == ()


def test_a_member_that_stands_aside_is_in_motion_and_not_up(world: World) -> None:
    world.group("web", 3)
    first = world.members("web")[0]
    with world.connected() as aws:
        (member, *_) = aws.find(Selector("instance", fields=(("group", GROUP),)))
        assert aws.health(member).moving == ""
        scaling = world.api("autoscaling")
        scaling.enter_standby(AutoScalingGroupName="web", InstanceIds=[first], ShouldDecrementDesiredCapacity=False)
        health = aws.health(member)
        assert f"{first} is Standby" in health.moving
        assert not [arn for arn in health.up if arn.endswith(first)]


def test_those_that_share_a_tag_are_up_while_they_run(world: World) -> None:
    one, two = world.run(2, **{"simian-army__group": "tills"})
    with world.connected() as aws:
        tills = named(aws, one)
        world.api("ec2").stop_instances(InstanceIds=[two])
        health = aws.health(tills, floors=True)
        assert (health.up, health.wanted, health.floors) == ({tills.id}, 2, ())


@pytest.mark.parametrize(
    ("members", "moving"),
    [
        ([("i-1", "InService"), ("i-2", "InService")], []),
        ([("i-2", "Terminating:Wait"), ("i-1", "Pending:Wait")], ["i-1 is Pending:Wait", "i-2 is Terminating:Wait"]),
        ([("i-1", None)], ["i-1 is None"]),
    ],
)
def test_every_state_but_in_service_is_motion(members: Any, moving: list[str]) -> None:
    obj = {"Instances": [{"InstanceId": name, "LifecycleState": state} for name, state in members]}
    assert facts.in_motion(obj) == moving
    assert facts.in_motion({}) == []
    assert facts.in_service({"Instances": "nonsense"}) == []
