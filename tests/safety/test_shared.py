"""Does a fault on something shared ask everyone it harms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.shared import Shared
from simian_army.contract import Guard
from simian_army.model import Level, Target, Verdict
from simian_army.standing import SWEPT
from tests.safety.scenes import NOW, node, pod, scene

YES = {"simian-army/chaos": "enabled"}
NO = {"simian-army/chaos": "disabled"}
GUARD: Guard = Shared()


def ask(*reach: Target) -> Verdict:
    return GUARD(scene(node(), "node-cordon", reach=reach))


def test_an_unknown_reach_is_a_no() -> None:
    verdict = GUARD(scene(node(), "node-cordon", reach=None))
    assert not verdict.allowed
    assert "could not be computed" in verdict.reason


def test_an_empty_node_is_allowed() -> None:
    verdict = ask()
    assert verdict.allowed
    assert verdict.reason == "not applicable: it harms nobody else"


def test_one_dissenter_among_many_is_a_no_that_names_it() -> None:
    verdict = ask(pod("a", YES), pod("b", NO), pod("c", YES))
    assert not verdict.allowed
    assert verdict.reason.startswith("1 of 3 others harmed do not consent")
    assert "pod shop/b: simian-army/chaos=disabled on the pod itself" in verdict.reason


def test_all_consenting_is_a_yes_with_the_count() -> None:
    assert ask(pod("a", YES), pod("b", YES)).reason == "all 2 others harmed consent"


def test_an_opt_out_of_a_namespace_saves_the_node() -> None:
    out = (Level("Namespace", "shop", {"simian-army/opt-out": "true"}),)
    assert not ask(pod("a", YES, out)).allowed


@pytest.mark.parametrize(
    "spared",
    [
        pod("ds", NO, group="shop/DaemonSet/logs"),
        pod("mirror", NO, group="", facts={"mirror": True}),
        pod("done", NO, facts={"phase": "Succeeded"}),
        pod("broken", NO, facts={"phase": "Failed"}),
    ],
)
def test_daemonset_static_and_finished_pods_are_not_asked(spared: Target) -> None:
    verdict = ask(spared)
    assert verdict.allowed
    assert "all 1 others it reaches are DaemonSet, static or finished pods" in verdict.reason


def test_a_daemonset_pod_that_the_fault_sweeps_away_is_asked() -> None:
    logs = pod("ds", NO, group="shop/DaemonSet/logs", facts={SWEPT: True})
    verdict = ask(pod("a", YES), logs)
    assert not verdict.allowed
    assert verdict.reason.startswith("1 of 2 others harmed do not consent, all must: pod shop/ds: ")
    assert ask(pod("a", YES), pod("ds", YES, group="shop/DaemonSet/logs", facts={SWEPT: True})).allowed


@pytest.mark.parametrize("spared", [{"mirror": True}, {"phase": "Succeeded"}, {"phase": "Failed"}])
def test_what_is_swept_and_cannot_be_harmed_is_not_asked(spared: dict[str, object]) -> None:
    assert ask(pod("ds", NO, group="shop/DaemonSet/logs", facts={SWEPT: True, **spared})).allowed


@pytest.mark.parametrize(
    "harmed",
    [
        pod("bare", group=""),
        pod("running", facts={"phase": "Running"}),
        pod("pending", facts={"phase": "Pending"}),
        pod("claimed", facts={"mirror": "true"}),
        pod("named", group="shop/Deployment/DaemonSet"),
    ],
)
def test_every_other_pod_without_consent_is_a_dissenter(harmed: Target) -> None:
    assert not ask(harmed).allowed


def test_a_pod_without_owner_may_consent_itself() -> None:
    assert ask(pod("bare", YES, group="")).allowed


def test_a_narrowed_consent_counts_for_its_own_fault_only() -> None:
    assert ask(pod("a", {"simian-army/chaos.node-cordon": "enabled"})).allowed
    assert not ask(pod("a", {"simian-army/chaos.pod-evict": "enabled"})).allowed


def test_ten_dissenters_are_named_and_the_others_counted() -> None:
    reason = ask(*(pod(f"p{n}", NO) for n in range(12))).reason
    assert reason.startswith("12 of 12 others harmed do not consent, all must: pod shop/p0: ")
    assert "pod shop/p9: " in reason
    assert "pod shop/p10: " not in reason
    assert reason.endswith("; and 2 more")


@given(st.lists(st.booleans(), max_size=30))
def test_it_allows_if_and_only_if_nobody_dissents_and_names_at_most_ten(consents: list[bool]) -> None:
    verdict = ask(*(pod(str(n), YES if yes else NO) for n, yes in enumerate(consents)))
    noes = consents.count(False)
    assert verdict.allowed is (noes == 0)
    assert verdict.reason.count("pod shop/") == min(noes, 10)
    assert (f"and {noes - 10} more" in verdict.reason) is (noes > 10)


def test_a_protected_namespace_in_the_reach_never_consents() -> None:
    guard = Shared(("kube-*",))
    dns = Target("kubernetes", "pod", "u", "dns", "kube-system", "kube-system/Deployment/dns", NOW, YES)
    verdict = guard(scene(node(), "node-cordon", reach=[pod("a", YES), dns]))
    assert not verdict.allowed
    assert "pod kube-system/dns: kube-system is protected by kube-*" in verdict.reason
