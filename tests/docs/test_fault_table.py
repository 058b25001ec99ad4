"""Is the table of all faults in the documentation the one that kinds and tests give today."""

from __future__ import annotations

import pytest

from simian_army.plugins import found
from tests.docs import fault_table
from tests.docs.grounds import grounds
from tests.faults.suites import SUITES

AGAIN = "run `python -m tests.docs.fault_table` and commit what it writes"
WRITTEN = fault_table.FILE.read_text()


def test_the_table_is_what_the_kinds_say() -> None:
    assert fault_table.text(fault_table.parts_of(WRITTEN)) == WRITTEN, AGAIN


@pytest.mark.slow
def test_the_real_parts_in_the_table_are_those_that_tests_are_run_on() -> None:
    gathered = grounds()
    assert fault_table.parts_of(WRITTEN) == {name: list(gathered.get(name, ())) for name in SUITES}, AGAIN


def test_the_table_says_how_each_fault_ends_as_simian_plugins_does() -> None:
    for name, plugin in found("fault").items():
        (row,) = [line for line in WRITTEN.splitlines() if line.startswith(f"| `{name}` |")]
        assert plugin.undoing()["alone"] in row


def test_a_kind_that_a_check_is_left_out_for_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SUITES["pod-evict"], "without", {"timeouts": "for this test"})
    monkeypatch.setattr(SUITES["pod-evict"], "asked", SUITES["pod-evict"].asked[:-1])
    said = fault_table.text({})
    assert "- `pod-evict`, timeouts: for this test" in said
    assert "10 of 11 checks" in said
