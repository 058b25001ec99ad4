"""Does each check of the conformance suite notice a fault kind that breaks its promise, and let a good one pass."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from examples.cut.cut import ServiceCut
from simian_army import testing
from simian_army.faults.k8s.pod_delete import PodDelete
from simian_army.model import Evidence, Fault
from simian_army.testing import CHECKS, KubernetesWorld, Nonconformity, Suite, Way, conformance
from tests.testing.broken import BROKEN, Everybody, Idle, Many
from tests.testing.frail import FRAIL

WEB = {"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
CLUSTER = partial(KubernetesWorld, like={"service": WEB})


def run(suite: type[Suite], check: str) -> None:
    try:
        getattr(suite(f"test_{check}"), f"test_{check}")()
    finally:
        suite.tearDownClass()


ALL = (*BROKEN, *FRAIL)


@pytest.mark.parametrize(("check", "make", "words"), ALL, ids=[f"{check}-{make.__name__}" for check, make, _ in ALL])
def test_a_check_goes_red_over_a_kind_that_breaks_its_promise(check: str, make: Any, words: str) -> None:
    with pytest.raises(Nonconformity) as red:
        run(conformance(make, CLUSTER), check)
    assert words in str(red.value)


def test_every_check_is_shown_to_go_red() -> None:
    assert {check for check, _, _ in ALL} == {check.name for check in CHECKS}


@pytest.fixture(scope="module")
def good() -> Iterator[type[Suite]]:
    suite = conformance(Many, CLUSTER)
    yield suite
    suite.tearDownClass()


@pytest.mark.parametrize("check", [check.name for check in CHECKS])
def test_a_good_kind_passes_every_check(good: type[Suite], check: str) -> None:
    getattr(good(f"test_{check}"), f"test_{check}")()


def test_an_error_of_the_kind_itself_is_told_as_it_is() -> None:
    with pytest.raises(ValueError, match="whom it harms"):
        run(conformance(Everybody, CLUSTER), "effect")


BLIND = {"blind": "whether it does not look"}


class BlindAtTimes(ServiceCut):
    """It sees its effect unless it is told not to look."""

    params = BLIND

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(holds=False, detail="did not look") if fault.params.get("blind") else super().observe(fault)


def test_an_effect_is_asked_in_every_way_a_kind_can_be_used() -> None:
    run(conformance(BlindAtTimes, CLUSTER, Way(), Way({"blind": False})), "effect")
    with pytest.raises(Nonconformity, match="does not see its effect: did not look"):
        run(conformance(BlindAtTimes, CLUSTER, Way(), Way({"blind": True})), "effect")


def test_a_check_that_is_left_out_is_not_asked_and_says_why() -> None:
    suite = conformance(Many, CLUSTER, without={"timeouts": "its server never answers anyway"})
    assert suite.without == {"timeouts": "its server never answers anyway"}
    assert "timeouts" not in suite.asked
    assert not hasattr(suite, "test_timeouts")


@pytest.mark.parametrize("without", [{"timeout": "a word that is no check"}, {"timeouts": ""}])
def test_no_check_is_left_out_without_its_name_and_a_reason(without: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="give names of this kind's checks"):
        conformance(Many, CLUSTER, without=without)


def test_a_momentary_kind_is_not_asked_what_only_held_ones_promise() -> None:
    suite = conformance(PodDelete, KubernetesWorld)
    left = {check.name for check in CHECKS} - {*suite.asked}
    assert left == {"write_ahead", "restores", "revert_many", "changed_meanwhile", "mark_forged"}


def test_after_a_check_that_failed_the_next_has_a_new_world() -> None:
    opened: list[KubernetesWorld] = []

    def opens() -> KubernetesWorld:
        opened.append(CLUSTER())
        return opened[-1]

    suite = conformance(Idle, opens)
    for check in ("docstring", "restores", "docstring", "json"):
        with suppress(Nonconformity):
            getattr(suite(f"test_{check}"), f"test_{check}")()
    suite.tearDownClass()
    assert len(opened) == 2


def test_the_kit_needs_no_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; import simian_army.testing as kit; print(len(kit.CHECKS))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == str(len(CHECKS))


def test_the_kit_imports_nothing_that_is_not_installed_with_us() -> None:
    folder = Path(testing.__file__).parent
    imported = {
        name.partition(".")[0]
        for file in folder.rglob("*.py")
        for name in re.findall(r"^\s*(?:from|import) (\S+)", file.read_text(), re.MULTILINE)
    }
    assert imported - sys.stdlib_module_names == {"simian_army", "botocore"}
