from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from simian_army import marks
from simian_army.errors import Gone, Refused
from simian_army.model import Fault, Selector
from simian_army.targets.amazon import marking
from simian_army.targets.aws import Aws
from tests.targets.amazon.stub import Asked, Reply, ec2, instance, reservations, serving
from tests.targets.amazon.world import INSTANCE, QuickClock, World, connected, mark_of, named, only

UNDO = {"state": "running"}


def test_a_mark_on_an_instance_is_one_write_and_all_of_it_goes_again(world: World) -> None:
    (name,) = world.run(Name="till", app="till")
    with world.connected() as aws:
        target = named(aws, name)
        mark = mark_of(Fault("instance-stop", target, undo=UNDO))
        aws.mark(target, mark)
        assert world.writes() == ["CreateTags"]
        assert marking.mark_in(world.tags(name), "shop") == mark
        assert next(iter(aws.marked()))[1] == mark
        aws.unmark(target, mark)
        aws.unmark(target, mark)
        assert world.writes() == ["CreateTags", "DeleteTags"]
        assert world.tags(name) == {"Name": "till", "app": "till"}
        assert list(aws.marked()) == []


def test_a_mark_on_a_group_is_never_inherited_by_its_members(world: World) -> None:
    world.group("web", 1, app="web")
    with world.connected() as aws:
        target = only(aws, Selector("asg"))
        mark = mark_of(Fault("asg-suspend", target, undo={"processes": ["Launch"]}))
        aws.mark(target, mark)
        (group,) = world.api("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        inherited = {tag["Key"]: tag["PropagateAtLaunch"] for tag in group["Tags"]}
        assert inherited.pop("app") is True
        assert set(inherited.values()) == {False}
        world.api("autoscaling").set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
        members = [found.labels for found in aws.find(INSTANCE)]
        assert len(members) == 2
        assert not any(marking.words(tags) for tags in members)
        assert list(aws.marked()) == [(only(aws, Selector("asg")), mark)]
        aws.unmark(target, mark)
        assert world.tags("web") == {"app": "web"}


def test_another_fault_s_mark_is_refused_and_nothing_is_written(world: World) -> None:
    (name,) = world.run()
    with world.connected() as aws:
        target = named(aws, name)
        fault = Fault("instance-stop", target, undo=UNDO)
        for there in (
            marking.written(mark_of(fault, run="run-0")),
            marking.written(mark_of(fault, fleet="bank")),
            {marks.HELD: "true"},
        ):
            world.tag(name, there)
            with pytest.raises(Refused, match="another fault holds it"):
                aws.mark(target, mark_of(fault))
            assert world.writes() == []
            assert world.tags(name) == there
            world.untag(name, list(there))


def test_the_mark_of_another_run_or_fleet_is_not_removed(world: World) -> None:
    (name,) = world.run()
    with world.connected() as aws:
        target = named(aws, name)
        fault = Fault("instance-stop", target, undo=UNDO)
        theirs = {**marking.written(mark_of(fault, run="run-2")), **marking.written(mark_of(fault, fleet="bank"))}
        world.tag(name, theirs)
        aws.unmark(target, mark_of(fault))
        assert world.tags(name) == theirs
        aws.unmark(target, mark_of(fault, run="run-2"))
        assert world.tags(name) == marking.written(mark_of(fault, fleet="bank"))


def test_no_room_for_a_mark_is_refused_before_anything_is_written(world: World) -> None:
    name = world.start({f"key-{n}": "x" for n in range(49)})
    with world.connected() as aws:
        target = named(aws, name)
        with pytest.raises(Refused, match="49 tags, and AWS allows 50"):
            aws.mark(target, mark_of(Fault("instance-stop", target, undo=UNDO)))
    assert world.writes() == []


def test_what_is_gone_cannot_be_marked_and_needs_no_unmarking(world: World) -> None:
    (name,) = world.run()
    with world.connected() as aws:
        target = named(aws, name)
        mark = mark_of(Fault("instance-stop", target, undo=UNDO))
        world.api("ec2").terminate_instances(InstanceIds=[name])
        with pytest.raises(Gone):
            aws.mark(target, mark)
        aws.unmark(target, mark)
    assert world.writes() == []


class Board:
    """One instance whose tags a test may change behind our back, right after our own write."""

    def __init__(self, meddle: Callable[[dict[str, str]], None], hidden: int = 0) -> None:
        self.tags: dict[str, str] = {}
        self.meddle = meddle
        self.hidden = hidden  # looks for which what was written is not to be seen yet
        self.waits = 0

    def __call__(self, asked: Asked) -> Reply:
        pairs = {
            asked.params[key]: asked.params.get(key.replace("Key", "Value"), "")
            for key in asked.params
            if key.startswith("Tag.") and key.endswith(".Key")
        }
        if asked.action == "CreateTags":
            self.tags |= pairs
            self.meddle(self.tags)
            self.waits = self.hidden
        elif asked.action == "DeleteTags":
            self.tags = {key: value for key, value in self.tags.items() if pairs.get(key) != value}
        else:
            seen = {} if self.waits else self.tags
            self.waits = max(0, self.waits - 1)
            return reservations(instance("i-1", **seen))
        return ec2(asked.action, "<return>true</return>")


@contextmanager
def on(board: Board, clock: QuickClock | None = None) -> Any:
    with serving(board) as stub, connected(stub.url, clock=clock) as aws:
        yield aws


def test_another_run_that_writes_at_the_same_time_wins_or_both_lose_but_never_both_win() -> None:
    seen: list[Aws] = []
    theirs: dict[str, str] = {}

    def overwrite(tags: dict[str, str]) -> None:
        tags |= theirs

    board = Board(overwrite)
    with on(board) as aws:
        target = named(aws, "i-1")
        fault = Fault("instance-stop", target, undo=UNDO)
        theirs |= marking.written(mark_of(fault, run="run-2"))
        with pytest.raises(Refused, match="run run-2"):
            aws.mark(target, mark_of(fault))
        assert board.tags == theirs
        seen.append(aws)


def test_another_fleet_that_writes_at_the_same_time_keeps_its_mark_and_ours_goes() -> None:
    theirs: dict[str, str] = {}
    board = Board(lambda tags: tags.update(theirs))
    with on(board) as aws:
        target = named(aws, "i-1")
        fault = Fault("instance-stop", target, undo=UNDO)
        theirs |= marking.written(mark_of(fault, fleet="bank"))
        with pytest.raises(Refused, match="of fleet bank"):
            aws.mark(target, mark_of(fault))
        assert board.tags == theirs


def test_a_mark_that_is_seen_a_moment_later_stands() -> None:
    clock = QuickClock()
    board = Board(lambda _: None, hidden=2)
    with on(board, clock) as aws:
        target = named(aws, "i-1")
        mark = mark_of(Fault("instance-stop", target, undo=UNDO))
        aws.mark(target, mark)
        assert board.tags == marking.written(mark)
        assert len(clock.waits) == 2


def test_a_mark_that_is_never_to_be_seen_is_refused_and_taken_off() -> None:
    board = Board(lambda tags: tags.clear())
    with on(board) as aws:
        target = named(aws, "i-1")
        with pytest.raises(Refused, match="no mark"):
            aws.mark(target, mark_of(Fault("instance-stop", target, undo=UNDO)))
        assert board.tags == {}


def test_a_damaged_mark_of_this_fleet_is_removed(world: World) -> None:
    (name,) = world.run(app="a")
    with world.connected() as aws:
        target = named(aws, name)
        mark = mark_of(Fault("instance-stop", target, undo=UNDO))
        aws.mark(target, mark)
        world.untag(name, [f"{marks.FAULT}.shop.1"])
        aws.unmark(target, mark)
        assert world.tags(name) == {"app": "a"}
        assert replace(target, facts={}) == replace(named(aws, name), facts={})
