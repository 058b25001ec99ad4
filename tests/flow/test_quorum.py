"""Does the whole flow leave alone a group that cannot do without one more, and say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from simian_army import wiring
from simian_army.asked import why
from simian_army.errors import PlatformError
from simian_army.explain import forecast
from simian_army.model import Fault, Phase, Target, Verdict
from simian_army.outcome import Draw
from simian_army.standing import Attempt
from tests.flow.ground import Ground
from tests.flow.hands import patch

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"


def pods_of(app: str) -> str:
    select = f'select: {{labels: "app={app}"}}'
    return (
        f"- {{name: pods, use: chaos, on: kubernetes, {select}, schedule: {{every: 2h}}, with: {{fault: pod-evict}}}}"
    )


def quorum(verdicts: Sequence[Verdict]) -> Verdict:
    (verdict,) = [verdict for verdict in verdicts if verdict.guard == "quorum"]
    return verdict


def scale(shop: Ground, app: str, replicas: int) -> None:
    patch(shop, f"{DEPLOYMENTS}/{app}", {"spec": {"replicas": replicas}})
    assert shop.server.settle(20)


def drawn(house: wiring.House) -> Draw:
    """The first that is drawn, and what was said of it."""
    entry = house.entries["pods"]
    troop = house.engine.judge.screen(entry, entry.find())
    target = troop.eligible[0]
    fault = next(iter(entry.monkey.propose([target], house.engine.dice(house.engine.run(entry, AT)))))
    return house.engine.judge.consider(entry, fault, troop.peers()[target.group])  # type: ignore[arg-type]


def test_what_its_budget_would_refuse_is_foreseen_and_nobody_is_asked_to_go(shop: Ground) -> None:
    shop.write(pods_of("checkout"))
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["pods"], AT)
        (told,) = {quorum(draw.verdicts).reason for draw in outcome.denied}
        assert told == "PDB shop/checkout: 0 disruptions allowed, 2 healthy, 2 needed"
        assert len(outcome.denied) == 2
        assert shop.writes() == []
        summary = list(house.books.ledger.query(run=outcome.run.id))[-1]
        assert summary.phase is Phase.DENIED
        assert told in str(summary.data["drawn"])


def test_a_deletion_that_asks_no_budget_is_foreseen_as_well(shop: Ground) -> None:
    shop.write(pods_of("checkout").replace("pod-evict", "pod-delete"))
    with shop.house() as house:
        assert not house.engine.fire(house.entries["pods"], AT).taken
        assert shop.writes() == []


def test_plan_and_why_say_it(shop: Ground) -> None:
    shop.write(pods_of("checkout"))
    with shop.house() as house:
        entry = house.entries["pods"]
        planned = forecast(house.engine, entry, AT, entry.find())
        assert planned.hit == []
        (answer,) = why(house.engine, house.entries, "shop/checkout")
        for verdicts in (planned.refused[0].verdicts, answer.verdicts):
            assert "PDB shop/checkout: 0 disruptions allowed" in quorum(verdicts).reason


def test_a_lone_replica_is_spared(shop: Ground) -> None:
    scale(shop, "web", 1)
    shop.write(pods_of("web"))
    with shop.house() as house:
        verdict = quorum(drawn(house).verdicts)
        assert not verdict.allowed
        assert "1 of 1 pods of shop/Deployment/web are ready: it has no peer (spare_lone)" in verdict.reason
    shop.write(pods_of("web"), "  quorum: {spare_lone: false, keep: 0}\n")
    with shop.house() as house:
        assert quorum(drawn(house).verdicts).allowed


def test_a_leader_is_spared_by_its_label(shop: Ground) -> None:
    shop.write(pods_of("web"), '  quorum: {spare: {labels: "app=web"}}\n')
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert not outcome.taken
        assert quorum(outcome.denied[0].verdicts).reason.endswith("matches app=web (spare.labels)")


def test_a_group_that_lacks_one_is_spared(shop: Ground) -> None:
    shop.write(pods_of("web"))
    pod = next(p["metadata"]["name"] for p in shop.server.objects("Pod") if p["metadata"]["labels"]["app"] == "web")
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    patch(shop, f"/api/v1/namespaces/shop/pods/{pod}/status", unready)
    with shop.house() as house:
        reason = quorum(drawn(house).verdicts).reason
        assert reason.startswith("3 of 4 pods of shop/Deployment/web are ready before the fault, 1 are missing")


def test_two_of_one_group_may_be_struck_at_once_where_config_lets_them(shop: Ground) -> None:
    text = pods_of("web").replace("fault: pod-evict", "fault: pod-evict, mode: {fixed: 4}")
    shop.write(text, "  quorum: {keep: 2}\n")
    shop.config.write_text(shop.config.read_text().replace("cooldown: 0s", "cooldown: 0s, concurrent: 9, per_group: 9"))
    shop.server.manager.startup = 60.0  # none that is new is ready for now
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["pods"], AT)
        assert len(outcome.taken) == 2, [quorum(draw.verdicts) for draw in outcome.denied]
        told = {quorum(draw.verdicts).reason for draw in outcome.denied}
        assert told == {"2 of 4 pods of shop/Deployment/web are ready, 1 would stay, 2 must (keep 2)"}


def test_what_was_struck_meanwhile_is_counted_inside_the_ledgers_transaction(shop: Ground) -> None:
    shop.write(pods_of("web"), "  quorum: {keep: 3}\n")
    with shop.house() as house:
        draw = drawn(house)
        assert draw.taken
        scene = draw.scene
        assert scene is not None
        assert scene.health is not None
        other = next(iter(scene.health.up - {draw.fault.target.id}))
        struck = Attempt(
            "r", "pods", "pod-evict", other, draw.fault.target.group, "shop", scene.now, Phase.INJECTED, True
        )
        denied = [v for v in house.engine.judge.again(draw, [struck], None) if not v.allowed]
        assert "of these 1 are struck by us and not missed yet, 2 would stay, 3 must" in quorum(denied).reason
        assert not [v for v in house.engine.judge.again(draw, [], None) if v.guard == "quorum" and not v.allowed]


def test_a_fault_that_stops_nobody_asks_nobody_how_they_stand(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop.house() as house:
        asked = _health_raises(house, monkeypatch)
        outcome = house.engine.fire(house.entries["nodes"], AT)
        assert outcome.taken
        assert quorum(outcome.taken[0].verdicts).reason == "not applicable: node-cordon stops nobody"
        assert asked == []
        house.keeper.end("", "the test ends it")
        house.keeper.tick()
        pods = house.entries["pods"]
        fault = Fault("pod-evict", pods.find()[0])
        judge = house.engine.judge
        harmless: Any = SimpleNamespace(stops="nobody", reach=lambda _: None)
        assert replace(judge, kinds={"pod-evict": harmless}).scene(pods, fault).health is None
        assert asked == []
        assert judge.scene(pods, fault).health is not None
        assert asked == [fault.target]


def test_a_platform_that_cannot_say_how_a_group_stands_is_a_no_by_quorum(
    shop: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write(pods_of("web"), "  quorum: {spare_lone: false, keep: 0, whole: false}\n")
    with shop.house() as house:
        asked = _health_raises(house, monkeypatch)
        draw = drawn(house)
        assert asked
        assert [verdict.guard for verdict in draw.verdicts if not verdict.allowed] == ["quorum"]
        reason = "nobody can tell how shop/Deployment/web stands: the server is on fire"
        assert quorum(draw.verdicts).reason == reason
        assert len(draw.verdicts) == len(house.engine.judge.guards)


def _health_raises(house: wiring.House, monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    asked: list[Target] = []

    def health(self: Any, target: Target, *, floors: bool = False) -> Any:
        assert floors, "a guard wants every word"
        asked.append(target)
        raise PlatformError("the server is on fire")

    monkeypatch.setattr(type(house.platforms["kubernetes"]), "health", health)
    return asked
