"""Does a halt stop everything and say who ordered it, and a team's halt what strikes that team alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.halt import Halted
from simian_army.contract import Guard
from simian_army.model import Halt
from tests.safety.scenes import NOW, node, pod, scene

GUARD: Guard = Halted()
TEAM = Halt("kubectl-annotate", "our launch", NOW, "namespaces", "shop", "`kubectl ...` ends it")


def test_a_halt_is_a_final_no_with_author_time_and_reason() -> None:
    verdict = GUARD(scene(halt=Halt("ada", "the shop is on fire", NOW)))
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == (
        "halted by ada at 2026-03-04 12:00:00+00:00: the shop is on fire; `simian resume` ends it"
    )


def test_without_a_halt_it_goes_on() -> None:
    assert GUARD(scene()).allowed


def test_a_teams_halt_is_a_no_for_its_own_targets_and_no_final_one() -> None:
    verdict = GUARD(scene(pod(), teams=(TEAM,)))
    assert not verdict.allowed
    assert not verdict.final
    assert verdict.reason == (
        "halted in shop by kubectl-annotate at 2026-03-04 12:00:00+00:00: our launch; `kubectl ...` ends it"
    )


def test_a_teams_halt_stops_nobody_else() -> None:
    assert GUARD(scene(pod(), teams=(replace(TEAM, scope="bank"),))).allowed


@pytest.mark.parametrize(
    ("facts", "group", "allowed"),
    [
        ({}, "shop/Deployment/web", False),
        ({}, "shop/DaemonSet/log-agent", True),
        ({"mirror": True}, "", True),
        ({"phase": "Succeeded"}, "shop/Job/report", True),
    ],
)
def test_a_teams_halt_spares_the_nodes_that_its_pods_would_be_harmed_on(
    facts: dict[str, object], group: str, allowed: bool
) -> None:
    harmed = pod(group=group, facts=facts)
    assert GUARD(scene(node(), "node-cordon", reach=(harmed,), teams=(TEAM,))).allowed is allowed


def test_a_source_that_cannot_be_read_is_a_no_that_names_it_and_the_error() -> None:
    doubt = Halt("nobody", "whether the file /x halts cannot be told: I/O error", NOW, "file", doubt=True)
    verdict = GUARD(scene(halt=doubt))
    assert not verdict.allowed and verdict.final
    assert verdict.reason == (
        "whether the file /x halts cannot be told: I/O error; nothing new begins until it can be read"
    )
