from __future__ import annotations

from typing import Any

import pytest

from simian_army.errors import Refused
from simian_army.faults.aws.instance_terminate import InstanceTerminate
from simian_army.model import Fault, Selector
from tests.faults.aws.port import TARGET, FakeAws, instance
from tests.targets.amazon.world import INSTANCE, World, mark_of, named, only

FAULT = Fault("instance-terminate", TARGET)


def test_a_member_is_destroyed_and_its_group_makes_a_new_one(world: World) -> None:
    world.group("web", 3)
    with world.connected() as aws:
        before = {target.name for target in aws.find(INSTANCE)}
        target = aws.read(aws.find(INSTANCE)[0])
        assert target is not None
        assert target.replaced
        kind, fault = InstanceTerminate(aws), Fault("instance-terminate", target)
        assert kind.prepare(fault) is None
        assert not kind.observe(fault).holds
        assert world.writes() == []
        kind.inject(fault, mark_of(fault))
        assert world.writes() == ["TerminateInstanceInAutoScalingGroup"]
        assert kind.observe(fault).holds
        assert before - {one.name for one in aws.find(INSTANCE)} == {target.name}
        assert aws.health(target).whole
        assert only(aws, Selector("asg")).facts["desired"] == 3
        assert kind.revert(fault, mark_of(fault)).holds
        assert len(world.writes()) == 1
        with pytest.raises(Refused, match="gone already"):
            kind.prepare(fault)


def test_a_standalone_one_is_terminated_by_itself(world: World) -> None:
    name, other = world.run(2)
    with world.connected() as aws:
        target = named(aws, name)
        assert not target.replaced
        InstanceTerminate(aws).inject(Fault("instance-terminate", target), mark_of(FAULT))
        assert (world.state(name), world.state(other)) == ("terminated", "running")
    assert world.writes() == ["TerminateInstances"]


def test_termination_protection_is_heeded(world: World) -> None:
    name = world.start({})
    # at its start moto forgets it, later it does not
    world.api("ec2").modify_instance_attribute(InstanceId=name, DisableApiTermination={"Value": True})
    with world.connected() as aws:
        kind, fault = InstanceTerminate(aws), Fault("instance-terminate", named(aws, name))
        with pytest.raises(Refused, match="protected from termination"):
            kind.prepare(fault)
        with pytest.raises(Refused, match="OperationNotPermitted"):
            kind.inject(fault, mark_of(fault))
    assert world.state(name) == "running"


@pytest.mark.parametrize(
    ("obj", "params", "words"),
    [
        (None, {}, "gone already"),
        (instance("shutting-down"), {}, "shutting-down already"),
        (instance("stopped"), {}, "stopped already"),
        (instance(), {"grace": 1}, "knows no parameters; it was given grace"),
    ],
)
def test_what_makes_no_sense_is_refused(obj: Any, params: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        InstanceTerminate(FakeAws(obj)).prepare(Fault("instance-terminate", TARGET, params))


def test_a_spot_instance_may_be_terminated() -> None:
    assert InstanceTerminate(FakeAws(instance(InstanceLifecycle="spot"))).prepare(FAULT) is None


@pytest.mark.parametrize(("state", "holds"), [("shutting-down", True), ("stopping", False), ("running", False)])
def test_the_effect_is_that_it_goes(state: str, holds: bool) -> None:
    assert InstanceTerminate(FakeAws(instance(state))).observe(FAULT).holds is holds
