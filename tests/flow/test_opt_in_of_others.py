"""Do the labels and annotations of other tools let the whole flow strike, and only as far as config says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from simian_army import wiring
from simian_army.model import Level, Phase
from tests.flow.ground import NODES, Ground
from tests.flow.hands import patch

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
ALSO = (
    "  opt_in: {also: [{label: kube-monkey/enabled, value: enabled},"
    ' {annotation: chaos.alpha.kubernetes.io/enabled, value: "true"}]}\n'
)
SEARCH = "/apis/apps/v1/namespaces/shop/deployments/search"
NAMESPACE = "/api/v1/namespaces/shop"


def pods(fault: str = "pod-evict") -> str:
    return (
        '- {name: pods, use: chaos, on: kubernetes, select: {labels: "app=search"},'
        f" schedule: {{every: 2h}}, with: {{fault: {fault}}}}}"
    )


def hit(house: wiring.House) -> list[str]:
    outcome = house.engine.fire(house.entries["pods"], AT)
    return [draw.fault.target.group for draw in outcome.taken]


def test_a_workload_of_kube_monkey_is_struck_once_config_names_its_label(shop: Ground) -> None:
    patch(shop, SEARCH, {"metadata": {"labels": {"kube-monkey/enabled": "enabled"}}})
    shop.write(pods())
    with shop.house() as house:
        assert hit(house) == []
    shop.write(pods(), ALSO)
    with shop.house(leashed=True) as house:
        house.engine.fire(house.entries["pods"], AT.replace(hour=13))
        (told,) = house.books.ledger.query(phase=Phase.SKIPPED)
        verdicts = {one["guard"]: one["reason"] for one in told.data["verdicts"]}
        assert verdicts["opt-in"] == "kube-monkey/enabled=enabled on Deployment search"


def test_an_annotation_of_chaoskube_counts_on_a_pod_and_on_a_namespace(shop: Ground) -> None:
    shop.write(pods("pod-delete"), ALSO)
    patch(shop, NAMESPACE, {"metadata": {"annotations": {"chaos.alpha.kubernetes.io/enabled": "true"}}})
    with shop.house() as house:
        found = house.engine.judge.screen(house.entries["pods"], house.entries["pods"].find())
        assert len(found.eligible) == 2
        first = next(pod for pod in shop.server.objects("Pod") if pod["metadata"]["labels"].get("app") == "search")
        path = f"/api/v1/namespaces/shop/pods/{first['metadata']['name']}"
        patch(shop, path, {"metadata": {"annotations": {"chaos.alpha.kubernetes.io/enabled": "false"}}})
        found = house.engine.judge.screen(house.entries["pods"], house.entries["pods"].find())
        assert [target.name for target in found.eligible] != []
        assert first["metadata"]["name"] not in {target.name for target in found.eligible}
        assert hit(house) == ["shop/Deployment/search"], "read whole again, the annotation is seen too"


def test_an_opt_out_of_ours_still_wins(shop: Ground) -> None:
    patch(shop, SEARCH, {"metadata": {"labels": {"kube-monkey/enabled": "enabled"}}})
    patch(shop, NAMESPACE, {"metadata": {"labels": {"simian-army/opt-out": "true"}}})
    shop.write(pods(), ALSO)
    with shop.house() as house:
        assert hit(house) == []


def test_they_consent_to_no_cordon_of_the_node_they_live_on(shop: Ground) -> None:
    """On node-a lives web, which opted in with our own label, and then one pod that did so for another tool."""
    patch(shop, SEARCH, {"metadata": {"labels": {"kube-monkey/enabled": "enabled"}}})
    on_a = {"spec": {"nodeSelector": {"kubernetes.io/hostname": "node-a"}}}
    patch(shop, SEARCH, {"spec": {"template": on_a}})
    assert shop.server.settle(20)
    node = NODES.replace("schedule", "select: {names: [node-a]}, schedule")
    shop.write(node, ALSO)
    with shop.house() as house:
        (refused,) = house.engine.fire(house.entries["nodes"], AT).denied
        (verdict,) = [one for one in refused.verdicts if not one.allowed]
        assert verdict.guard == "shared"
        assert "2 of 6 others harmed do not consent" in verdict.reason
        assert "pod shop/search-" in verdict.reason


def since(house: wiring.House) -> list[tuple[str, str]]:
    found = house.books.ledger.query(phase=Phase.FOUND)
    return [(event.data["rule"], event.data["group"]) for event in found if event.data["rule"].startswith("opted-")]


def test_since_when_a_group_is_opted_in_begins_anew_after_an_opt_out(shop: Ground) -> None:
    web, group = "/apis/apps/v1/namespaces/shop/deployments/web", "shop/Deployment/web"
    shop.write(pods().replace("app=search", "app=web"))
    with shop.house(leashed=True) as house:
        entry = house.entries["pods"]
        house.engine.fire(entry, AT.replace(hour=1))
        patch(shop, web, {"metadata": {"labels": {"simian-army/opt-out": "true"}}})
        only = entry.find()[0].id
        house.engine.fire(entry, AT.replace(hour=2), only=only)
        assert since(house) == [("opted-in", group)], "of a group, a narrow fire sees too little"
    with shop.house(leashed=True) as house:
        entry = house.entries["pods"]
        for hour in (3, 4):
            house.engine.fire(entry, AT.replace(hour=hour))
        assert since(house) == [("opted-in", group), ("opted-out", group)]
        assert house.engine.dues.opted.opted_in_since(group) is None
        patch(shop, web, {"metadata": {"labels": {"simian-army/opt-out": None}}})
        for hour in (5, 6):
            house.engine.fire(entry, AT.replace(hour=hour))
        assert since(house) == [("opted-in", group), ("opted-out", group), ("opted-in", group)]


def test_a_level_that_cannot_be_read_is_no_opt_out(shop: Ground) -> None:
    shop.write(pods().replace("app=search", "app=web"))
    with shop.house(leashed=True) as house:
        house.engine.fire(house.entries["pods"], AT.replace(hour=1))
        entry = house.entries["pods"]
        found = [replace(one, levels=(Level("Deployment", "web", None),)) for one in entry.find()]
        troop = house.engine.judge.screen(entry, found)
        assert troop.eligible == []
        assert troop.unwilling == frozenset()
        mixed = [replace(found[0], labels={"simian-army/opt-out": "true"}, levels=()), *entry.find()[1:]]
        assert house.engine.judge.screen(entry, mixed).unwilling == frozenset(), "the others consent still"
        outs = [replace(one, labels={"simian-army/opt-out": "true"}, levels=()) for one in found]
        assert house.engine.judge.screen(entry, outs).unwilling == {"shop/Deployment/web"}
