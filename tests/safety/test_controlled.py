"""Are pods that nothing would replace left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.controlled import Controlled
from simian_army.contract import Guard
from simian_army.model import Target
from tests.safety.scenes import node, pod, scene

GUARD: Guard = Controlled()


@pytest.mark.parametrize(
    ("target", "allowed", "words"),
    [
        (pod(), True, "a controller owns it"),
        (pod(group="shop/Rollout/web"), True, "a controller owns it"),
        (pod(group=""), False, "no controller owns the pod"),
        (pod(group="shop/Node/n1"), False, "it is static"),
        (replace(pod(), replaced=False), False, "no controller owns the pod"),
        (node(), True, "not applicable"),
    ],
)
def test_only_a_pod_that_is_replaced_is_a_target(target: Target, words: str, *, allowed: bool) -> None:
    verdict = GUARD(scene(target))
    assert verdict.allowed is allowed
    assert words in verdict.reason


def test_no_consent_and_no_fault_makes_a_bare_pod_a_target() -> None:
    bare = pod(labels={"simian-army/chaos": "enabled"}, group="")
    assert not GUARD(scene(bare, "pod-label")).allowed
