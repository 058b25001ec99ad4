"""Does health name what is wrong, with its value, and is standing by no illness."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from simian_army.observe.health import alive, ready
from simian_army.observe.pulse import Pulse
from simian_army.observe.server import Reply

WELL = Pulse(lambda: 12.5, lambda: 0.4, lambda: False, dict[str, datetime])
STANDBY = replace(WELL, lease=lambda: 0.0, heartbeat=lambda: None)


def checks(reply: Reply) -> dict[str, Any]:
    told = json.loads(reply.body)
    assert told["ok"] == (reply.status == 200)
    return {check["name"]: check for check in told["checks"]}


@pytest.mark.parametrize("pulse", [WELL, STANDBY])
def test_leading_and_standing_by_are_both_well(pulse: Pulse) -> None:
    assert alive(pulse).status == 200
    assert ready(pulse).status == 200


@pytest.mark.parametrize(("age", "status"), [(9.9, 200), (10.0, 503), (400.0, 503)])
def test_a_heartbeat_that_is_late_is_an_illness(age: float, status: int) -> None:
    pulse = replace(WELL, heartbeat=lambda: age)
    assert alive(pulse).status == status
    assert ready(pulse).status == status
    assert f"{age:.1f} s ago" in checks(alive(pulse))["heartbeat"]["value"]


def test_a_ledger_that_does_not_answer_is_named_and_no_reason_to_restart() -> None:
    pulse = replace(WELL, ledger_trouble=lambda: "the ledger db: connection refused")
    assert alive(pulse).status == 200
    found = checks(ready(pulse))
    assert [name for name, check in found.items() if not check["ok"]] == ["ledger"]
    assert "connection refused" in found["ledger"]["value"]


def test_a_lease_that_nobody_knows_of_is_named() -> None:
    pulse = replace(STANDBY, lease_trouble=lambda: "the Lease cannot be read")
    found = checks(ready(pulse))
    assert not found["lease"]["ok"]
    assert found["lease"]["value"] == "the Lease cannot be read"


def test_a_leader_whose_last_renewal_failed_still_knows_that_it_leads() -> None:
    pulse = replace(WELL, lease_trouble=lambda: "one renewal hung")
    assert checks(ready(pulse))["lease"] == {"name": "lease", "ok": True, "value": "leading, 12.5 s left"}
