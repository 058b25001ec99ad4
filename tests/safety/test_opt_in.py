"""Does the opt-in guard ask the target in the run's own use."""

from __future__ import annotations

import pytest

from safety.opt_in import OptIn
from simian_army.contract import Guard
from tests.safety.scenes import instance, pod, proxy, scene

LABELS = {"simian-army/chaos": "enabled"}


def test_consent_to_one_use_is_none_to_another() -> None:
    guard: Guard = OptIn()
    assert guard(scene(pod(labels=LABELS))).allowed
    verdict = guard(scene(pod(labels=LABELS), use="latency"))
    assert not verdict.allowed
    assert verdict.guard == guard.name == "opt-in"


def test_a_denial_is_not_final_since_others_may_consent() -> None:
    assert not OptIn()(scene(pod())).final


@pytest.mark.parametrize(
    ("patterns", "allowed", "words"),
    [
        (("shop-*",), True, "shop-cart matches shop-* in platforms.toxiproxy.opt_in"),
        (("shop-*", "!shop-cart"), False, "shop-cart is excluded by !shop-cart in platforms.toxiproxy.opt_in"),
        (("till-*",), False, "shop-cart matches nothing in platforms.toxiproxy.opt_in (till-*); add its name there"),
        (("!till",), False, "matches nothing"),
        ((), False, "(empty)"),
    ],
)
def test_where_there_are_no_labels_config_names_who_opted_in(
    patterns: tuple[str, ...], words: str, *, allowed: bool
) -> None:
    verdict = OptIn({"toxiproxy": patterns})(scene(proxy(), "proxy-latency", use="latency"))
    assert verdict.allowed is allowed
    assert words in verdict.reason


def test_names_speak_only_for_the_platform_they_are_of() -> None:
    guard = OptIn({"toxiproxy": ("*",)})
    assert not guard(scene(pod())).allowed
    assert "no simian-army/chaos tag on the instance itself" in guard(scene(instance())).reason
    assert guard(scene(instance(LABELS))).allowed
