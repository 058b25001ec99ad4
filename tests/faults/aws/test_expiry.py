"""Is a stopped instance entrusted to AWS before the stop, and is nothing of that left when the fault is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simian_army.errors import Forbidden, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.faults.aws.instance_stop import InstanceStop
from simian_army.model import Fault, Mark
from tests.doors.door import KEPT, LOST, Trouble
from tests.faults.aws.port import NO, TARGET, TROUBLE, FakeAws, instance, marked
from tests.targets.amazon.test_expiry import ROLE, schedules
from tests.targets.amazon.world import World, behind_door, mark_of, named

UNDO = {"state": "running", "schedule": True}
FAULT = Fault("instance-stop", TARGET, undo=UNDO)
MARK = mark_of(FAULT)


class Died(BaseException):
    """The end of a process, as far as a test can play it."""


def prepared(aws: Any, name: str) -> tuple[InstanceStop, Fault, Mark]:
    kind = InstanceStop(aws)
    fault = Fault("instance-stop", named(aws, name))
    fault = replace(fault, undo=kind.prepare(fault))
    return kind, fault, mark_of(fault)


def test_the_schedule_comes_after_the_mark_and_before_the_stop_and_goes_with_the_revert(world: World) -> None:
    name = world.start({"app": "till"})
    with world.connected(scheduler_role=ROLE) as aws:
        kind, fault, mark = prepared(aws, name)
        assert (world.writes(), fault.undo) == ([], UNDO)
        kind.inject(fault, mark)
        assert world.writes() == ["CreateTags", "CreateSchedule", "StopInstances"]
        assert len(schedules(world)) == 1
        proof = kind.revert(fault, mark)
        assert proof.holds
        assert "schedule removed" in proof.detail
        assert world.writes()[3:] == ["StartInstances", "DeleteSchedule", "DeleteTags"]
        assert (world.state(name), world.tags(name), schedules(world)) == ("running", {"app": "till"}, [])
        again = kind.revert(fault, mark)
        assert again.holds
        assert "nothing to undo" in again.detail


def test_without_a_role_scheduler_is_never_called(world: World) -> None:
    name = world.start({"app": "till"})
    with behind_door(world) as (door, aws):
        kind, fault, mark = prepared(aws, name)
        assert fault.undo == {"state": "running"}
        kind.inject(fault, mark)
        assert kind.revert(fault, mark).holds
        asked = door.names()
    assert not [action for action in asked if "Schedule" in action]


def test_a_role_that_config_has_lost_since_does_not_leave_the_schedule(world: World) -> None:
    name = world.start({})
    with world.connected(scheduler_role=ROLE) as aws:
        kind, fault, mark = prepared(aws, name)
        kind.inject(fault, mark)
    with world.connected() as aws:
        assert InstanceStop(aws).revert(fault, mark).holds
    assert schedules(world) == []


def test_a_crash_between_schedule_and_stop_leaves_nothing_once_the_mark_is_followed(world: World) -> None:
    name = world.start({"app": "till"})
    with world.connected(scheduler_role=ROLE) as aws:
        _, fault, mark = prepared(aws, name)

        class Dying:
            def __getattr__(self, what: str) -> Any:
                return getattr(aws, what)

            def stop(self, target: Any) -> str:
                raise Died

        with pytest.raises(Died):
            InstanceStop(Dying()).inject(fault, mark)
        assert (world.state(name), len(schedules(world))) == ("running", 1)
    with world.connected() as fresh:  # all that the next process knows is what stands on the instance
        ((target, found),) = fresh.marked()
        proof = InstanceStop(fresh).revert(Fault(found.kind, target, undo=found.undo), found)
        assert proof.holds
    assert (schedules(world), world.tags(name)) == ([], {"app": "till"})
    assert "StartInstances" not in world.writes()


def test_when_aws_started_it_alone_only_the_mark_is_left_to_take(world: World) -> None:
    name = world.start({"app": "till"})
    with world.connected(scheduler_role=ROLE) as aws:
        kind, fault, mark = prepared(aws, name)
        kind.inject(fault, mark)
        (made,) = schedules(world)  # what AWS does with it at its time, moto leaves to us
        world.api("ec2").start_instances(InstanceIds=[name])
        world.api("scheduler").delete_schedule(Name=made["Name"])
        assert kind.revert(fault, mark).holds
        assert (world.state(name), world.tags(name)) == ("running", {"app": "till"})
    assert "StartInstances" not in world.writes()


def test_a_schedule_whose_answer_is_lost_is_a_doubt_and_is_removed_later(world: World) -> None:
    name = world.start({"app": "till"})
    with behind_door(world, scheduler_role=ROLE) as (door, aws):
        kind, fault, mark = prepared(aws, name)
        door.meet("CreateSchedule", LOST)
        with pytest.raises(Unknown):
            kind.inject(fault, mark)
        assert (door.sent("CreateSchedule"), door.sent("StopInstances")) == (1, 0)
        assert len(schedules(world)) == 1
        door.open()
        assert kind.revert(fault, mark).holds
    assert (schedules(world), world.tags(name)) == ([], {"app": "till"})


@pytest.mark.parametrize("trouble", [LOST, KEPT])
def test_a_deletion_that_got_lost_keeps_the_mark_until_it_is_made_sure_of(world: World, trouble: Trouble) -> None:
    name = world.start({"app": "till"})
    with behind_door(world, scheduler_role=ROLE) as (door, aws):
        kind, fault, mark = prepared(aws, name)
        kind.inject(fault, mark)
        door.meet("DeleteSchedule", trouble)
        with pytest.raises(PlatformError):
            kind.revert(fault, mark)
        assert world.state(name) == "running"
        assert [target.name for target, _ in aws.marked()] == [name]
        door.open()
        assert kind.revert(fault, mark).holds
    assert (schedules(world), world.tags(name)) == ([], {"app": "till"})


def test_a_protected_instance_loses_schedule_and_mark_again(world: World) -> None:
    name = world.start({"app": "till"}, DisableApiStop=True)
    with world.connected(scheduler_role=ROLE) as aws:
        kind, fault, mark = prepared(aws, name)
        with pytest.raises(Refused, match="OperationNotPermitted"):
            kind.inject(fault, mark)
    assert (world.state(name), world.tags(name), schedules(world)) == ("running", {"app": "till"}, [])


@pytest.mark.parametrize("no", [NO, Forbidden("no"), Gone("no")])
def test_a_schedule_that_cannot_be_made_refuses_the_fault(no: SimianError) -> None:
    port = FakeAws(instance(), {"expire": no}, role=True)
    with pytest.raises(type(no)):
        InstanceStop(port).inject(FAULT, MARK)
    assert port.calls == ["mark", "expire", "unmark"], "nothing is stopped, and a schedule that is not is not deleted"
    assert port.obj == instance()


@pytest.mark.parametrize("doubt", [Unknown("no answer"), TROUBLE])
def test_a_schedule_that_nobody_can_vouch_for_stops_nothing_and_stays_marked(doubt: SimianError) -> None:
    port = FakeAws(instance(), {"expire": doubt}, role=True)
    with pytest.raises(type(doubt)):
        InstanceStop(port).inject(FAULT, MARK)
    assert port.calls == ["mark", "expire"]
    port.raises.clear()
    assert InstanceStop(port).revert(FAULT, MARK).holds
    assert (port.obj, port.schedules) == (instance(), [])


@pytest.mark.parametrize("doubt", [Unknown("no answer"), TROUBLE])
def test_a_stop_that_nobody_can_vouch_for_keeps_mark_and_schedule(doubt: SimianError) -> None:
    port = FakeAws(instance(), {"stop": doubt}, role=True)
    with pytest.raises(type(doubt)):
        InstanceStop(port).inject(FAULT, MARK)
    assert port.calls == ["mark", "expire", "stop"]
    assert port.schedules == [MARK.run]


def test_a_stop_and_then_the_deletion_refused_is_no_plain_no() -> None:
    port = FakeAws(instance(), {"stop": NO, "unexpire": Forbidden("no")}, role=True)
    with pytest.raises(Unknown, match="our schedule may still be there"):
        InstanceStop(port).inject(FAULT, MARK)
    assert port.ours(port.obj or {}, MARK), "the mark leads whoever comes next to the schedule"


@pytest.mark.parametrize("obj", [None, instance("shutting-down"), instance("running")])
def test_whatever_became_of_the_instance_the_schedule_goes(obj: Any) -> None:
    port = FakeAws(obj, schedules=[MARK.run])
    assert InstanceStop(port).revert(FAULT, MARK).holds
    assert (port.calls, port.schedules) == (["unexpire"], [])


def test_what_another_fault_holds_now_is_not_started_by_our_schedule() -> None:
    port = FakeAws(marked(instance("stopped"), FAULT, fleet="bank"), schedules=[MARK.run])
    assert InstanceStop(port).revert(FAULT, MARK).holds
    assert (port.calls, port.schedules) == (["unexpire"], [])


def test_while_it_does_not_run_the_schedule_stays() -> None:
    port = FakeAws(marked(instance("stopped"), FAULT), {"start": NO}, schedules=[MARK.run])
    with pytest.raises(Refused):
        InstanceStop(port).revert(FAULT, MARK)
    assert port.schedules == [MARK.run]
