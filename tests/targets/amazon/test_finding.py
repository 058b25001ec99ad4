from __future__ import annotations

from datetime import UTC
from functools import partial

import pytest

from simian_army.errors import PlatformError
from simian_army.model import Level, Selector
from tests.targets.amazon.stub import Asked, Reply, answer, ec2_error, instance, query_error, reservations, serving
from tests.targets.amazon.world import HOME, INSTANCE, NORTH, SOUTH, World, connected, named, only

GROUPS = Selector("asg")


def test_a_list_is_whole_however_many_pages_and_regions_it_takes(world: World) -> None:
    north = {*world.run(7, app="a"), world.start({}, MinCount=3, MaxCount=3)}
    south = set(world.run(6, region=SOUTH, app="a"))
    world.group("web", 7, region=SOUTH)
    for number in range(6):
        world.group(f"empty-{number}", 0, region=SOUTH)
    with world.connected(regions=(NORTH, SOUTH), page_size=5) as aws:
        found = aws.find(INSTANCE)
        assert {target.name for target in found} >= north | south
        assert len(found) == len({target.id for target in found}) == 7 + 3 + 6 + 7
        assert {target.scope for target in found} == {f"{HOME}/{NORTH}", f"{HOME}/{SOUTH}"}
        assert len(aws.find(GROUPS)) == 7
        assert len(aws.find(Selector("instance", scopes=("*/eu-south-*",)))) == 13
        assert len(aws.find(Selector("instance", scopes=(f"!{HOME}/{SOUTH}",)))) == 10
        assert aws.unreadable == 0


def test_an_instance_is_known_by_its_arn_and_carries_its_tags_and_name(world: World) -> None:
    name = world.start({"Name": "till", "app": "till", "Cost Center": "a=b"})
    with world.connected() as aws:
        (found,) = aws.find(INSTANCE)
        assert found.id == f"arn:aws:ec2:{NORTH}:{HOME}:instance/{name}"
        assert (found.name, found.kind, found.platform, found.group) == (name, "instance", "aws", "")
        assert found.labels == {"Name": "till", "app": "till", "Cost Center": "a=b"}
        assert found.facts == {"Name": "till"}
        assert found.born is not None
        assert found.born.tzinfo is UTC
        assert (found.levels, found.replaced) == ((), False)


def test_members_have_their_group_above_them_and_are_replaced(world: World) -> None:
    world.group("web", 2, app="web")
    world.start({"Name": "alone", "simian-army/group": "tills"})
    with world.connected() as aws:
        members = aws.find(Selector("instance", labels="app=web"))
        assert [member.group for member in members] == [f"{HOME}/{NORTH}/AutoScalingGroup/web"] * 2
        assert [member.levels for member in members] == [(Level("AutoScalingGroup", "web", {"app": "web"}),)] * 2
        assert all(member.replaced for member in members)
        assert named(aws, "alone").group == f"{HOME}/{NORTH}/Tag/tills"
        group = only(aws, GROUPS)
        assert group.id.startswith(f"arn:aws:autoscaling:{NORTH}:{HOME}:autoScalingGroup:")
        assert (group.name, group.group) == ("web", members[0].group)
        assert (group.replaced, group.levels, group.labels) == (False, (), {"app": "web"})


def test_only_running_instances_are_found_unless_those_of_a_group_are_asked_for(world: World) -> None:
    world.group("web", 3)
    running, stopped, gone = world.run(3, **{"simian-army__group": "tills"})
    world.tag(world.members("web")[0], {"simian-army/group": "tills"})
    world.api("ec2").stop_instances(InstanceIds=[stopped])
    world.api("ec2").terminate_instances(InstanceIds=[gone])
    world.run()
    with world.connected() as aws:
        assert {stopped, gone}.isdisjoint({target.name for target in aws.find(INSTANCE)})
        for group, expected in (("AutoScalingGroup/web", 3), ("Tag/tills", 2), ("Tag/web", 0), ("Tag/*", 0)):
            fields = (("group", f"{HOME}/{NORTH}/{group}"),)
            found = aws.find(Selector("instance", fields=fields))
            assert len(found) == expected
            assert {target.group for target in found} <= {fields[0][1]}
            assert all(target.facts["state"] for target in found)
        found = aws.find(Selector("instance", fields=(("group", f"{HOME}/{NORTH}/Tag/tills"),)))
        assert {target.name: target.facts["state"] for target in found} == {running: "running", stopped: "stopped"}


def test_wildcards_in_a_tag_s_value_find_only_themselves(world: World) -> None:
    exact = world.start({"app": "a*", "q": "b?"})
    world.run(app="abc", q="bc")
    world.group("web*", 1)
    world.group("webs", 1)
    with world.connected() as aws:
        assert [target.name for target in aws.find(Selector("instance", labels="app=a*"))] == [exact]
        assert [target.name for target in aws.find(Selector("instance", labels="q in (b?)"))] == [exact]
        members = aws.find(Selector("instance", fields=(("group", f"{HOME}/{NORTH}/AutoScalingGroup/web*"),)))
        assert [member.group for member in members] == [f"{HOME}/{NORTH}/AutoScalingGroup/web*"]


def test_tags_are_asked_of_aws_and_looked_at_again(world: World) -> None:
    one, two, three = world.run(app="shop", tier="a")[0], world.run(app="shop")[0], world.run(app="Shop")[0]
    world.group("web", 0, app="shop")
    world.group("api", 0, app="shop", env="prod")
    with world.connected() as aws:

        def names(labels: str, kind: str = "instance") -> set[str]:
            return {target.name for target in aws.find(Selector(kind, labels=labels))}

        assert names("app=shop") == {one, two}
        assert names("app=shop,!tier") == {two}
        assert names("app!=shop") == {three}
        assert names("tier") == {one}
        assert names("app in (shop,Shop),tier notin (a)") == {two, three}
        assert names("app=shop", "asg") == {"web", "api"}
        assert names("app,env!=prod", "asg") == {"web"}
        with pytest.raises(PlatformError, match="cannot be understood at 'tier in'"):
            aws.find(Selector("instance", labels="app=shop,tier in"))


def test_names_are_patterns_over_the_id_and_the_name(world: World) -> None:
    till, kiosk, plain = world.run(Name="till-1")[0], world.run(Name="kiosk")[0], world.run()[0]
    world.group("web", 0)
    world.group("api", 0)
    with world.connected() as aws:

        def found(*names: str, kind: str = "instance") -> set[str]:
            return {target.name for target in aws.find(Selector(kind, names=names))}

        assert found("till-*") == {till}
        assert found(plain) == {plain}
        assert found("i-*") == {till, kiosk, plain}
        assert found("!till-1") == {kiosk, plain}
        assert found(f"!{kiosk}") == {till, plain}
        assert found("i-*", "!kiosk") == {till, plain}
        assert found("w*", kind="asg") == {"web"}


def test_targets_are_found_by_their_zones_with_all_of_them(world: World) -> None:
    here = world.start({"Name": "here"}, Placement={"AvailabilityZone": f"{NORTH}a"})
    there = world.start({"Name": "there"}, Placement={"AvailabilityZone": f"{NORTH}b"})
    world.group("web", 1)  # in zone a alone
    with world.connected() as aws:

        def found(*zones: str, kind: str = "instance") -> set[str]:
            return {
                target.name
                for target in aws.find(Selector(kind, names=(here, there, "web"), stands=(("zone", zones),)))
            }

        assert found(f"{NORTH}a") == {here}
        assert found(f"!{NORTH}a") == {there}
        assert found("*") == {here, there}
        assert found("eu-north-*") == set()
        assert found(f"{NORTH}a", kind="asg") == {"web"}
        assert found(f"{NORTH}b", kind="asg") == set()


def test_facts_that_are_asked_for_come_with_the_find(world: World) -> None:
    world.run(Name="till")
    world.group("web", 1)
    with world.connected() as aws:
        wanted = ("state", "Placement.AvailabilityZone", "nothing.there")
        (found,) = aws.find(Selector("instance", names=("till",), facts=wanted))
        assert found.facts == {
            "Name": "till",
            "state": "running",
            "Placement.AvailabilityZone": f"{NORTH}a",
            "nothing.there": None,
        }
        (group,) = aws.find(Selector("asg", facts=("desired", "HealthCheckType")))
        assert group.facts == {"desired": 1, "HealthCheckType": "EC2"}
        assert aws.find(GROUPS)[0].facts == {}


def test_what_is_not_known_is_an_error_and_no_empty_list(world: World) -> None:
    with world.connected() as aws:
        for selector, words in (
            (Selector("pod"), "known: asg, instance"),
            (Selector("instance", fields=(("spec.nodeName", "a"),)), "known: group="),
            (Selector("instance", fields=(("group", "web"),)), "known: group="),
            (Selector("instance", fields=(("group", f"{HOME}/{NORTH}/Tag/a"), ("x", "y"))), "known: group="),
            (Selector("asg", fields=(("group", f"{HOME}/{NORTH}/Tag/a"),)), "only instances are"),
            (Selector("instance", fields=(("group", f"999999999999/{NORTH}/Tag/a"),)), "account 999999999999"),
        ):
            with pytest.raises(PlatformError, match=words):
                aws.find(selector)


def test_a_state_that_was_not_asked_for_is_not_taken() -> None:
    said = reservations(instance("i-1", "stopped"), instance("i-2"), instance("i-3", "terminated"))
    with serving(lambda _: said) as stub, connected(stub.url) as aws:
        assert [target.name for target in aws.find(INSTANCE)] == ["i-2"]


NO_GROUPS = answer("DescribeAutoScalingGroups", "<AutoScalingGroups/>")


def test_one_malformed_instance_is_left_out_counted_and_blinds_nobody() -> None:
    bad = instance("i-bad", since="yesterday")
    nameless = instance("i-x").replace("<instanceId>i-x</instanceId>", "")
    keyless = instance("i-y", a="b").replace("<key>a</key>", "")
    with serving(lambda _: reservations(instance("i-1"), bad, nameless, keyless, instance("i-2"))) as stub:
        with connected(stub.url) as aws:
            assert [target.name for target in aws.find(INSTANCE)] == ["i-1", "i-2"]
            assert aws.unreadable == 3


def test_a_list_that_cannot_be_had_whole_is_an_error_that_says_where() -> None:
    def talk(asked: Asked) -> Reply:
        if f"/{SOUTH}/" in asked.headers["authorization"]:
            return ec2_error("UnauthorizedOperation", "You are not authorized", 403)
        return reservations(instance("i-1"))

    with serving(talk) as stub, connected(stub.url, regions=(NORTH, SOUTH)) as aws:
        with pytest.raises(PlatformError, match=rf"ec2:DescribeInstances in {HOME}/{SOUTH}: UnauthorizedOperation"):
            aws.find(INSTANCE)
        assert [target.name for target in aws.find(Selector("instance", scopes=(f"*/{NORTH}",)))] == ["i-1"]


def test_a_group_that_cannot_be_read_leaves_its_members_without_its_tags() -> None:
    member = instance("i-1", **{"aws:autoscaling:groupName": "web"})

    def talk(asked: Asked, said: Reply) -> Reply:
        return reservations(member) if asked.action == "DescribeInstances" else said

    for said in (query_error("AccessDenied", "not you", 403), NO_GROUPS):
        with serving(partial(talk, said=said)) as stub, connected(stub.url) as aws:
            (found,) = aws.find(INSTANCE)
            assert found.levels == (Level("AutoScalingGroup", "web", None),)
            assert found.replaced


def test_the_filters_reach_aws() -> None:
    with serving(lambda _: reservations()) as stub, connected(stub.url) as aws:
        aws.find(Selector("instance", labels="app=a*,team,!x"))
        sent = {key: value for key, value in stub.asked[-1].params.items() if key.startswith("Filter")}
        assert sent == {
            "Filter.1.Name": "instance-state-name",
            "Filter.1.Value.1": "running",
            "Filter.2.Name": "tag:app",
            "Filter.2.Value.1": r"a\*",
            "Filter.3.Name": "tag-key",
            "Filter.3.Value.1": "team",
        }


def test_pages_that_point_to_themselves_are_an_error_and_no_endless_list() -> None:
    page = reservations(instance("i-1"))
    endless = Reply(200, page.body.replace("</reservationSet>", "</reservationSet><nextToken>again</nextToken>"))
    with serving(lambda _: endless) as stub, connected(stub.url) as aws:
        with pytest.raises(PlatformError, match="DescribeInstances"):
            aws.find(INSTANCE)
    assert len(stub.asked) < 5
