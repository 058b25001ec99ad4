"""Is everybody spared whom the API server itself asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.behind import Behind
from simian_army.contract import Guard
from simian_army.errors import Forbidden, PlatformError
from simian_army.model import Target, Verdict
from simian_army.sights import Front
from tests.safety.scenes import instance, namespace, node, pod, proxy, scene

POLICY = Front("validating webhook shop-policy", "shop", "policy")
METRICS = Front("API service v1beta1.shop.example", "shop", "metrics")
ELSEWHERE = Front("conversion of carts.example", "other", "policy")
WEB = {"app": "web"}


@dataclass
class Asked:
    """A port whose Services lead to the pods with these labels."""

    leads: Mapping[Front, Mapping[str, str] | PlatformError] = field(default_factory=dict)
    away: PlatformError | None = None
    times: int = 0

    def fronts(self) -> Sequence[Front]:
        self.times += 1
        if self.away:
            raise self.away
        return list(self.leads)

    def selector(self, front: Front) -> Mapping[str, str]:
        self.times += 1
        found = self.leads[front]
        if isinstance(found, PlatformError):
            raise found
        return found


def ask(port: Asked, target: Target, *reach: Target) -> Verdict:
    guard: Guard = Behind(port)
    return guard(scene(target, reach=reach))


def test_a_pod_behind_a_webhook_is_spared_and_told_which() -> None:
    verdict = ask(Asked({POLICY: WEB}), pod(labels=WEB | {"more": "x"}))
    assert not verdict.allowed
    assert not verdict.final
    assert verdict.reason == (
        "the API server itself needs it: pod shop/web-1 is behind service shop/policy (validating webhook shop-policy);"
        " to go without, write safety.protect_webhooks: false"
    )


@pytest.mark.parametrize(
    ("leads", "target"),
    [
        ({}, pod(labels=WEB)),
        ({POLICY: {"app": "policy"}}, pod(labels=WEB)),
        ({POLICY: WEB | {"tier": "front"}}, pod(labels=WEB)),
        ({POLICY: {}}, pod(labels=WEB)),
        ({POLICY: {}}, pod()),
        ({ELSEWHERE: WEB}, pod(labels=WEB)),
        ({POLICY: WEB}, node()),
    ],
)
def test_everybody_else_may_be_struck(leads: Mapping[Front, Mapping[str, str]], target: Target) -> None:
    verdict = ask(Asked(leads), target)
    assert verdict.allowed
    assert verdict.reason == f"it is not behind one of the {len(leads)} Services that the API server asks"


def test_whom_the_fault_reaches_is_asked_too() -> None:
    port = Asked({POLICY: WEB, METRICS: {"app": "metrics"}})
    verdict = ask(port, node(), pod("a"), pod("b", WEB), pod("c", {"app": "metrics"}))
    assert not verdict.allowed
    assert "pod shop/b is behind service shop/policy (validating webhook shop-policy)" in verdict.reason
    assert "pod shop/c is behind service shop/metrics (API service v1beta1.shop.example)" in verdict.reason
    fine = ask(port, node(), pod("a"), pod("b"))
    assert fine.allowed
    assert fine.reason.startswith("none of these 3 is behind one of the 2 Services")


def test_whom_it_reaches_and_does_not_harm_is_not_asked() -> None:
    port = Asked({POLICY: WEB})
    assert ask(
        port, node(), pod("ds", WEB, group="shop/DaemonSet/logs"), pod("x", WEB, facts={"phase": "Failed"})
    ).allowed


def test_of_what_is_no_pod_whatever_leads_into_its_namespace_counts() -> None:
    deployment = replace(pod("web"), kind="deployment")
    assert not ask(Asked({POLICY: {"app": "policy"}}), deployment).allowed
    assert not ask(Asked({POLICY: {"app": "policy"}}), replace(namespace("shop"), scope="shop")).allowed
    assert ask(Asked({POLICY: {}}), deployment).allowed, "there is no such Service"
    assert ask(Asked({ELSEWHERE: WEB}), deployment).allowed


def test_who_may_not_look_says_no_for_all_with_the_permission() -> None:
    verdict = ask(Asked(away=Forbidden("403: add to a ClusterRole: list apiservices")), pod())
    assert not verdict.allowed
    assert verdict.final
    assert "cannot be told: 403: add to a ClusterRole: list apiservices; to go without, write" in verdict.reason


def test_a_service_that_does_not_say_whom_it_leads_to_spares_its_namespace_alone() -> None:
    port = Asked({POLICY: PlatformError("service shop/policy has no selector"), ELSEWHERE: WEB})
    verdict = ask(port, pod())
    assert not verdict.allowed
    assert not verdict.final
    assert "cannot be told: service shop/policy has no selector" in verdict.reason
    assert ask(port, replace(pod(), scope="third")).allowed


def test_ten_are_named_and_the_others_counted() -> None:
    reason = ask(Asked({POLICY: WEB}), node(), *(pod(f"p{n}", WEB) for n in range(12))).reason
    assert "pod shop/p9 is behind" in reason
    assert "pod shop/p10 is behind" not in reason
    assert "; and 2 more; " in reason


@pytest.mark.parametrize("target", [instance(), proxy()])
def test_elsewhere_nobody_is_asked(target: Target) -> None:
    port = Asked(away=PlatformError("away"))
    verdict = ask(port, target)
    assert verdict.allowed
    assert verdict.reason.startswith("not applicable")
    assert port.times == 0


def test_without_a_port_it_is_not_applicable() -> None:
    assert Behind()(scene(pod(labels=WEB))).reason.startswith("not applicable")


LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


@given(LABELS, st.lists(st.tuples(st.sampled_from(["shop", "other"]), LABELS), max_size=4))
def test_it_spares_exactly_those_that_a_selector_of_their_namespace_fits(
    own: dict[str, str], services: list[tuple[str, dict[str, str]]]
) -> None:
    leads = {Front("webhook", scope, str(number)): labels for number, (scope, labels) in enumerate(services)}
    mine = [labels for scope, labels in services if scope == "shop" and labels]
    hit = any(all(own.get(key) == value for key, value in labels.items()) for labels in mine)
    assert ask(Asked(leads), pod(labels=own)).allowed is not hit
