"""Does each word of a monkey's select leave out whom it says, with the reason told by fire, plan and why."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simian_army import wiring
from simian_army.cli.once import REFUSED, Wish, once
from simian_army.cli.whying import why
from simian_army.embedded.world import demo_world
from simian_army.errors import ConfigError
from simian_army.foresight import Days
from simian_army.model import Phase
from tests.flow.ground import Ground, ground

SOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def world() -> list[Any]:
    """The shop in two zones, one of its namespaces a test one, web's pods annotated, and a CronJob."""
    made = copy.deepcopy(demo_world())
    for one in made:
        meta = one["metadata"]
        if one["kind"] == "Node":
            meta["labels"]["topology.kubernetes.io/zone"] = "zone-1" if meta["name"] == "node-a" else "zone-2"
        if one["kind"] == "Namespace":
            meta["labels"] = {"team": "shop"}
        if meta["name"] == "web" and one["kind"] == "Deployment":
            one["spec"]["template"]["metadata"]["annotations"] = {
                "chaos.example/on": "yes",
                "note": "no value of labels!",
            }
        if one["kind"] in ("Deployment", "DaemonSet"):
            one["spec"]["template"]["metadata"]["labels"]["simian-army/chaos"] = "enabled"
            meta["labels"].pop("simian-army/opt-out", None)
    return made


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path, world()) as made:
        yield made


def monkey(select: str, fault: str = "pod-delete") -> str:
    return f"- {{name: some, use: chaos, on: kubernetes, select: {{{select}}}, schedule: {{every: 2h}}, with: {{fault: {fault}}}}}"


def meant(town: Ground, select: str, fault: str = "pod-delete") -> set[str]:
    """The workloads, or nodes, of those that are eligible."""
    town.write(monkey(select, fault))
    with town.house(leashed=True) as house:
        entry = house.entries["some"]
        troop = house.engine.judge.screen(entry, entry.find())
    return {(one.group or one.name).rpartition("/")[2] for one in troop.eligible}


EVERYONE = {"web", "cart", "search", "checkout", "log-agent"}


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("", EVERYONE),
        ("annotations: chaos.example/on=yes", {"web"}),
        ("annotations: '!chaos.example/on'", EVERYONE - {"web"}),
        ("annotations: chaos.example/on notin (no)", EVERYONE),
        ("annotations: note", {"web"}),
        ("namespace_labels: team=shop", EVERYONE),
        ("namespace_labels: team=other", set()),
        ("namespace_labels: '!team'", set()),
        ("owners: [DaemonSet]", {"log-agent"}),
        ("owners: ['!daemonset']", EVERYONE - {"log-agent"}),
        ("owners: [Deployment, '!Dep*']", set()),
        ("owners: [none]", set()),
        ("nodes: [node-a]", {"web", "log-agent"}),
        ("nodes: ['node-*', '!node-b']", {"web", "checkout", "log-agent"}),
        ("zones: [zone-2]", EVERYONE - {"web"}),
        ("zones: ['!zone-2'], owners: [Deployment]", {"web"}),
        ("nodes: ['!node-c'], zones: [zone-2], namespaces: [shop]", {"cart", "search", "log-agent"}),
        ("zones: [nowhere]", set()),
        ("min_age: 366d", set()),
        ("names: ['web-*', '!*x'], labels: app=web", {"web"}),
    ],
)
def test_a_word_means_these_pods(town: Ground, select: str, expected: set[str]) -> None:
    assert meant(town, select) == expected


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("zones: [zone-2]", {"node-b", "node-c"}),
        ("nodes: ['!node-b']", {"node-a", "node-c"}),
        ("owners: [none]", {"node-a", "node-b", "node-c"}),
    ],
)
def test_a_word_means_these_nodes(town: Ground, select: str, expected: set[str]) -> None:
    assert meant(town, select, "node-cordon") == expected


@pytest.mark.parametrize(
    ("select", "reason"),
    [
        (
            "annotations: chaos.example/on=no",
            "its annotations are not chaos.example/on=no (select.annotations): chaos.example/on is 'yes'",
        ),
        (
            "namespace_labels: team=other",
            "the labels of namespace shop are not team=other (select.namespace_labels): team is 'shop'",
        ),
        ("owners: [StatefulSet]", "its top owner is Deployment, and select.owners is StatefulSet"),
        ("min_age: 366d", "it is AGE old, and select.min_age is 366 d"),
    ],
)
def test_a_fire_that_hits_nobody_counts_why_and_why_says_it(
    town: Ground, capsys: pytest.CaptureFixture[str], select: str, reason: str
) -> None:
    town.write(monkey(f"labels: app=web, {select}"))
    assert once(town.config, Wish("some", as_json=True)) == REFUSED
    told = json.loads(capsys.readouterr().out)
    words = f"not selected by some, because {reason}"
    assert [(row["guard"], ageless(row["reason"])) for row in told["spared"]] == [("select", words)]
    assert [row["count"] for row in told["spared"]] == [4]
    why(town.config, "deployment shop/web", as_json=True)
    answer = json.loads(capsys.readouterr().out.splitlines()[0])
    (no,) = [verdict["reason"] for verdict in answer["verdicts"] if verdict["guard"] == "select"]
    assert ageless(no) == words
    assert answer["to_be_hit"]["changes"][0]["change"] == "change the monkey's select where the reason says"
    with wiring.books(wiring.read_config(town.config)) as books:
        (denied,) = books.ledger.query(phase=Phase.DENIED)
    assert denied.data["spared"][0]["reason"] == told["spared"][0]["reason"]
    assert town.writes() == []


def ageless(reason: str) -> str:
    """A pod of the embedded server is as old as the test is: some seconds, and another number a moment later."""
    return re.sub(r"it is \d+ (s|min) old", "it is AGE old", reason)


def test_whom_no_list_tells_is_explained_by_where_the_monkey_looks(
    town: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    town.write(monkey("nodes: [node-b], zones: ['zone-*']"))
    why(town.config, "deployment shop/web", as_json=False)
    assert "running pods in * on nodes node-b in zones zone-*" in capsys.readouterr().out


def test_who_is_too_young_now_is_planned_for_when_old_enough(town: Ground) -> None:
    town.write(monkey("labels: app=web, min_age: 30m"), "")
    with town.house() as house:
        now = house.books.clock.now()
        days = Days(house.upcoming, now, now + timedelta(hours=6))
        told = list(wiring.foresight(house, now).fires(days))
    young = [one for one in told if one.at - now < timedelta(minutes=25)]
    old = [one for one in told if one.at - now > timedelta(minutes=31)]
    assert [len(one.troop.eligible) for one in young + old] == [0] * len(young) + [4] * len(old)
    assert old


@pytest.mark.parametrize(
    ("on", "select", "words"),
    [
        ("aws", "annotations: a=b", "select.annotations: annotations are for kubernetes, on aws write labels"),
        (
            "aws",
            "namespace_labels: a=b",
            "select.namespace_labels: namespace_labels are for kubernetes, on aws write regions",
        ),
        ("aws", "owners: [Deployment]", "select.owners: owners are for kubernetes, on aws write labels"),
        ("aws", "nodes: [n]", "select.nodes: nodes are for kubernetes, on aws select instances"),
        ("toxiproxy", "zones: [z]", "select.zones: a proxy stands in no zone, select proxies by endpoints"),
        ("toxiproxy", "min_age: 1h", "select.min_age: nobody tells how old a proxy is, leave it out"),
        ("toxiproxy", "labels: a=b", "select.labels: proxies have no labels, select them by names"),
        ("kubernetes", "regions: [r]", "select.regions: regions are for aws, on kubernetes write namespaces"),
        (
            "kubernetes",
            "owners: [Deploymnt]",
            "select.owners: 'Deploymnt' is no kind of owner: did you mean Deployment?",
        ),
        ("kubernetes", "owners: ['!']", "select.owners: '!' is no kind of owner: write a kind, such as Deployment"),
        ("kubernetes", "annotations: 'a=b=c'", "select.annotations: unable to parse requirement"),
        ("kubernetes", "namespace_labels: 'a in b'", "select.namespace_labels: unable to parse requirement"),
        ("kubernetes", "min_age: soon", "select.min_age"),
        ("kubernetes", "ownrs: [Job]", "select.ownrs: unknown key, did you mean owners?"),
    ],
)
def test_a_word_that_makes_no_sense_is_one_located_mistake(town: Ground, on: str, select: str, words: str) -> None:
    platforms = {
        "kubernetes": "kubernetes: {embedded: true}",
        "aws": "aws: {embedded: true}",
        "toxiproxy": "toxiproxy: {embedded: true}",
    }
    fault = {"kubernetes": "pod-evict", "aws": "instance-stop", "toxiproxy": "proxy-latency"}[on]
    text = monkey(select, fault).replace("on: kubernetes", f"on: {on}")
    key = "0123456789abcdef0123456789abcdef"
    town.config.write_text(f"fleet: test\nkey: {key}\nplatforms:\n  {platforms[on]}\nmonkeys:\n  {text}\n")
    with pytest.raises(ConfigError) as caught:
        wiring.read_config(town.config)
    (mistake,) = caught.value.mistakes
    assert f"monkeys[0].{words}" in str(mistake)


def test_a_workload_that_stands_on_no_node_is_not_selected_by_one(town: Ground) -> None:
    town.write(monkey("zones: [zone-1]", "rollout-restart"))
    with pytest.raises(ConfigError, match=r"monkeys\[0\].select.zones: a deployment stands on no node"), town.house():
        pass
