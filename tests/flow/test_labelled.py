"""Does a monkey that reads kube-monkey's labels strike as they say, under all guards, and tell of those that make no
sense."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simian_army import wiring
from simian_army.cli.once import REFUSED, Wish, once
from simian_army.cli.whying import why
from simian_army.embedded.world import demo_world
from simian_army.errors import ConfigError
from simian_army.expecting import Expecting
from simian_army.foresight import Days
from tests.flow.ground import Ground, ground

MONDAY = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LINE = (
    "- {name: km, use: chaos, on: kubernetes, schedule: {every: 1h, between: '10:00-16:00'}, "
    "with: {fault: pod-delete, labels: kube-monkey}}"
)
ALSO = "  opt_in: {also: [{label: kube-monkey/enabled, value: enabled, faults: [pod-delete]}]}\n"
SAID = {
    "web": {"mtbf": "1", "kill-mode": "fixed", "kill-value": "2"},
    "search": {"mtbf": "4h"},
    "checkout": {"mtbf": "soon", "kill-mode": "kill-all"},
    "cart": {"mtbf": "1", "kill-mode": "kill-all"},
}


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """The shop as kube-monkey's documentation labels one; cart opted out of everything."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    world = copy.deepcopy(demo_world())
    for one in (one for one in world if one["kind"] == "Deployment" and one["metadata"]["name"] in SAID):
        name = one["metadata"]["name"]
        enrolled = {"kube-monkey/enabled": "enabled", "kube-monkey/identifier": name}
        one["metadata"]["labels"] |= enrolled | {f"kube-monkey/{key}": value for key, value in SAID[name].items()}
        one["spec"]["template"]["metadata"]["labels"].pop("simian-army/chaos", None)
        one["spec"]["template"]["metadata"]["labels"] |= enrolled
    with ground(tmp_path, world) as made:
        made.write(LINE, ALSO)
        yield made


def test_each_workload_is_struck_as_often_and_as_much_as_its_labels_say(town: Ground) -> None:
    with town.house(leashed=True) as house:
        days = Days(house.upcoming, MONDAY, MONDAY + timedelta(days=28))
        fires = list(wiring.foresight(house, MONDAY).fires(days))
    hits = [Counter(draw.fault.target.name.rsplit("-", 2)[0] for draw in told.hit) for told in fires]
    assert all(told.hit == [] for told in fires if told.at.weekday() > 4)
    web = [seen["web"] for seen in hits if seen["web"]]
    assert web == [2] * 20, "once each working day, two of four"
    searches = sum(seen["search"] > 0 for seen in hits)
    assert 100 < searches <= 120, "six times a day, at six fires"
    assert {name for seen in hits for name in seen} == {"web", "search"}
    expecting = Expecting()
    for told in fires:
        expecting.add(told)
    weekly = {group: found.expected for group, found in expecting.over(timedelta(days=28)).items()}
    assert weekly["shop/Deployment/web"] == pytest.approx(10, rel=0.1), "two at a time count twice"
    assert weekly["shop/Deployment/search"] == pytest.approx(searches / 4, rel=0.1)


def test_labels_that_make_no_sense_are_told_where_they_stand_and_counted(
    town: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "kube-monkey: kube-monkey/mtbf=soon on Deployment checkout is no time"
    with town.house(leashed=True) as house:
        outcome = house.engine.fire(house.entries["km"], MONDAY)
    assert [count for (_, reason), count in outcome.troop.spared.items() if reason.startswith(words)] == [2]
    why(town.config, "deployment shop/checkout", as_json=True)
    (answer,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["reason"].startswith(words) for one in answer["verdicts"] if one["guard"] == "pace"] == [True]
    assert not answer["allowed"]


def test_all_guards_have_their_say_of_what_labels_ask_for(town: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    town.write(LINE, ALSO + "  quorum: {keep: 4}\n")
    assert once(town.config, Wish("km", "deployment shop/web", as_json=True)) == REFUSED
    told = json.loads(capsys.readouterr().out)
    assert (told["want"], told["refused"]) == (1, {"quorum": 1})
    assert once(town.config, Wish("km", "deployment shop/cart", as_json=True)) == REFUSED
    assert json.loads(capsys.readouterr().out)["spared"][0]["reason"].startswith("simian-army/opt-out=true")
    assert town.writes() == []


def test_both_each_group_and_labels_are_one_located_mistake(town: Ground) -> None:
    town.write(LINE.replace("with:", "each_group: {mean: 5 working days}, with:"), ALSO)
    with pytest.raises(ConfigError, match=r"monkeys\[0\].each_group: its targets say themselves"), town.house():
        pass
