from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from simian_army.errors import Forbidden, PlatformError, Refused, SimianError, Unknown
from simian_army.faults.aws.asg_suspend import AsgSuspend
from simian_army.faults.aws.instance_stop import InstanceStop
from simian_army.faults.aws.instance_terminate import InstanceTerminate
from simian_army.model import Fault, Mark, Selector
from simian_army.targets.amazon import marking
from tests.doors.door import KEPT, LOST, Asked, Door, Trouble, said
from tests.faults.aws.port import NO, TARGET, TROUBLE, FakeAws, instance
from tests.targets.amazon.stub import ec2_error
from tests.targets.amazon.world import World, behind_door, mark_of, named, only

WRITE = {"instance-stop": "CreateTags", "asg-suspend": "CreateOrUpdateTags"}
ACT = {"instance-stop": "StopInstances", "asg-suspend": "SuspendProcesses"}
BACK = {"instance-stop": "StartInstances", "asg-suspend": "ResumeProcesses"}
HELD = tuple(ACT)
THROTTLED = said(503, ec2_error("RequestLimitExceeded").body)


@dataclass
class Scene:
    """One held fault on a fresh target, which the adapter reaches only through ``door``."""

    world: World
    door: Door
    kind: Any
    fault: Fault
    mark: Mark
    name: str

    def inject(self) -> None:
        self.kind.inject(self.fault, self.mark)

    def marked(self) -> bool:
        return bool(marking.words(self.world.tags(self.name)))

    def struck(self) -> bool:
        if self.fault.kind == "instance-stop":
            return self.world.state(self.name) == "stopped"
        said = self.world.api("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])
        return bool(said["AutoScalingGroups"][0]["SuspendedProcesses"])

    def whole(self) -> bool:
        """Whether everything is as it was."""
        return not self.struck() and self.world.tags(self.name) == {"app": "a"}

    def made_good(self) -> bool:
        """Whether a later revert, to which all doors are open, makes it whole and can prove it."""
        self.door.open()
        return bool(self.kind.revert(self.fault, self.mark).holds) and self.whole()


@contextmanager
def prepared(world: World, kind: str) -> Iterator[Scene]:
    if kind == "asg-suspend":
        world.group("web", 0, app="a")
    name = "web" if kind == "asg-suspend" else world.start({"app": "a"})
    with behind_door(world) as (door, aws):
        target = only(aws, Selector("asg")) if kind == "asg-suspend" else named(aws, name)
        does: Any = AsgSuspend(aws) if kind == "asg-suspend" else InstanceStop(aws)
        fault = Fault(kind, target)
        fault = replace(fault, undo=does.prepare(fault))
        yield Scene(world, door, does, fault, mark_of(fault), name)


@pytest.mark.parametrize("kind", HELD)
def test_an_act_whose_answer_is_lost_stays_marked_and_is_reverted_later(world: World, kind: str) -> None:
    with prepared(world, kind) as scene:
        scene.door.meet(ACT[kind], LOST)
        with pytest.raises(Unknown):
            scene.inject()
        assert scene.struck()
        assert scene.marked()
        assert scene.door.sent(ACT[kind]) == 1
        assert scene.kind.observe(scene.fault).holds
        assert scene.made_good()


@pytest.mark.parametrize("kind", HELD)
def test_an_act_that_never_arrived_leaves_only_a_mark_which_goes_later(world: World, kind: str) -> None:
    with prepared(world, kind) as scene:
        scene.door.meet(ACT[kind], KEPT)
        with pytest.raises(Unknown):
            scene.inject()
        assert not scene.struck()
        assert scene.marked()
        assert not scene.kind.observe(scene.fault).holds
        assert scene.made_good()
        assert scene.door.sent(BACK[kind]) == 0


@pytest.mark.parametrize("kind", HELD)
def test_a_mark_whose_answer_is_lost_ends_it_before_the_act(world: World, kind: str) -> None:
    with prepared(world, kind) as scene:
        scene.door.meet(WRITE[kind], LOST)
        with pytest.raises(Unknown):
            scene.inject()
        assert scene.marked()
        assert (scene.door.sent(WRITE[kind]), scene.door.sent(ACT[kind])) == (1, 0)
        assert scene.made_good()


@pytest.mark.parametrize("kind", HELD)
def test_an_act_and_then_the_unmarking_refused_is_no_plain_no(world: World, kind: str) -> None:
    with prepared(world, kind) as scene:
        scene.door.meet(ACT[kind], THROTTLED)
        scene.door.meet("DeleteTags", THROTTLED)
        with pytest.raises(Unknown, match="our mark may still be there"):
            scene.inject()
        assert scene.marked()
        assert scene.made_good()


@pytest.mark.parametrize("kind", HELD)
@pytest.mark.parametrize("trouble", [LOST, KEPT])
def test_a_revert_whose_answers_are_lost_is_finished_by_the_next(world: World, kind: str, trouble: Trouble) -> None:
    with prepared(world, kind) as scene:
        scene.inject()
        for action in (BACK[kind], "DeleteTags"):
            scene.door.meet(action, trouble)
            with pytest.raises(PlatformError):
                scene.kind.revert(scene.fault, scene.mark)
            assert scene.door.sent(action) == 1
            scene.door.open()
            assert scene.marked() is (action != "DeleteTags" or trouble is KEPT)
            if action == BACK[kind]:
                scene.door.forget()
        assert scene.made_good()
        assert scene.door.sent(BACK[kind]) == (1 if trouble is KEPT else 0)


def test_credentials_that_end_right_after_the_mark_was_written_are_no_plain_no(world: World) -> None:
    with prepared(world, "instance-stop") as scene:

        def expire(asked: Asked) -> None:
            if asked.what == "CreateTags":
                scene.door.meet("DescribeInstances", said(400, ec2_error("ExpiredToken").body))

        scene.door.then = expire
        with pytest.raises(Unknown, match=r"our mark was written, and may still be there: .*ExpiredToken"):
            scene.inject()
        assert scene.marked()
        assert scene.made_good()


def test_a_mark_that_lost_against_another_and_could_not_be_taken_off_is_no_plain_no(world: World) -> None:
    with prepared(world, "instance-stop") as scene:
        theirs = marking.written(mark_of(scene.fault, fleet="bank"))

        def meddle(asked: Asked) -> None:
            if asked.what == "CreateTags":
                world.tag(scene.name, theirs)

        scene.door.then = meddle
        scene.door.meet("DeleteTags", THROTTLED)
        with pytest.raises(Unknown, match="RequestLimitExceeded"):
            scene.inject()
        scene.door.open()
        assert scene.kind.revert(scene.fault, scene.mark).holds
        assert world.tags(scene.name) == {"app": "a", **theirs}
        assert world.state(scene.name) == "running"


@pytest.mark.parametrize("trouble", [NO, Forbidden("no"), TROUBLE, Unknown("no answer")])
def test_whatever_keeps_the_mark_from_going_makes_a_doubt_of_a_no(trouble: SimianError) -> None:
    fault = Fault("instance-stop", TARGET, undo={"state": "running"})
    port = FakeAws(instance(), {"stop": NO, "unmark": trouble})
    with pytest.raises(Unknown, match=str(NO)):
        InstanceStop(port).inject(fault, mark_of(fault))


def test_a_termination_whose_answer_is_lost_was_sent_once_and_is_seen_to_have_happened(world: World) -> None:
    world.group("web", 1)
    (alone,) = world.run(Name="alone")
    with behind_door(world) as (door, aws):
        member = next(target for target in aws.find(Selector("instance")) if target.replaced)
        for target, action in (
            (named(aws, alone), "TerminateInstances"),
            (member, "TerminateInstanceInAutoScalingGroup"),
        ):
            kind, fault = InstanceTerminate(aws), Fault("instance-terminate", target)
            door.meet(action, LOST)
            with pytest.raises(Unknown, match=action):
                kind.inject(fault, mark_of(fault))
            assert door.sent(action) == 1
            assert kind.observe(fault).holds
            with pytest.raises(Refused, match="gone already"):
                kind.prepare(fault)


def test_members_that_opted_out_are_within_the_reach_of_what_befalls_their_group(world: World) -> None:
    world.group("web", 2)
    with world.connected() as aws:
        group = only(aws, Selector("asg"))
        first = aws.find(Selector("instance"))[0].name
        world.tag(first, {"simian-army/opt-out": "true"})
        reach = AsgSuspend(aws).reach(Fault("asg-suspend", group))
        assert reach is not None
        reached = {target.name: target.labels.get("simian-army/opt-out") for target in aws.find(reach)}
        assert len(reached) == 2
        assert reached[first] == "true"
