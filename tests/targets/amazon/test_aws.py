from __future__ import annotations

from dataclasses import replace

import pytest

from simian_army import marks
from simian_army.errors import Gone, PlatformError, Unknown
from simian_army.faults.aws.asg_suspend import AsgSuspend
from simian_army.faults.aws.instance_stop import InstanceStop
from simian_army.faults.aws.instance_terminate import InstanceTerminate
from simian_army.model import Fault, Level, Selector, Target
from simian_army.targets.amazon import marking
from tests.targets.amazon.stub import (
    Asked,
    Reply,
    answer,
    ec2,
    ec2_error,
    instance,
    query_error,
    reservations,
    serving,
)
from tests.targets.amazon.world import HOME, INSTANCE, NORTH, SOUTH, World, connected, mark_of, named, only

GROUPS = Selector("asg")
ARN = f"arn:aws:ec2:{NORTH}:{HOME}:instance/i-1"
TARGET = Target("aws", "instance", ARN, "i-1", f"{HOME}/{NORTH}", "", None, {})


def test_a_target_read_again_is_whole(world: World) -> None:
    world.group("web", 2, app="web")
    world.run(Name="till", app="till")
    with world.connected() as aws:
        member = only(
            aws,
            Selector("instance", labels="app=web", names=(aws.find(Selector("instance", labels="app=web"))[0].name,)),
        )
        assert member.levels == (Level("AutoScalingGroup", "web", {"app": "web"}),)
        assert member.facts == {
            "state": "running",
            "lifecycle": "on-demand",
            "rootDevice": "ebs",
            "group": member.group,
            "Name": "",
            "places": {"node": [], "zone": ["eu-west-1a"], "region": ["eu-west-1"]},
        }
        assert member.replaced
        assert named(aws, "till").facts["Name"] == "till"
        group = only(aws, GROUPS)
        sizes = {"desired": 2, "minimum": 0, "maximum": 20, "inService": 2, "suspended": []}
        zones = world.api("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]["AvailabilityZones"]
        assert group.facts == {**sizes, "places": {"node": [], "zone": zones, "region": ["eu-west-1"]}}
        world.api("autoscaling").suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
        assert only(aws, GROUPS).facts["suspended"] == ["Launch"]


def test_what_is_terminated_is_gone(world: World) -> None:
    (name,) = world.run(Name="till")
    with world.connected() as aws:
        target = named(aws, name)
        world.api("ec2").terminate_instances(InstanceIds=[name])
        assert aws.read(target) is None
        assert aws.get(target) is None
        assert aws.get(replace(target, id=ARN)) is None
        with pytest.raises(Gone):
            aws.terminate(target)
    assert world.writes() == []


def test_a_group_made_again_under_its_name_is_another_one_and_is_never_hit(world: World) -> None:
    world.group("web", 0)
    with world.connected() as aws:
        target = only(aws, GROUPS)
        scaling = world.api("autoscaling")
        scaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
        assert aws.health(target).whole is None
        world.api("ec2").delete_launch_template(LaunchTemplateName="web")
        world.group("web", 0)
        assert aws.read(target) is None
        for act in (aws.suspend, aws.resume):
            with pytest.raises(Gone):
                act(target, ["Launch"])
        with pytest.raises(Gone):
            aws.mark(target, mark_of(Fault("asg-suspend", target)))
        aws.unmark(target, mark_of(Fault("asg-suspend", target)))
    assert world.writes() == []


def test_health_counts_members_in_service_and_running_ones_by_tag(world: World) -> None:
    world.group("web", 2)
    one, two, three = world.run(3, **{"simian-army__group": "tills"})
    (lonely,) = world.run(Name="lonely")
    ec2_api = world.api("ec2")
    with world.connected() as aws:
        health = aws.health(only(aws, GROUPS))
        assert (health.whole, health.ready, health.wanted) == (True, 2, 2)
        member = aws.find(Selector("instance", fields=(("group", f"{HOME}/{NORTH}/AutoScalingGroup/web"),)))[0]
        world.api("autoscaling").set_instance_health(InstanceId=member.name, HealthStatus="Unhealthy")
        health = aws.health(member)
        assert (health.whole, health.ready, health.wanted) == (False, 1, 2)
        tills = named(aws, one)
        assert aws.health(tills).whole is True
        ec2_api.stop_instances(InstanceIds=[two])
        health = aws.health(tills)
        assert (health.whole, health.ready, health.wanted) == (False, 2, 3)
        ec2_api.terminate_instances(InstanceIds=[two])
        health = aws.health(tills)
        assert (health.whole, health.ready, health.wanted) == (True, 2, 2)
        ec2_api.terminate_instances(InstanceIds=[one, three])
        assert aws.health(tills).whole is None
        health = aws.health(named(aws, lonely))
        assert health.whole is None
        assert "cannot tell" in health.detail


def test_the_identity_is_the_account_and_whether_it_is_embedded(world: World) -> None:
    world.run()
    with world.connected(regions=(NORTH, SOUTH)) as aws:
        here = aws.identity(aws.find(INSTANCE)[0])
        assert (here.platform, here.id, here.endpoint, here.embedded) == ("aws", HOME, world.server.url, True)
        assert aws.identities() == (here,)


def test_every_mark_of_ours_is_told_and_a_forged_one_as_none(world: World) -> None:
    names = world.run(5) + world.run(1, region=SOUTH)
    world.group("web", 1)
    with world.connected(regions=(NORTH, SOUTH)) as aws:
        targets = {target.name: target for target in [*aws.find(INSTANCE), *aws.find(GROUPS)]}

        def mark(name: str, fleet: str = "shop") -> dict[str, str]:
            return marking.written(mark_of(Fault("instance-stop", targets[name], undo={}), fleet=fleet))

        true, copied, damaged, bank, bare, south = names
        world.tag(true, mark(true))
        world.tag(copied, mark(true))
        world.tag(damaged, {**mark(damaged), f"{marks.FAULT}.shop.1": "e30"})
        world.tag(bank, mark(bank, fleet="bank"))
        world.tag(bare, {marks.HELD: "true"})
        aws.mark(targets[south], mark_of(Fault("instance-stop", targets[south], undo={})))
        aws.mark(targets["web"], mark_of(Fault("asg-suspend", targets["web"], undo={})))
        world.api("ec2").stop_instances(InstanceIds=[true])
        told = {target.name: found and found.run for target, found in aws.marked()}
        assert told == {true: "run-1", copied: None, damaged: None, bare: None, south: "run-1", "web": "run-1"}
    with world.connected(regions=(NORTH, SOUTH), key=b"another key, of the same fleet") as stranger:
        assert {mark for _, mark in stranger.marked()} == {None}


def test_check_tries_everything_and_changes_nothing(world: World) -> None:
    (name,) = world.run(Name="till")
    world.group("web", 1)
    before = world.tags(name)
    with world.connected(regions=(NORTH, SOUTH)) as aws:
        kinds = [InstanceStop(aws), InstanceTerminate(aws), AsgSuspend(aws)]
        told = list(aws.check(kinds, [Selector("instance", names=("till",)), GROUPS]))
        assert [line.detail for line in told if not line.holds] == []
        text = "\n".join(line.detail for line in told)
        assert f"account {HOME}: we are arn:aws:sts::{HOME}:" in text
        for action in ("ec2:DescribeInstances", "autoscaling:DescribeAutoScalingGroups"):
            assert f"{HOME}/{NORTH}: {action}" in text
            assert f"{HOME}/{SOUTH}: {action}" in text
        for action in ("StopInstances", "StartInstances", "TerminateInstances", "CreateTags", "DeleteTags"):
            assert f"{HOME}/{NORTH}: ec2:{action} (dry run on {name})" in text
        assert f"{HOME}/{NORTH}: not tried (no dry run is known for these): autoscaling:" in text
        assert f"{HOME}/{SOUTH}: not tried (there is no instance to name): autoscaling:" in text
    assert world.writes() == []
    assert (world.state(name), world.tags(name)) == ("running", before)


def test_check_names_the_action_to_add_for_each_thing_it_may_not_do() -> None:
    encoded = "You are not authorized. Encoded authorization failure message: " + "x" * 2000

    def talk(asked: Asked) -> Reply:
        if asked.action == "DescribeInstances":
            return reservations(instance("i-1"))
        if asked.action == "StopInstances":
            return ec2_error("UnauthorizedOperation", encoded, 403)
        if asked.action == "DescribeAutoScalingGroups":
            return query_error("AccessDenied", "no", 403)
        return ec2_error("DryRunOperation", "would have succeeded", 412)

    with serving(talk) as stub, connected(stub.url) as aws:
        failed = [line.detail for line in aws.check([InstanceStop(aws)]) if not line.holds]
    assert len(failed) == 2
    assert "add the action autoscaling:DescribeAutoScalingGroups" in failed[0]
    assert "add the action ec2:StopInstances" in failed[1]
    assert len(failed[1]) < 900
    acts = {one.action for one in stub.asked} - {"GetCallerIdentity", "DescribeInstances", "DescribeAutoScalingGroups"}
    assert acts == {"StopInstances", "StartInstances", "CreateTags", "DeleteTags"}
    assert {one.params.get("DryRun") for one in stub.asked if one.action in acts} == {"true"}


def test_an_endpoint_that_does_not_heed_a_dry_run_is_told() -> None:
    def talk(asked: Asked) -> Reply:
        if asked.action == "DescribeInstances":
            return reservations(instance("i-1"))
        return ec2(asked.action)

    with serving(talk) as stub, connected(stub.url) as aws:
        failed = [line.detail for line in aws.check([InstanceStop(aws)]) if not line.holds]
    assert len([line for line in failed if "does not know DryRun" in line]) == 4


def test_an_answer_to_a_stop_without_the_state_before_is_unknown() -> None:
    with serving(lambda asked: ec2(asked.action)) as stub, connected(stub.url) as aws:
        with pytest.raises(Unknown):
            aws.stop(TARGET)


def test_an_instance_counts_as_protected_unless_aws_says_it_is_not() -> None:
    for said, protected in (("<value>false</value>", False), ("<value>true</value>", True), ("", True)):
        body = f"<disableApiTermination>{said}</disableApiTermination>"
        with serving(lambda asked, body=body: ec2(asked.action, body)) as stub, connected(stub.url) as aws:  # type: ignore[misc]
            assert aws.protected(TARGET) is protected


def test_an_object_that_makes_no_sense_is_an_error_when_it_is_the_one_asked_for() -> None:
    with serving(lambda _: reservations(instance("i-1", since="x"))) as stub, connected(stub.url) as aws:
        with pytest.raises(PlatformError, match="makes no sense: .*'x'"):
            aws.get(TARGET)


def test_a_target_whose_id_is_no_arn_is_an_error() -> None:
    with connected("http://127.0.0.1:9") as aws:
        for ident in ("i-1", "arn:aws:s3:::bucket", "arn:aws:ec2:r:1:volume/v"):
            with pytest.raises(PlatformError, match="is the ARN of no instance"):
                aws.get(replace(TARGET, id=ident))


def test_a_member_is_terminated_through_its_group_whose_size_stays(world: World) -> None:
    world.group("web", 2)
    (alone,) = world.run()
    with world.connected() as aws:
        group = only(aws, GROUPS)
        member = aws.find(Selector("instance", fields=(("group", group.group),)))[0]
        aws.terminate(member)
        aws.terminate(named(aws, alone))
        assert world.writes() == ["TerminateInstanceInAutoScalingGroup", "TerminateInstances"]
        assert aws.get(member) is None
        assert only(aws, GROUPS).facts["desired"] == 2


def test_a_group_whose_description_is_strange_cannot_be_told_whole() -> None:
    strange = (
        "<member><AutoScalingGroupName>web</AutoScalingGroupName><AutoScalingGroupARN>a</AutoScalingGroupARN>"
        "<CreatedTime>2026-01-02T03:04:05Z</CreatedTime></member>"
    )
    body = f"<AutoScalingGroups>{strange}</AutoScalingGroups>"
    with serving(lambda asked: answer(asked.action, body)) as stub, connected(stub.url) as aws:
        group = replace(TARGET, group=f"{HOME}/{NORTH}/AutoScalingGroup/web")
        assert aws.health(group).whole is None
