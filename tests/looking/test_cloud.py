"""CloudWatch over AWS's own protocol: which alarms are found, where, and which of their states is a no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from simian_army.embedded.cloud import CloudServer
from simian_army.errors import PlatformError
from simian_army.looking.cloud import Alarms
from simian_army.targets.amazon.alarms import AlarmReader
from simian_army.targets.amazon.place import Place
from simian_army.targets.aws import Aws
from tests.doors.door import opened
from tests.looking.asking import see
from tests.targets.clouds import ACCOUNT

EU, US = "eu-west-1", "us-east-1"


@pytest.fixture
def cloud() -> Iterator[CloudServer]:
    with CloudServer() as server:
        yield server


@pytest.fixture
def aws(cloud: CloudServer) -> Iterator[Aws]:
    made = Aws.connect(Place((EU, US), endpoint=cloud.url, embedded=True, page_size=200))
    yield made
    made.close()


def client(cloud: CloudServer, region: str = EU) -> Any:
    import boto3

    return boto3.client(
        "cloudwatch",
        region_name=region,
        endpoint_url=cloud.url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def put(cloud: CloudServer, name: str, state: str, region: str = EU) -> None:
    at = client(cloud, region)
    at.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=80,
        ComparisonOperator="GreaterThanThreshold",
    )
    at.set_alarm_state(AlarmName=name, StateValue=state, StateReason=f"somebody said {state}")


def compose(name: str, rule: str) -> None:
    """Have moto, which makes none by itself, take that alarm for a composite one."""
    from moto.backends import get_backend

    get_backend("cloudwatch")[ACCOUNT][EU].alarms[name].rule = rule


def view(aws: Aws, *names: str, scopes: tuple[str, ...] = ("*",), insufficient: bool = False) -> Alarms:
    return Alarms(AlarmReader(aws.finder.lists), names, scopes, insufficient, 20.0)


def test_an_alarm_is_a_no_from_when_it_is_raised_until_it_is_over(cloud: CloudServer, aws: Aws) -> None:
    put(cloud, "shop-errors", "OK")
    assert see(view(aws, "shop-errors")).words == "cloudwatch shop-errors: none of 1 alarms is raised"
    put(cloud, "shop-errors", "ALARM")
    seen = see(view(aws, "shop-errors"))
    assert not seen.fine and not seen.doubt
    told = f"shop-errors in {ACCOUNT}/{EU} is ALARM (somebody said ALARM)"
    assert seen.words == f"cloudwatch shop-errors: {told}"
    put(cloud, "shop-errors", "OK")
    assert see(view(aws, "shop-errors")).fine


def test_without_data_it_is_a_no_unless_config_says_it_is_well(cloud: CloudServer, aws: Aws) -> None:
    put(cloud, "shop-errors", "INSUFFICIENT_DATA")
    seen = see(view(aws, "shop-errors"))
    assert not seen.fine and seen.doubt
    assert "INSUFFICIENT_DATA" in seen.words and "write insufficient_data: true" in seen.words
    assert see(view(aws, "shop-errors", insufficient=True)).fine


def test_a_beginning_finds_all_alarms_that_begin_so_in_every_region(cloud: CloudServer, aws: Aws) -> None:
    put(cloud, "shop-errors", "OK")
    put(cloud, "till-errors", "ALARM")
    assert see(view(aws, "shop-*")).fine
    put(cloud, "shop-latency", "ALARM", US)
    seen = see(view(aws, "shop-*"))
    assert not seen.fine and f"shop-latency in {ACCOUNT}/{US} is ALARM" in seen.words
    assert see(view(aws, "shop-*", scopes=(f"*/{EU}",))).fine
    assert not see(view(aws, "*", scopes=(f"*/{EU}",))).fine


def test_a_name_that_is_nowhere_is_a_no(cloud: CloudServer, aws: Aws) -> None:
    put(cloud, "shop-errors", "OK")
    seen = see(view(aws, "shop-errors", "shop-erors"))
    assert not seen.fine and seen.doubt
    assert "there is no alarm shop-erors: is the name right" in seen.words
    assert not see(view(aws, "till-*")).fine


def test_composite_alarms_count_too(cloud: CloudServer, aws: Aws) -> None:
    put(cloud, "shop-errors", "OK")
    put(cloud, "shop-all", "ALARM")
    compose("shop-all", "ALARM(shop-errors)")
    found = AlarmReader(aws.finder.lists).alarms(["shop-*"], ["*"])
    assert sorted(alarm.name for alarm in found) == ["shop-all", "shop-errors"]
    assert [alarm.name for alarm in AlarmReader(aws.finder.lists).alarms(["shop-all"], ["*"])] == ["shop-all"]


def test_more_alarms_than_a_page_or_a_request_may_name_are_all_found(cloud: CloudServer, aws: Aws) -> None:
    names = [f"shop-{number:03}" for number in range(230)]
    at = client(cloud)
    for name in names:
        at.put_metric_alarm(
            AlarmName=name,
            Namespace="n",
            MetricName="m",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    reader = AlarmReader(aws.finder.lists)
    assert sorted(alarm.name for alarm in reader.alarms(["shop-*"], ["*"])) == names
    assert sorted(alarm.name for alarm in reader.alarms(names, [f"*/{EU}"])) == names


def test_aws_is_asked_for_no_more_than_it_allows_and_for_both_types(cloud: CloudServer) -> None:
    put(cloud, "shop-errors", "OK")
    with opened(cloud.url, lambda *_: "asked") as door:
        aws = Aws.connect(Place((EU,), endpoint=door.url, embedded=True, page_size=500))
        names = [f"shop-{number:03}" for number in range(130)]
        AlarmReader(aws.finder.lists).alarms(names, ["*"])
        aws.close()
    asked = [one.body.decode() for one in door.asked if b"shop-" in one.body]
    sizes = [len(re.findall(r"shop-\d+", body)) for body in asked]
    assert sizes == [100, 100, 30, 30]
    assert [re.findall(r"\w+Alarm\b", body) for body in asked] == [["MetricAlarm"], ["CompositeAlarm"]] * 2
    assert all(re.search(r"MaxRecords\W+100\b", body) for body in asked)


def test_places_that_config_does_not_lead_to_are_a_no(aws: Aws) -> None:
    with pytest.raises(PlatformError, match="no account/region of config"):
        AlarmReader(aws.finder.lists).alarms(["shop"], ["*/eu-north-1"])


def test_an_aws_that_is_gone_is_a_no(cloud: CloudServer, aws: Aws) -> None:
    put(cloud, "shop-errors", "OK")
    assert see(view(aws, "shop-errors")).fine
    cloud.stop()
    seen = see(view(aws, "shop-errors"))
    assert not seen.fine and seen.doubt
    assert "cloudwatch shop-errors: " in seen.words
