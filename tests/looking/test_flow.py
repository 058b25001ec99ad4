"""Both ways through the real house: before a fault, while it is held, and never in the way of a revert."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simian_army import wiring
from simian_army.cli.start import check
from simian_army.embedded.cloud import CloudServer
from simian_army.embedded.kube.store import Key
from simian_army.model import Phase
from simian_army.outcome import Outcome
from tests.cluster.waiting import BUSY, CLOCK, until
from tests.flow.ground import NODES, PODS, Ground
from tests.looking.monitoring import Alertmanager, Prometheus
from tests.looking.pages import answer, page
from tests.looking.test_cloud import EU, put
from tests.targets.clouds import ACCOUNT

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MANY = "- {name: many, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-evict, mode: all}}"


@dataclass
class Health:
    """A page that is well until it is told otherwise."""

    status: int = 200
    hangs: bool = False
    free: threading.Event = field(default_factory=threading.Event)
    hanging: threading.Event = field(default_factory=threading.Event)

    def __call__(self, to: socket.socket) -> None:
        if self.hangs:
            self.hanging.set()
            self.free.wait(60)
        answer(self.status)(to)


def write(shop: Ground, *looks: str, monkeys: str = f"{PODS}\n{NODES}") -> None:
    shop.write(monkeys, "  look:\n" + "".join(f"    - {look}\n" for look in looks))


def fire(house: wiring.House, name: str = "nodes") -> Outcome:
    return house.engine.fire(house.entries[name], AT)


def denials(outcome: Outcome) -> list[str]:
    return [v.reason for draw in outcome.denied for v in draw.verdicts if v.guard == "look" and not v.allowed]


def whys(house: wiring.House) -> list[str]:
    return [str(event.data["why"]) for event in house.books.ledger.query(phase=Phase.REVERTED)]


def took(house: wiring.House, begin: Callable[[], object]) -> float:
    """Seconds from what ``begin`` does to the end of all that is held."""
    begin()
    begun = CLOCK.monotonic()
    until("all to be reverted", lambda: not house.keeper.held(), 60, 0.02)
    return CLOCK.monotonic() - begun


def status(shop: Ground, node: str, **conditions: str) -> None:
    """Have the kubelet of a node say this."""
    said = [{"type": name, "status": value} for name, value in conditions.items()]

    def change(obj: Any) -> Any:
        return {**obj, "status": {**obj["status"], "conditions": said}}

    shop.server.cluster.write(Key("nodes", "", node), change)


def test_trouble_is_asked_for_once_and_ends_the_fire(shop: Ground) -> None:
    with page(answer(503)) as at:
        write(shop, f"{{http: '{at.url()}'}}", monkeys=MANY)
        with shop.house() as house:
            outcome = fire(house, "many")
    where = f"health page 127.0.0.1:{at.port}"
    assert denials(outcome) == [f"{where}: it answers 503; 200 is asked for (safety.look[0])"]
    assert not outcome.taken and len(outcome.draws) == 1
    assert len(at.said) == 1
    assert shop.writes() == []


def test_many_targets_of_a_fire_are_served_by_one_look(shop: Ground) -> None:
    with page(answer(200)) as at:
        write(shop, f"{{http: '{at.url()}'}}", monkeys=MANY)
        with shop.house(leashed=True) as house:
            outcome = fire(house, "many")
    assert len(outcome.taken) > 1
    assert len(at.said) == 1


def test_a_look_for_another_monkey_keeps_nobody_back(shop: Ground) -> None:
    with page(answer(503)) as at:
        write(shop, f"{{http: '{at.url()}', monkeys: [pods]}}")
        with shop.house(leashed=True) as house:
            assert not fire(house, "pods").taken
            assert fire(house, "nodes").taken


@pytest.mark.slow
def test_a_page_that_turns_bad_ends_what_is_held_within_five_seconds(shop: Ground) -> None:
    health = Health()
    with page(health) as at:
        write(shop, f"{{http: '{at.url()}'}}")
        with shop.house() as house:
            house.keeper.start()
            assert fire(house).taken
            CLOCK.wait(threading.Event(), 3)  # a few looks that see that all is well
            assert house.keeper.held()
            seconds = took(house, lambda: setattr(health, "status", 500))
            house.keeper.close()
            (why,) = whys(house)
    assert "look: health page" in why and "it answers 500" in why
    assert seconds < 5 + BUSY


@pytest.mark.slow
def test_what_is_looked_at_only_before_ends_nothing_that_is_held(shop: Ground) -> None:
    health = Health()
    with page(health) as at:
        write(shop, f"{{http: '{at.url()}', held: false}}")
        with shop.house() as house:
            house.keeper.start()
            assert fire(house).taken
            health.status = 500
            CLOCK.wait(threading.Event(), 3)
            assert house.keeper.held()
            house.keeper.stop(5)
            assert len(at.said) == 1


def test_a_look_that_hangs_keeps_no_revert_waiting_and_ends_what_is_held(shop: Ground) -> None:
    health = Health()
    with page(health) as at:
        write(shop, f"{{http: '{at.url()}', timeout: 10s}}")
        with shop.house() as house:
            house.keeper.start()
            assert fire(house).taken
            health.hangs = True
            assert health.hanging.wait(60)
            seconds = took(house, lambda: house.keeper.end("", "the test ends it"))
            health.free.set()
            house.keeper.close()
            assert whys(house) == ["the test ends it"]
    assert seconds < 1 + BUSY  # the look would have taken 10 s


@pytest.mark.slow
def test_a_page_that_hangs_ends_what_is_held(shop: Ground) -> None:
    health = Health()
    with page(health) as at:
        write(shop, f"{{http: '{at.url()}', timeout: 3s}}")
        with shop.house() as house:
            house.keeper.start()
            assert fire(house).taken
            seconds = took(house, lambda: setattr(health, "hangs", True))
            health.free.set()
            house.keeper.close()
            (why,) = whys(house)
    assert "no answer within 3 s" in why
    assert seconds < 9 + BUSY


def test_a_pod_on_a_node_under_pressure_is_spared_and_the_next_is_asked_for(shop: Ground) -> None:
    write(shop, "{node_pressure: true}", monkeys=MANY)
    with shop.house(leashed=True) as house:
        nodes = {str(draw.fault.target.facts["node"]) for draw in fire(house, "many").taken}
    sick = min(nodes)
    status(shop, sick, Ready="True", MemoryPressure="True", DiskPressure="False")
    with shop.house(leashed=True) as house:
        outcome = house.engine.fire(house.entries["many"], AT.replace(hour=14))
    assert {str(draw.fault.target.facts["node"]) for draw in outcome.taken} == nodes - {sick}
    assert len(denials(outcome)) > 1
    assert set(denials(outcome)) == {f"node {sick}: MemoryPressure is True (safety.look[0])"}


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"Ready": "False"}, "Ready is False"),
        ({"Ready": "Unknown"}, "Ready is Unknown"),
        ({"Ready": "True", "DiskPressure": "True"}, "DiskPressure is True"),
        ({"Ready": "True", "PIDPressure": "Unknown"}, "PIDPressure is Unknown"),
        ({"MemoryPressure": "False"}, "it does not say whether it is Ready"),
    ],
)
def test_a_node_that_is_not_well_is_not_struck(shop: Ground, conditions: dict[str, str], told: str) -> None:
    write(shop, "{node_pressure: true}")
    for node in shop.server.objects("Node"):
        status(shop, str(node["metadata"]["name"]), **conditions)
    with shop.house() as house:
        outcome = fire(house)
    assert not outcome.taken and denials(outcome)
    assert all(told in reason for reason in denials(outcome))


def test_a_node_that_gets_under_pressure_ends_what_is_held(shop: Ground) -> None:
    write(shop, "{node_pressure: true}")
    with shop.house() as house:
        house.keeper.start()
        name = fire(house).taken[0].fault.target.name
        seconds = took(house, lambda: status(shop, name, Ready="True", MemoryPressure="True"))
        house.keeper.close()
        (why,) = whys(house)
    assert f"look: node {name}: MemoryPressure is True" in why
    assert seconds < 5 + BUSY


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudServer]:
    for name, value in (("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")):
        monkeypatch.setenv(name, value)
    with CloudServer() as server:
        yield server


@pytest.mark.slow
def test_an_alarm_of_cloudwatch_forbids_a_fault_and_ends_what_is_held(shop: Ground, cloud: CloudServer) -> None:
    write(shop, "{cloudwatch: shop-*}")
    aws = f"  aws: {{regions: [{EU}], accounts: ['{ACCOUNT}'], endpoint: '{cloud.url}'}}\nsafety:\n"
    shop.config.write_text(shop.config.read_text().replace("safety:\n", aws))
    put(cloud, "shop-errors", "ALARM")
    with shop.house() as house:
        (why,) = denials(fire(house))
        assert why.startswith(f"cloudwatch shop-*: shop-errors in {ACCOUNT}/{EU} is ALARM")
    assert shop.writes() == []
    put(cloud, "shop-errors", "OK")
    with shop.house() as house:
        house.keeper.start()
        outcome = house.engine.fire(house.entries["nodes"], AT + timedelta(hours=2))
        assert outcome.taken, denials(outcome)
        seconds = took(house, lambda: put(cloud, "shop-errors", "ALARM"))
        house.keeper.close()
        (why,) = whys(house)
    assert "look: cloudwatch shop-*: shop-errors in" in why and "is ALARM" in why
    assert seconds < 5 + BUSY


def test_check_looks_where_config_says(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    with page(answer(500)) as at, page(answer(200)) as gone:
        looks = [f"{{http: '{at.url()}'}}", f"{{prometheus: '{gone.url('')}', query: up, max: 1}}"]
        write(shop, *looks, "{node_pressure: true}")
        check(Path(shop.config), as_json=False)
    said = " ".join(capsys.readouterr().out.split())
    assert f"safety.look[0]: health page 127.0.0.1:{at.port}: it answers 500" in said  # can be asked: nothing to mend
    assert "is no answer of Prometheus: is the URL right?" in said


@pytest.mark.real
@pytest.mark.slow
def test_an_alert_that_fires_ends_what_is_held_within_five_seconds(
    shop: Ground, alertmanager: Alertmanager, prometheus: Prometheus
) -> None:
    alerts = f"""{{alertmanager: '{alertmanager.url}', matchers: ['team="flow"', 'node="$name"']}}"""
    values = f"""{{prometheus: '{prometheus.url}', query: 'absent(nothing{{node="$node"}})', min: 1}}"""
    write(shop, alerts, values)
    with shop.house() as house:
        house.keeper.start()
        name = fire(house).taken[0].fault.target.name
        alertmanager.fire(alertname="Elsewhere", team="flow", node="another")
        CLOCK.wait(threading.Event(), 3)
        assert house.keeper.held()
        seconds = took(house, lambda: alertmanager.fire(alertname="NodeSlow", team="flow", node=name))
        house.keeper.close()
        (why,) = whys(house)
    assert f'firing and matching team="flow", node="{name}": NodeSlow (safety.look[0])' in why
    assert seconds < 5 + BUSY


@pytest.mark.real
def test_a_prometheus_that_dies_ends_what_is_held(shop: Ground) -> None:
    with Prometheus() as prometheus:
        write(shop, f"{{prometheus: '{prometheus.url}', query: vector(1), min: 1}}")
        with shop.house() as house:
            house.keeper.start()
            assert fire(house).taken
            seconds = took(house, prometheus.kill)
            house.keeper.close()
            (why,) = whys(house)
    assert "Connection refused" in why
    assert seconds < 5 + BUSY
