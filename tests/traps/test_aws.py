"""What boto3 and moto do that would hurt, measured on the locked versions, and that our adapter is not hurt."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from simian_army.errors import PlatformError, Refused, Unknown
from simian_army.model import Selector, Target
from simian_army.targets.aws import Aws
from tests.cluster.waiting import BUSY
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
from tests.targets.amazon.world import HOME, INSTANCE, NORTH, connected

ROOT = Path(__file__).parents[2]
QUICK = 0.3  # seconds that a request may take here
TARGET = Target("aws", "instance", f"arn:aws:ec2:{NORTH}:{HOME}:instance/i-1", "i-1", f"{HOME}/{NORTH}", "", None, {})
GROUP_ARN = f"arn:aws:autoscaling:{NORTH}:{HOME}:autoScalingGroup:u:autoScalingGroupName/web"
GROUP = Target("aws", "asg", GROUP_ARN, "web", f"{HOME}/{NORTH}", "", None, {})
WEB = (
    f"<member><AutoScalingGroupName>web</AutoScalingGroupName><AutoScalingGroupARN>{GROUP_ARN}</AutoScalingGroupARN>"
    "<CreatedTime>2026-01-02T03:04:05Z</CreatedTime></member>"
)
ACTS: dict[str, Callable[[Aws], object]] = {
    "StopInstances": lambda aws: aws.stop(TARGET),
    "StartInstances": lambda aws: aws.start(TARGET),
    "TerminateInstances": lambda aws: aws.terminate(TARGET),
    "SuspendProcesses": lambda aws: aws.suspend(GROUP, ["Launch"]),
    "ResumeProcesses": lambda aws: aws.resume(GROUP, ["Launch"]),
}


def plain(url: str) -> Any:
    """A client as boto3 makes it, but for its time-outs."""
    session = Session()
    session.set_credentials("x", "y")
    config = Config(connect_timeout=QUICK, read_timeout=QUICK)
    return session.create_client("ec2", region_name=NORTH, endpoint_url=url, config=config)


def replying(reply: Reply, *actions: str) -> Callable[[Asked], Reply]:
    """Answers these actions so, and describes one instance and one group."""

    def talk(asked: Asked) -> Reply:
        if asked.action in actions:
            return reply
        if asked.action == "DescribeAutoScalingGroups":
            return answer(asked.action, f"<AutoScalingGroups>{WEB}</AutoScalingGroups>")
        return reservations(instance("i-1"))

    return talk


class Late:
    """Answers reads at once, and acts when it is too late."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def __call__(self, asked: Asked) -> Reply:
        if asked.action in ACTS or asked.action == "CreateTags":
            self.over.wait(60)
        return replying(ec2(asked.action))(asked)


@pytest.fixture
def late() -> Iterator[Late]:
    talk = Late()
    yield talk
    talk.over.set()


def test_boto3_sends_a_termination_three_times_when_no_answer_comes_in_time(late: Late) -> None:
    with serving(late) as stub:
        with pytest.raises(BotoCoreError):
            plain(stub.url).terminate_instances(InstanceIds=["i-1"])
        late.over.set()
    assert stub.actions() == ["TerminateInstances"] * 3


@pytest.mark.parametrize("action", ACTS)
def test_we_send_an_act_once_when_no_answer_comes_in_time(action: str, late: Late) -> None:
    with serving(late) as stub, connected(stub.url, timeout=QUICK) as aws:
        with pytest.raises(Unknown, match=f"{action} in {HOME}/{NORTH}: sent, but no answer came"):
            ACTS[action](aws)
        late.over.set()
    assert stub.actions().count(action) == 1


@pytest.mark.parametrize("action", ACTS)
@pytest.mark.parametrize(
    "reply",
    [ec2_error("InternalError", status=500), Reply(503, ""), Reply(502, "<html>bad gateway</html>"), Reply(0, "")],
)
def test_we_send_an_act_once_when_the_answer_is_a_failure_or_none(action: str, reply: Reply) -> None:
    with serving(replying(reply, action)) as stub, connected(stub.url) as aws:
        with pytest.raises(Unknown, match=f"{action}.*it may have happened"):
            ACTS[action](aws)
    assert stub.actions().count(action) == 1


def test_a_throttle_is_a_plain_no_for_an_act_whatever_its_status() -> None:
    for code, status in (("RequestLimitExceeded", 503), ("Throttling", 400)):
        with serving(replying(ec2_error(code, status=status), "StopInstances")) as stub, connected(stub.url) as aws:
            with pytest.raises(Refused, match=code):
                aws.stop(TARGET)
        assert stub.actions().count("StopInstances") == 1
    with serving(replying(query_error("ScalingActivityInProgress"), "SuspendProcesses")) as stub:
        with connected(stub.url) as aws, pytest.raises(Refused, match="ScalingActivityInProgress"):
            aws.suspend(GROUP, ["Launch"])


@pytest.mark.parametrize("bad", [ec2_error("InternalError", status=500), ec2_error("RequestLimitExceeded", status=503)])
def test_a_read_is_sent_again_and_its_answer_taken(bad: Reply) -> None:
    seen: list[str] = []

    def talk(asked: Asked) -> Reply:
        seen.append(asked.action)
        return reservations(instance("i-1")) if len(seen) > 2 else bad

    with serving(talk) as stub, connected(stub.url) as aws:
        assert [target.name for target in aws.find(INSTANCE)] == ["i-1"]
    assert seen == ["DescribeInstances"] * 3


@pytest.mark.slow  # it waits between its tries
def test_a_read_is_sent_three_times_at_most() -> None:
    with serving(replying(ec2_error("InternalError", status=500), "DescribeInstances")) as stub:
        with connected(stub.url) as aws, pytest.raises(PlatformError, match="InternalError"):
            aws.find(INSTANCE)
    assert stub.actions() == ["DescribeInstances"] * 3


def test_a_hung_endpoint_ends_within_the_time_outs() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    begun = time.perf_counter()
    try:
        with connected(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=QUICK, connect=QUICK) as aws:
            with pytest.raises(PlatformError, match="sts:GetCallerIdentity: no answer"):
                aws.find(INSTANCE)
    finally:
        listener.close()
    # three tries, and the pauses of at most 1 and 2 seconds between them
    assert time.perf_counter() - begun < 3 * QUICK + 3 + 2 + BUSY


def test_what_cannot_be_reached_is_no_unknown() -> None:
    with serving(replying(ec2("x"))) as stub:
        url = stub.url
    with connected(url) as aws, pytest.raises(PlatformError, match="cannot be reached") as told:
        aws.stop(TARGET)
    assert not isinstance(told.value, Unknown)


PAGES = ["<html>sign in</html>", "not XML at all", ""]


@pytest.mark.parametrize("body", PAGES)
@pytest.mark.parametrize("status", [200, 403])
def test_an_answer_that_is_none_of_aws_is_located_and_never_an_empty_list(body: str, status: int) -> None:
    with serving(replying(Reply(status, body), "DescribeInstances")) as stub, connected(stub.url) as aws:
        for ask in (lambda: aws.find(INSTANCE), lambda: aws.get(TARGET), lambda: list(aws.marked())):
            with pytest.raises(PlatformError, match=f"ec2:DescribeInstances in {HOME}/{NORTH}: ") as told:
                ask()
            assert stub.url in str(told.value)


def test_boto3_takes_a_page_of_html_for_an_empty_list() -> None:
    with serving(lambda _: Reply(200, PAGES[0])) as stub:
        assert plain(stub.url).describe_instances().get("Reservations", []) == []


@pytest.mark.parametrize("body", PAGES)
def test_an_act_that_is_answered_by_something_else_is_unknown(body: str) -> None:
    for action, act in ACTS.items():
        with serving(replying(Reply(200, body), action)) as stub, connected(stub.url) as aws:
            with pytest.raises(Unknown, match="it may have happened"):
                act(aws)


def test_boto3_loses_a_whole_page_to_one_bad_time_and_we_one_instance() -> None:
    page = reservations(instance("i-1"), instance("i-2", since="never"), instance("i-3"))
    with serving(lambda _: page) as stub:
        with pytest.raises(ValueError, match="never"):
            plain(stub.url).describe_instances()
        with connected(stub.url) as aws:
            assert [target.name for target in aws.find(INSTANCE)] == ["i-1", "i-3"]
            assert aws.unreadable == 1


def test_to_import_any_of_our_modules_makes_no_client_and_brings_no_sdk() -> None:
    code = """
import importlib, pkgutil, sys
import simian_army.targets, simian_army.faults, simian_army.embedded.cloud
for package in (simian_army.targets, simian_army.faults):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
print([name for name in ("boto3", "botocore", "moto", "flask") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_to_connect_asks_nobody_anything() -> None:
    with serving(replying(ec2("x"))) as stub, connected(stub.url):
        assert stub.asked == []


def test_each_filter_name_is_sent_once_although_boto3_would_send_it_twice() -> None:
    with serving(lambda _: reservations()) as stub, connected(stub.url) as aws:
        aws.find(Selector("instance", labels="team,owner"))
        names = [value for key, value in stub.asked[-1].params.items() if key.endswith(".Name")]
        assert names == ["instance-state-name", "tag-key"]


def test_dry_run_is_an_error_of_boto3_and_changes_nothing() -> None:
    with serving(replying(ec2_error("DryRunOperation", status=412), "StopInstances")) as stub:
        with pytest.raises(ClientError, match="DryRunOperation"):
            plain(stub.url).stop_instances(InstanceIds=["i-1"], DryRun=True)
