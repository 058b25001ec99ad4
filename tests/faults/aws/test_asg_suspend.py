from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simian_army.errors import PlatformError, Refused, Unknown
from simian_army.faults.aws.asg_suspend import AsgSuspend
from simian_army.model import Fault, Selector
from tests.faults.aws.port import GROUP, NO, TROUBLE, FakeAws, group, marked
from tests.targets.amazon.world import World, mark_of, only

FAULT = Fault("asg-suspend", GROUP, undo={"processes": ["Launch", "Terminate"]})
MARK = mark_of(FAULT)
GROUPS = Selector("asg")


def suspended(port: FakeAws) -> list[str]:
    assert port.obj is not None
    return [one["ProcessName"] for one in port.obj["SuspendedProcesses"]]


def test_a_group_is_frozen_under_a_mark_and_wholly_given_back(world: World) -> None:
    world.group("web", 2, app="web")
    world.api("autoscaling").suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch", "AZRebalance"])
    with world.connected() as aws:
        kind = AsgSuspend(aws)
        fault = Fault("asg-suspend", only(aws, GROUPS), {"processes": ["Launch", "Terminate", "HealthCheck"]})
        fault = replace(fault, undo=kind.prepare(fault))
        assert fault.undo == {"processes": ["HealthCheck", "Terminate"]}
        assert world.writes() == []
        mark = mark_of(fault)
        kind.inject(fault, mark)
        assert world.writes() == ["CreateOrUpdateTags", "SuspendProcesses"]
        assert kind.observe(fault).holds
        assert only(aws, GROUPS).facts["suspended"] == ["AZRebalance", "HealthCheck", "Launch", "Terminate"]
        assert [found for _, found in aws.marked()] == [mark]
        proof = kind.revert(fault, mark)
        assert proof.holds, proof.detail
        assert only(aws, GROUPS).facts["suspended"] == ["AZRebalance", "Launch"]
        assert world.tags("web") == {"app": "web"}
        done = world.writes()
        assert done[2:] == ["ResumeProcesses", "DeleteTags"]
        assert kind.revert(fault, mark).holds
        assert not kind.observe(fault).holds
        assert world.writes() == done


def test_the_reach_is_every_member_of_the_group(world: World) -> None:
    world.group("web", 3)
    world.group("api", 1)
    with world.connected() as aws:
        fault = Fault("asg-suspend", only(aws, Selector("asg", names=("web",))))
        reach = AsgSuspend(aws).reach(fault)
        assert reach is not None
        members = aws.find(reach)
        assert len(members) == 3
        world.api("ec2").stop_instances(InstanceIds=[members[0].name])
        assert {target.group for target in aws.find(reach)} == {fault.target.group}
        assert members[0].name in {target.name for target in aws.find(reach)}


@pytest.mark.parametrize(
    ("obj", "params", "words"),
    [
        (None, {}, "gone"),
        (group("Launch", "Terminate"), {}, "Launch, Terminate suspended already"),
        (group("Launch"), {"processes": ["Launch"]}, "Launch suspended already"),
        (marked(group(), FAULT), {}, "another fault holds it"),
        (group(), {"process": ["Launch"]}, "no parameter process; known: processes"),
        (group(), {"processes": ["launch"]}, "no process launch; known: AZRebalance"),
        (group(), {"processes": []}, "give a list of names"),
        (group(), {"processes": "Launch"}, "give a list of names"),
        (group(), {"processes": [1]}, "give a list of names"),
    ],
)
def test_what_makes_no_sense_is_refused(obj: Any, params: dict[str, Any], words: str) -> None:
    port = FakeAws(obj)
    with pytest.raises(Refused, match=words):
        AsgSuspend(port).prepare(Fault("asg-suspend", GROUP, params))
    assert port.calls == []


def test_launch_and_terminate_are_what_is_suspended_without_a_word() -> None:
    assert AsgSuspend(FakeAws(group("HealthCheck"))).prepare(Fault("asg-suspend", GROUP)) == FAULT.undo


def test_a_suspension_that_aws_refuses_takes_the_mark_off_again() -> None:
    port = FakeAws(group(), {"suspend": NO})
    with pytest.raises(Refused):
        AsgSuspend(port).inject(FAULT, MARK)
    assert port.calls == ["mark", "suspend Launch Terminate", "unmark"]
    assert port.obj == group()


def test_a_suspension_that_nobody_can_vouch_for_stays_marked() -> None:
    port = FakeAws(group(), {"suspend": Unknown("no answer")})
    with pytest.raises(Unknown):
        AsgSuspend(port).inject(FAULT, MARK)
    assert port.ours(port.obj or {}, MARK)


@pytest.mark.parametrize("mark", [True, False])
def test_only_what_is_still_suspended_is_resumed_with_or_without_the_mark(mark: bool) -> None:
    obj = group("HealthCheck", "Launch")
    port = FakeAws(marked(obj, FAULT) if mark else obj)
    assert AsgSuspend(port).revert(FAULT, MARK).holds
    assert port.calls == ["resume Launch", *(["unmark"] if mark else [])]
    assert port.obj == group("HealthCheck")


def test_a_revert_of_what_was_never_injected_changes_nothing() -> None:
    port = FakeAws(group("HealthCheck"))
    assert AsgSuspend(port).revert(FAULT, MARK).holds
    assert port.calls == []


@pytest.mark.parametrize("who", [{"run": "run-2"}, {"fleet": "bank"}])
def test_what_another_fault_holds_now_stays_as_it_is(who: dict[str, str]) -> None:
    port = FakeAws(marked(group("Launch"), FAULT, **who))
    seen = AsgSuspend(port).revert(FAULT, MARK)
    assert seen.holds
    assert "held by another fault: kept" in seen.detail
    assert port.calls == []


def test_a_group_that_is_gone_needs_nothing_more() -> None:
    port = FakeAws(None)
    assert AsgSuspend(port).revert(FAULT, MARK).holds
    assert not AsgSuspend(port).observe(FAULT).holds
    assert port.calls == []


@pytest.mark.parametrize("call", ["resume", "unmark"])
def test_a_revert_that_breaks_half_way_is_finished_by_the_next(call: str) -> None:
    port = FakeAws(marked(group("Launch", "Terminate"), FAULT), {call: TROUBLE})
    with pytest.raises(PlatformError):
        AsgSuspend(port).revert(FAULT, MARK)
    port.raises.clear()
    assert AsgSuspend(port).revert(FAULT, MARK).holds
    assert port.obj == group()


def test_an_undo_that_makes_no_sense_resumes_nothing_that_aws_does_not_know() -> None:
    for undo in (None, {}, {"processes": "Launch"}, {"processes": [1, "rm -rf"]}):
        port = FakeAws(group("Launch"))
        assert AsgSuspend(port).revert(replace(FAULT, undo=undo), MARK).holds
        assert port.calls == []


def test_processes_that_stay_suspended_are_no_proof() -> None:
    class Sticky(FakeAws):
        def resume(self, target: Any, processes: Any) -> None:
            self.calls.append("resume")

    port = Sticky(marked(group("Launch"), FAULT))
    seen = AsgSuspend(port).revert(FAULT, MARK)
    assert (seen.holds, seen.under_way) == (False, True)
    assert suspended(port) == ["Launch"]
    assert "unmark" not in port.calls
