"""Are protected namespaces left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.protected import Protected
from simian_army.contract import Guard
from simian_army.model import Verdict
from tests.safety.scenes import instance, namespace, node, pod, proxy, scene

SYSTEM = ("kube-system", "kube-*", "team-?")


def ask(scope: str, *patterns: str) -> Verdict:
    guard: Guard = Protected(patterns)
    return guard(scene(replace(pod(), scope=scope)))


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("kube-system", False),
        ("kube-public", False),
        ("team-a", False),
        ("team-ab", True),
        ("kube", True),
        ("my-kube-system", True),
        ("shop", True),
    ],
)
def test_a_namespace_is_protected_by_its_whole_name_or_a_shell_pattern(scope: str, *, allowed: bool) -> None:
    assert ask(scope, *SYSTEM).allowed is allowed


def test_the_reason_names_the_namespace_the_pattern_and_all_patterns() -> None:
    assert ask("kube-public", *SYSTEM).reason == "kube-public is protected by kube-* (of kube-system, kube-*, team-?)"
    assert ask("shop", *SYSTEM).reason == "shop is not protected (protected are: kube-system, kube-*, team-?)"


def test_a_protected_namespace_is_itself_no_target() -> None:
    assert not Protected(SYSTEM)(scene(namespace("kube-system"))).allowed
    assert Protected(SYSTEM)(scene(namespace("shop"))).allowed


def test_a_node_stands_in_no_namespace_even_when_everything_is_protected() -> None:
    verdict = Protected(("*",))(scene(node("kube-system")))
    assert verdict.allowed
    assert verdict.reason.startswith("not applicable")


def test_with_no_pattern_nothing_is_protected() -> None:
    assert ask("kube-system").allowed


def test_elsewhere_there_are_no_namespaces_whatever_the_pattern() -> None:
    for target in (instance(), proxy()):
        verdict = Protected(("*",))(scene(target))
        assert verdict.allowed
        assert verdict.reason == "not applicable: only Kubernetes has namespaces"
