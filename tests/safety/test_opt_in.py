"""Does the opt-in guard ask the target in the run's own use."""

from __future__ import annotations

from safety.opt_in import OptIn
from simian_army.contract import Guard
from tests.safety.scenes import pod, scene

LABELS = {"simian-army/chaos": "enabled"}


def test_consent_to_one_use_is_none_to_another() -> None:
    guard: Guard = OptIn()
    assert guard(scene(pod(labels=LABELS))).allowed
    verdict = guard(scene(pod(labels=LABELS), use="latency"))
    assert not verdict.allowed
    assert verdict.guard == guard.name == "opt-in"


def test_it_is_early_unless_wiring_says_that_levels_come_later() -> None:
    assert OptIn().early
    assert not OptIn(early=False).early


def test_a_denial_is_not_final_since_others_may_consent() -> None:
    assert not OptIn()(scene(pod())).final
