"""Faults on whole nodes through the whole flow, on the embedded API server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simian_army.model import Phase, Selector
from simian_army.outcome import Outcome
from simian_army.wiring import House
from tests.flow.ground import Ground, ground
from tests.flow.hands import end_all, is_bare, is_cordoned, patch, recover
from tests.flow.town import IN, budget, daemons, town, workload

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LOOSE = "  quorum: {pdb: false}\n"


def monkey(fault: str, params: str = "{}") -> str:
    return (
        "- {name: nodes, use: chaos, on: kubernetes, schedule: {every: 2h}, hold: 1h, select: {names: [n1]}, "
        f"with: {{fault: {fault}, params: {params}}}}}"
    )


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))


@pytest.fixture
def place(tmp_path: Path, kubeconfig: None) -> Iterator[Ground]:
    with ground(tmp_path, town()) as made:
        yield made


def fire(house: House, at: datetime = AT) -> Outcome:
    return house.engine.fire(house.entries["nodes"], at)


def on(place: Ground, node: str) -> list[Any]:
    """The pods that stand on a node."""
    pods = place.server.objects("Pod", "shop")
    return [p for p in pods if p["spec"].get("nodeName") == node and "deletionTimestamp" not in p["metadata"]]


def why(outcome: Outcome, guard: str) -> str:
    return next(v.reason for draw in outcome.draws for v in draw.verdicts if v.guard == guard)


def phases(house: House, run: str) -> list[str]:
    return [str(event.phase) for event in house.books.ledger.query(run=run)]


def detail(house: House, run: str, phase: Phase) -> str:
    return str(next(iter(house.books.ledger.query(run=run, phase=phase))).data["detail"])


def test_a_node_is_drained_but_for_its_daemons_and_given_back(place: Ground) -> None:
    place.write(monkey("node-drain"))
    with place.house() as house:
        outcome = fire(house)
        assert outcome.taken, why(outcome, "quorum")
        assert phases(house, outcome.run.id) == ["fired", "intended", "injected", "observed"]
        assert detail(house, outcome.run.id, Phase.OBSERVED) == "cordoned, marked; 2 of 2 pods evicted"
        assert [pod["metadata"]["labels"]["app"] for pod in on(place, "n1")] == ["log-agent"]
        assert is_cordoned(place, "n1")
        end_all(house)
        assert "reverted" in phases(house, outcome.run.id)
    assert not is_cordoned(place, "n1") and is_bare(place, "n1")


def test_whoever_lives_there_and_did_not_opt_in_keeps_the_node(place: Ground) -> None:
    place.server.apply(workload("Deployment", "search", {}, replicas=6))
    assert place.server.settle(20)
    place.write(monkey("node-drain"))
    with place.house() as house:
        assert "of 3 others harmed do not consent" in why(fire(house), "shared")
    assert place.writes() == []


def test_a_group_that_cannot_do_without_its_pods_keeps_the_node(place: Ground) -> None:
    place.server.apply(workload("StatefulSet", "lone", IN, replicas=1))
    assert place.server.settle(20)
    lone = next(p for p in place.server.objects("Pod", "shop") if p["metadata"]["name"] == "lone-0")
    place.write(monkey("node-drain").replace("[n1]", f"[{lone['spec']['nodeName']}]"))
    with place.house() as house:
        said = why(fire(house), "quorum")
    assert "0 of 1 pods of shop/StatefulSet/lone" in said or "it has no peer" in said
    assert place.writes() == []


def test_a_budget_without_room_for_all_that_would_go_keeps_the_node(place: Ground) -> None:
    place.server.apply(budget("web", 6))
    assert place.server.settle(20)
    place.write(monkey("node-drain"))
    with place.house() as house:
        assert "PDB shop/web: 0 disruptions allowed" in why(fire(house), "quorum")
    place.write(monkey("node-drain"), "  quorum: {pdb: false}\n")
    with place.house() as house:
        outcome = fire(house, AT.replace(hour=13))
        assert detail(house, outcome.run.id, Phase.OBSERVED).startswith("cordoned, marked; 1 of 2 pods evicted, 1 stay")
        end_all(house)
    assert is_bare(place, "n1")


def test_a_drain_that_no_pod_obeys_has_no_effect_and_is_given_back(place: Ground) -> None:
    for name in ("web", "cart"):
        place.server.apply(budget(name, 6))
    assert place.server.settle(20)
    place.write(monkey("node-drain"), LOOSE)
    with place.house() as house:
        outcome = fire(house)
        assert "no_effect" in phases(house, outcome.run.id)
        end_all(house)
    assert is_bare(place, "n1") and not is_cordoned(place, "n1")


def test_a_pod_that_opted_out_after_it_was_judged_is_not_evicted(place: Ground) -> None:
    place.write(monkey("node-drain"))
    with place.house() as house:
        kind, found = house.kinds["node-drain"], house.platforms["kubernetes"].find(Selector("node"))
        draw = house.engine.judge.consider(house.entries["nodes"], _proposed(house), found, 6)
        assert draw.taken, [(v.guard, v.reason) for v in draw.verdicts if not v.allowed]
        web = next(other for other in draw.fault.others if "/DaemonSet/" not in other.group)
        patch(
            place, f"/api/v1/namespaces/shop/pods/{web.name}", {"metadata": {"labels": {"simian-army/opt-out": "true"}}}
        )
        kind.inject(draw.fault, house.engine.sign(outcome_run(house), draw.fault, AT.replace(year=2999)))
        assert "1 of 2 pods evicted" in kind.observe(draw.fault).detail
    assert web.name in {pod["metadata"]["name"] for pod in on(place, "n1")}


def test_the_mark_alone_brings_a_drained_node_back(place: Ground) -> None:
    place.write(monkey("node-drain"))
    with place.house() as house:
        assert fire(house).taken
    for name in ("simian.db", "simian.db.head"):
        place.config.with_name(name).unlink()
    with place.house() as house:
        recover(house)
    assert not is_cordoned(place, "n1") and is_bare(place, "n1")


def test_a_taint_stands_while_it_is_held(place: Ground) -> None:
    place.write(monkey("node-taint", "{effect: PreferNoSchedule}"))
    with place.house() as house:
        outcome = fire(house)
        assert phases(house, outcome.run.id)[-1] == "observed"
        assert place.node("n1")["spec"]["taints"] == [{"key": "simian-army/taint", "effect": "PreferNoSchedule"}]
        end_all(house)
    assert is_bare(place, "n1") and "taints" not in place.node("n1")["spec"]


def test_a_taint_that_empties_the_node_is_told_once_its_pods_have_left(tmp_path: Path, kubeconfig: None) -> None:
    with ground(tmp_path, town(daemons(IN))) as place:
        place.write(monkey("node-taint", "{effect: NoExecute}"))
        with place.house() as house:
            outcome = fire(house)
            assert outcome.taken, [why(outcome, guard) for guard in ("shared", "quorum")]
            said = detail(house, outcome.run.id, Phase.OBSERVED)
            assert said == "tainted, marked; 3 pods left, 0 tolerate it"
            assert on(place, "n1") == []
            end_all(house)
        assert is_bare(place, "n1")


@pytest.mark.parametrize(
    ("tolerations", "asked"),
    [((), True), (({"operator": "Exists"},), False), (({"operator": "Exists", "tolerationSeconds": 300},), True)],
    ids=["tolerate nothing", "tolerate all", "tolerate all for a while"],
)
def test_a_daemon_that_such_a_taint_sweeps_away_must_consent(
    tmp_path: Path, kubeconfig: None, tolerations: tuple[dict[str, Any], ...], *, asked: bool
) -> None:
    with ground(tmp_path, town(daemons({}, *tolerations))) as place:
        place.write(monkey("node-taint", "{effect: NoExecute}"))
        with place.house() as house:
            outcome = fire(house)
            assert bool(outcome.taken) is not asked
            if asked:
                said = why(outcome, "shared")
                assert said.startswith("1 of 3 others harmed do not consent, all must: pod shop/log-agent-")
                assert place.writes() == []
            else:
                seen = detail(house, outcome.run.id, Phase.OBSERVED)
                assert seen == "tainted, marked; 2 pods left, 1 tolerate it"
                assert [pod["metadata"]["labels"]["app"] for pod in on(place, "n1")] == ["log-agent"]
            end_all(house)


def test_a_milder_taint_asks_no_daemon(place: Ground) -> None:
    place.write(monkey("node-taint", "{effect: NoSchedule}"))
    with place.house() as house:
        assert fire(house).taken
        end_all(house)


def test_a_budget_of_daemons_keeps_a_node_whose_daemon_would_be_swept_away(tmp_path: Path, kubeconfig: None) -> None:
    with ground(tmp_path, town(daemons(IN))) as place:
        place.server.apply(budget("log-agent", 6))
        assert place.server.settle(20)
        place.write(monkey("node-taint", "{effect: NoExecute}"))
        with place.house() as house:
            assert "PDB shop/log-agent: 0 disruptions allowed" in why(fire(house), "quorum")
        assert place.writes() == []


def test_a_taint_that_empties_the_node_asks_the_groups_there(place: Ground) -> None:
    place.server.apply(budget("web", 6))
    assert place.server.settle(20)
    place.write(monkey("node-taint", "{effect: NoExecute}"))
    with place.house() as house:
        assert "PDB shop/web: 0 disruptions allowed" in why(fire(house), "quorum")
    place.write(monkey("node-taint"))
    with place.house() as house:
        assert fire(house, AT.replace(hour=13)).taken
        end_all(house)


def restart(place: Ground) -> None:
    place.write(
        "- {name: nodes, use: chaos, on: kubernetes, schedule: {every: 2h}, hold: 1h, "
        "select: {names: [log-agent]}, with: {fault: rollout-restart}}"
    )


def test_the_daemons_that_a_restart_makes_anew_are_asked_one_by_one(tmp_path: Path, kubeconfig: None) -> None:
    with ground(tmp_path, town(daemons(IN))) as place:
        restart(place)
        one = next(pod for pod in on(place, "n3") if pod["metadata"]["labels"]["app"] == "log-agent")
        pod = f"/api/v1/namespaces/shop/pods/{one['metadata']['name']}"
        patch(place, pod, {"metadata": {"labels": {"simian-army/opt-out": "true"}}})
        with place.house() as house:
            assert why(fire(house), "shared").startswith("1 of 6 others harmed do not consent, all must: pod shop/log-")
        assert place.writes() == []
        patch(place, pod, {"metadata": {"labels": {"simian-army/opt-out": None}}})
        place.server.apply(budget("log-agent", 6))
        assert place.server.settle(20)
        with place.house() as house:
            assert "PDB shop/log-agent: 0 disruptions allowed" in why(fire(house, AT.replace(hour=14)), "quorum")
        assert place.writes() == []


def test_daemons_that_agree_are_restarted(tmp_path: Path, kubeconfig: None) -> None:
    with ground(tmp_path, town(daemons(IN))) as place:
        restart(place)
        with place.house() as house:
            outcome = fire(house)
            assert outcome.taken, [(v.guard, v.reason) for d in outcome.draws for v in d.verdicts if not v.allowed]


def _proposed(house: House) -> Any:
    entry = house.entries["nodes"]
    return next(iter(entry.monkey.propose(entry.find(), house.engine.dice(outcome_run(house)))))


def outcome_run(house: House) -> Any:
    return house.engine.run(house.entries["nodes"], AT)
