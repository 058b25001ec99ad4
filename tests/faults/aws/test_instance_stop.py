from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simian_army import marks
from simian_army.errors import Forbidden, Gone, PlatformError, Refused, Unknown
from simian_army.faults.aws.instance_stop import InstanceStop
from simian_army.model import Fault
from tests.faults.aws.port import NO, TARGET, TROUBLE, FakeAws, instance, marked
from tests.targets.amazon.world import INSTANCE, World, mark_of, named

FAULT = Fault("instance-stop", TARGET, undo={"state": "running"})
MARK = mark_of(FAULT)


def test_an_instance_is_stopped_under_a_mark_and_wholly_given_back(world: World) -> None:
    name = world.start({"Name": "till", "app": "till"})
    before = world.tags(name)
    with world.connected() as aws:
        kind = InstanceStop(aws)
        fault = Fault("instance-stop", named(aws, name))
        fault = replace(fault, undo=kind.prepare(fault))
        assert world.writes() == []
        mark = mark_of(fault)
        kind.inject(fault, mark)
        assert world.writes() == ["CreateTags", "StopInstances"]
        assert world.state(name) == "stopped"
        assert kind.observe(fault).holds
        assert [(target.id, found) for target, found in aws.marked()] == [(fault.target.id, mark)]
        with pytest.raises(Refused):
            kind.prepare(fault)
        proof = kind.revert(fault, mark)
        assert proof.holds, proof.detail
        assert (world.state(name), world.tags(name)) == ("running", before)
        done = world.writes()
        assert done[2:] == ["StartInstances", "DeleteTags"]
        assert kind.revert(fault, mark).holds
        assert not kind.observe(fault).holds
        assert world.writes() == done


def test_a_revert_of_what_was_never_injected_changes_nothing(world: World) -> None:
    name = world.start({"app": "till"})
    with world.connected() as aws:
        fault = Fault("instance-stop", named(aws, name), undo={"state": "running"})
        proof = InstanceStop(aws).revert(fault, mark_of(fault))
        assert proof.holds
        assert "nothing to undo" in proof.detail
    assert world.writes() == []


def test_a_mark_that_somebody_took_off_does_not_keep_it_stopped(world: World) -> None:
    name = world.start({"app": "till"})
    with world.connected() as aws:
        kind = InstanceStop(aws)
        fault = Fault("instance-stop", named(aws, name), undo={"state": "running"})
        mark = mark_of(fault)
        kind.inject(fault, mark)
        world.untag(name, [key for key in world.tags(name) if key.startswith("simian-army/")])
        assert kind.revert(fault, mark).holds
        assert (world.state(name), world.tags(name)) == ("running", {"app": "till"})


def test_one_that_somebody_started_keeps_running_and_loses_the_mark(world: World) -> None:
    name = world.start({"app": "till"})
    with world.connected() as aws:
        kind = InstanceStop(aws)
        fault = Fault("instance-stop", named(aws, name), undo={"state": "running"})
        mark = mark_of(fault)
        kind.inject(fault, mark)
        world.api("ec2").start_instances(InstanceIds=[name])
        assert not kind.observe(fault).holds
        proof = kind.revert(fault, mark)
        assert proof.holds
        assert "kept" in proof.detail
        assert world.tags(name) == {"app": "till"}
        assert "StartInstances" not in world.writes()


def test_one_that_is_terminated_needs_nothing_more(world: World) -> None:
    name = world.start({})
    with world.connected() as aws:
        kind = InstanceStop(aws)
        fault = Fault("instance-stop", named(aws, name), undo={"state": "running"})
        kind.inject(fault, mark_of(fault))
        world.api("ec2").terminate_instances(InstanceIds=[name])
        done = world.writes()
        assert kind.revert(fault, mark_of(fault)).holds
        assert not kind.observe(fault).holds
        with pytest.raises(Refused, match="gone"):
            kind.prepare(fault)
        assert world.writes() == done


def test_a_stop_protected_instance_is_refused_and_loses_the_mark_again(world: World) -> None:
    name = world.start({"app": "till"}, DisableApiStop=True)
    with world.connected() as aws:
        kind = InstanceStop(aws)
        fault = Fault("instance-stop", named(aws, name), undo={"state": "running"})
        with pytest.raises(Refused, match="OperationNotPermitted"):
            kind.inject(fault, mark_of(fault))
        assert (world.state(name), world.tags(name)) == ("running", {"app": "till"})


def test_members_are_refused(world: World) -> None:
    world.group("web", 1)
    with world.connected() as aws:
        (member,) = aws.find(INSTANCE)
        with pytest.raises(Refused, match="member of the Auto Scaling Group web"):
            InstanceStop(aws).prepare(Fault("instance-stop", member))


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        (None, "gone"),
        (instance("stopped"), "stopped already"),
        (instance("pending"), "pending already"),
        (instance(InstanceLifecycle="spot"), "a spot instance"),
        (instance(RootDeviceType="instance-store"), "only ebs"),
        (instance(RootDeviceType=None), "not known"),
        (marked(instance(), FAULT), "another fault holds it: run run-1"),
        (marked(instance(), FAULT, fleet="bank"), "of fleet bank"),
        (instance(Tags={marks.HELD: "true"}), "the tag simian-army/held"),
    ],
)
def test_what_could_not_be_given_back_is_refused_before_anything_is_written(obj: Any, words: str) -> None:
    port = FakeAws(obj)
    with pytest.raises(Refused, match=words):
        InstanceStop(port).prepare(FAULT)
    with pytest.raises(Refused, match="knows no parameters"):
        InstanceStop(port).prepare(replace(FAULT, params={"force": True}))
    assert port.calls == []


@pytest.mark.parametrize("no", [NO, Forbidden("no"), Gone("gone")])
def test_a_stop_that_aws_refuses_takes_the_mark_off_again(no: Exception) -> None:
    port = FakeAws(instance(), {"stop": no})
    with pytest.raises(type(no)):
        InstanceStop(port).inject(FAULT, MARK)
    assert port.calls == ["mark", "stop", "unmark"]
    assert port.obj == instance()


@pytest.mark.parametrize("doubt", [Unknown("no answer"), TROUBLE])
def test_a_stop_that_nobody_can_vouch_for_stays_marked(doubt: Exception) -> None:
    port = FakeAws(instance(), {"stop": doubt})
    with pytest.raises(PlatformError):
        InstanceStop(port).inject(FAULT, MARK)
    assert port.calls == ["mark", "stop"]
    assert port.ours(port.obj or {}, MARK)


def test_without_a_mark_nothing_is_stopped() -> None:
    port = FakeAws(instance(), {"mark": NO})
    with pytest.raises(Refused):
        InstanceStop(port).inject(FAULT, MARK)
    assert port.calls == ["mark"]


@pytest.mark.parametrize("before", ["stopped", "stopping"])
def test_what_somebody_stopped_just_before_is_not_ours(before: str) -> None:
    port = FakeAws(instance(before))
    with pytest.raises(Refused, match=f"it was {before} already"):
        InstanceStop(port).inject(FAULT, MARK)
    assert port.calls == ["mark", "stop", "unmark"]
    assert port.obj == instance(before)


@pytest.mark.parametrize(
    ("state", "bears", "holds"),
    [("stopping", True, True), ("stopped", True, True), ("stopped", False, False), ("running", True, False)],
)
def test_the_effect_is_a_stop_under_a_mark(state: str, bears: bool, holds: bool) -> None:
    obj = instance(state)
    assert InstanceStop(FakeAws(marked(obj, FAULT) if bears else obj)).observe(FAULT).holds is holds


@pytest.mark.parametrize("state", ["stopping", "pending"])
def test_what_aws_is_still_at_is_waited_for_and_not_disturbed(state: str) -> None:
    port = FakeAws(marked(instance(state), FAULT))
    seen = InstanceStop(port).revert(FAULT, MARK)
    assert (seen.holds, seen.under_way) == (False, True)
    assert port.calls == []


def test_a_start_takes_its_time_and_the_mark_stays_until_it_runs() -> None:
    port = FakeAws(marked(instance("stopped"), FAULT), slow=["stopped", "pending", "running", "running"])
    kind = InstanceStop(port)
    for _ in range(2):
        seen = kind.revert(FAULT, MARK)
        assert (seen.holds, seen.under_way) == (False, True)
        assert port.calls == ["start"]
        assert port.ours(port.obj or {}, MARK)
    assert kind.revert(FAULT, MARK).holds
    assert port.calls == ["start", "unmark"]
    assert port.obj == instance()


@pytest.mark.parametrize("who", [{"run": "run-2"}, {"fleet": "bank"}])
def test_what_another_fault_holds_now_stays_stopped(who: dict[str, str]) -> None:
    port = FakeAws(marked(instance("stopped"), FAULT, **who))
    seen = InstanceStop(port).revert(FAULT, MARK)
    assert seen.holds
    assert "held by another fault: kept" in seen.detail
    assert port.calls == []


@pytest.mark.parametrize("call", ["start", "unmark"])
def test_a_revert_that_breaks_half_way_is_finished_by_the_next(call: str) -> None:
    port = FakeAws(marked(instance("stopped"), FAULT), {call: TROUBLE})
    with pytest.raises(PlatformError):
        InstanceStop(port).revert(FAULT, MARK)
    port.raises.clear()
    assert InstanceStop(port).revert(FAULT, MARK).holds
    assert port.obj == instance()


def test_one_that_is_on_its_way_out_is_left_alone() -> None:
    port = FakeAws(marked(instance("shutting-down"), FAULT))
    assert InstanceStop(port).revert(FAULT, MARK).holds
    assert port.calls == []


def test_a_mark_that_does_not_go_is_no_proof() -> None:
    class Sticky(FakeAws):
        def unmark(self, target: Any, mark: Any) -> None:
            self.calls.append("unmark")

    seen = InstanceStop(Sticky(marked(instance(), FAULT))).revert(FAULT, MARK)
    assert (seen.holds, seen.under_way) == (False, True)
