"""Does why say what differs at the fires to come, and does doing what it says come to what it says."""

from __future__ import annotations

import json
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simian_army import wiring
from simian_army.advice import changes, never
from simian_army.asked import Answer
from simian_army.cli.whying import advice, why
from simian_army.errors import UsageError
from simian_army.hands import Hands
from simian_army.model import Target, Verdict
from tests.cluster import build
from tests.cluster.policy import needs
from tests.flow.ground import NODES, PODS, Ground
from tests.flow.hands import patch
from tests.flow.test_in_place import create

HOUR = timedelta(hours=1)
ALWAYS = "  blackouts: [{weekdays: [mon, tue, wed, thu, fri, sat, sun]}]\n"


def answers(shop: Ground, name: str) -> dict[str, Answer]:
    with shop.house() as house:
        asked = wiring.asked(house)
        meant = asked.whom(name)
        assert isinstance(meant, Target)
        return {one.entry: one for one in asked.about(meant)}


def rows(shop: Ground, capsys: pytest.CaptureFixture[str], name: str) -> list[dict[str, Any]]:
    why(shop.config, name, as_json=True)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def printed(shop: Ground, capsys: pytest.CaptureFixture[str], name: str) -> str:
    why(shop.config, name, as_json=False)
    return capsys.readouterr().out


def quiet_now() -> str:
    """A blackout around now that is over within the next three fires of every two hours."""
    now = datetime.now(UTC)  # noqa: TID251 - what the command asks is the real clock
    clock = [(now + hours * HOUR).strftime("%H:%M") for hours in (-1, 3)]
    return f"  blackouts: [{{daily: '{clock[0]}-{clock[1]}'}}]\n"


def test_a_window_that_is_over_by_a_coming_fire_is_told_and_nothing_is_to_be_changed(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(PODS, quiet_now())
    (answer,) = answers(shop, "shop/web").values()
    assert not answer.allowed
    assert [(v.guard, v.allowed) for one in answer.later for v in one.changed] == [("blackout", True)] * sum(
        one.allowed for one in answer.later
    )
    told = advice(answer, Hands())
    assert told.at == next(one.at for one in answer.later if one.allowed)
    assert told.changes == ()
    said = printed(shop, capsys, "shop/web")
    assert "it could be hit, otherwise than now:" in said
    assert "to be hit: nothing: it can be hit at its next fire" in said


def test_a_denial_that_stays_is_told_once_and_its_change_comes_first(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(PODS, ALWAYS)
    said = printed(shop, capsys, "shop/search")
    assert "as now at its next fires:" in said and "otherwise than now" not in said
    assert "to be hit, first (opt-in): kubectl --context here label deployment search --namespace shop" in said
    assert "then (blackout): wait until" in said


def test_a_held_target_is_free_again_by_the_next_fire(shop: Ground) -> None:
    shop.write(NODES.replace("hold: 1h", "hold: 1m"))
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["nodes"], house.books.clock.now())
        (struck,) = [draw.fault.target for draw in outcome.taken]
        (answer,) = wiring.asked(house).about(struck)
        assert "lock" in [one.guard for one in answer.verdicts if not one.allowed]
        assert answer.later[0].allowed
        assert {one.guard for one in answer.later[0].changed} >= {"lock", "budget"}
        house.keeper.end("", "the test is over")
        for _ in range(3):
            house.keeper.tick()


def test_what_the_fault_itself_refuses_is_told_too(shop: Ground) -> None:
    shop.write(NODES)
    patch(shop, "/api/v1/nodes/node-c", {"spec": {"unschedulable": True}})
    (answer,) = answers(shop, "node node-c").values()
    assert [one.guard for one in answer.verdicts if not one.allowed] == ["node-cordon"]
    assert "cordoned already" in answer.verdicts[-1].reason
    assert not answer.allowed


def test_a_namespace_is_answered_for_by_its_groups_with_counts(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(f"{PODS}\n{NODES}")
    pods, nodes = rows(shop, capsys, "shop")
    assert (pods["place"], pods["found"], pods["groups"]) == ("shop", 14, 5)
    assert sum(row["count"] for row in pods["spared"]) == 8
    assert {row["group"]: row["allowed"] for row in pods["first"]} == {
        "shop/DaemonSet/log-agent": False,
        "shop/Deployment/cart": False,
        "shop/Deployment/checkout": False,
        "shop/Deployment/search": False,
        "shop/Deployment/web": True,
    }
    assert {row["guard"]: row["groups"] for row in pods["refused"]} == {"opt-in": 3, "quorum": 1}
    assert nodes["found"] == 0
    said = printed(shop, capsys, "namespace shop")
    assert "pods: 14 found in shop, in 5 groups" in said
    assert "nodes: finds nothing in shop" in said
    assert "kubectl --context here label namespace shop simian-army/opt-out=true --overwrite" in said


def test_what_a_monkey_does_not_look_for_is_told(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(PODS.replace("on: kubernetes,", "on: kubernetes, select: {labels: app=web},"))
    said = printed(shop, capsys, "shop/cart")
    assert "pods: never, it looks for running pods in * with app=web" in said
    assert "to be hit, first: have the select of monkey pods find it" in said


def test_a_name_that_is_none_gets_the_nearest_and_one_of_several_gets_all(shop: Ground) -> None:
    shop.write(PODS)
    for name, near in (
        ("shop/chekout", "did you mean .*shop/checkout"),
        ("shopp", "did you mean shop"),
        ("?", "none of the"),
    ):
        with pytest.raises(UsageError, match=near):
            answers(shop, name)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "monkeys", "allowed"),
    [("shop/web", PODS, True), ("shop/search", PODS, False), ("shop/cart", PODS, False), ("node node-c", NODES, True)],
)
def test_kubectl_takes_the_commands_and_they_do_what_is_said(
    shop: Ground, capsys: pytest.CaptureFixture[str], name: str, monkeys: str, allowed: bool
) -> None:
    tool = _kubectl()
    shop.write(monkeys)

    def typed(command: str) -> None:
        words = shlex.split(command)
        assert words[0] == "kubectl"
        subprocess.run([tool, *words[1:]], check=True, capture_output=True, timeout=60)

    (row,) = rows(shop, capsys, name)
    assert row["allowed"] is allowed
    for _ in range(3):  # one step at a time, as it is told
        if row["allowed"]:
            break
        typed(row["to_be_hit"]["changes"][0]["change"])
        (row,) = rows(shop, capsys, name)
    assert row["allowed"]
    typed(row["never"])
    (row,) = rows(shop, capsys, name)
    assert not row["allowed"]
    assert "simian-army/opt-out=true" in str(row["verdicts"])


def _kubectl() -> Path:
    try:
        return build.kubectl()
    except build.CannotBuildError as error:
        needs(f"kubectl cannot be built: {error}")
        raise


def target(platform: str, kind: str, group: str = "", scope: str = "1234/eu-west-1") -> Target:
    return Target(platform, kind, "arn:x", "i-1" if kind == "instance" else "web", scope, group, None, {})


INSTANCE, MEMBER = target("aws", "instance"), target("aws", "instance", "1234/eu-west-1/AutoScalingGroup/web")
ASG = target("aws", "asg", "1234/eu-west-1/AutoScalingGroup/web")
SILENT = "no simian-army/chaos tag on the instance itself; write simian-army/chaos=enabled to opt in"


@pytest.mark.parametrize(
    ("one", "reason", "command"),
    [
        (
            INSTANCE,
            "",
            "aws ec2 create-tags --region eu-west-1 --resources i-1 --tags Key=simian-army/opt-out,Value=true",
        ),
        (
            MEMBER,
            "",
            (
                "aws autoscaling create-or-update-tags --region eu-west-1 --tags ResourceId=web,"
                "ResourceType=auto-scaling-group,Key=simian-army/opt-out,Value=true,PropagateAtLaunch=false"
            ),
        ),
        (
            INSTANCE,
            SILENT,
            "aws ec2 create-tags --region eu-west-1 --resources i-1 --tags Key=simian-army/chaos,Value=enabled",
        ),
        (
            MEMBER,
            "simian-army/opt-out=true on AutoScalingGroup web",
            (
                "aws autoscaling delete-tags --region eu-west-1 --tags ResourceId=web,"
                "ResourceType=auto-scaling-group,Key=simian-army/opt-out"
            ),
        ),
        (
            INSTANCE,
            "simian-army/opt-out=yes on the instance itself (anything but false opts out)",
            "aws ec2 delete-tags --region eu-west-1 --resources i-1 --tags Key=simian-army/opt-out",
        ),
        (
            ASG,
            "simian-army/chaos=disabled on the asg itself",
            (
                "aws autoscaling create-or-update-tags --region eu-west-1 --tags ResourceId=web,"
                "ResourceType=auto-scaling-group,Key=simian-army/chaos,Value=enabled,PropagateAtLaunch=false"
            ),
        ),
        (
            target("kubernetes", "pod", "shop/Deployment/web", "shop"),
            (
                "simian-army/chaos.pod-delete=enabled on Deployment web, so only faults enabled by name: "
                "simian-army/chaos.pod-evict is not"
            ),
            "kubectl label deployment web --namespace shop simian-army/chaos.pod-evict=enabled --overwrite",
        ),
        (
            target("kubernetes", "pod", "shop/Deployment/web", "shop"),
            "simian-army/chaos=disabled on Namespace shop",
            "kubectl label namespace shop simian-army/chaos=enabled --overwrite",
        ),
        (target("toxiproxy", "proxy"), "web is excluded by !web in x", 'platforms.toxiproxy.opt_in: ["shop-*", "web"]'),
        (target("toxiproxy", "proxy"), "", 'platforms.toxiproxy.opt_in: ["shop-*", "!web"]'),
    ],
)
def test_each_reason_of_consent_has_its_command_and_without_one_it_is_the_opt_out(
    one: Target, reason: str, command: str
) -> None:
    hands = Hands(proxies=("shop-*",))
    denied = [Verdict("opt-in", allowed=False, reason=reason)]
    assert (changes(one, denied, hands)[0].change if reason else never(one, hands)) == command


def _known(command: str) -> tuple[str, str, list[str]]:
    """Service, operation and the members of each structure given, as botocore's models call them."""
    words = shlex.split(command)
    return words[1], words[2], [part.split("=")[0] for part in words[words.index("--tags") + 1].split(",")]


@pytest.mark.parametrize("value", ["true", None])
@pytest.mark.parametrize("one", [INSTANCE, MEMBER])
def test_aws_knows_the_operations_and_parameters_of_the_commands(one: Target, value: str | None) -> None:
    import botocore.session
    from botocore import xform_name

    place = ("AutoScalingGroup", "web") if one.group else ("instance", "i-1")
    service, operation, members = _known(Hands().label(one, place, "k", value))
    model = botocore.session.get_session().get_service_model(service)
    known = {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}
    tags = known[operation].input_shape.members["Tags"].member.members
    assert set(members) <= set(tags)


def test_a_guard_nobody_knows_says_it_in_its_reason() -> None:
    denied = [Verdict("moon", allowed=False, reason="it is full")]
    assert changes(INSTANCE, denied, Hands())[0].change == "what its reason says"


def test_a_namespace_with_a_pod_that_belongs_to_nobody_is_answered_for_too(
    shop: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(PODS)
    spec = {"containers": [{"name": "app", "image": "app:1"}]}
    create(shop, "/api/v1/namespaces/shop/pods", {"kind": "Pod", "metadata": {"name": "alone"}, "spec": spec})
    assert shop.server.settle(20)
    assert "alone" in printed(shop, capsys, "shop")
