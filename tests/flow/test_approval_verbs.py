"""Do the commands say what waits for an approval, how it is given, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest

from simian_army.cli.approving import patience
from simian_army.cli.look import status
from simian_army.cli.once import DONE, REFUSED, Wish, once
from simian_army.errors import UsageError
from simian_army.model import Phase
from simian_army.waiting import APPROVE
from simian_army.wiring import books, read_config
from tests.cluster.waiting import until
from tests.flow.approvals import PODS, WEB, approve, evictions
from tests.flow.ground import Ground
from tests.flow.hands import patch
from tests.flow.test_agent import agent_of, at_work

SECOND, LONG = timedelta(seconds=1), timedelta(seconds=90)


def waiting(shop: Ground) -> str:
    """The run that waits, once one does."""
    with books(read_config(shop.config)) as found:
        return next((event.run for event in found.ledger.query(phase=Phase.PENDING)), "")


@contextmanager
def approving(shop: Ground, *, veto: bool = False) -> Iterator[None]:
    """Somebody who approves what waits as soon as it does, or opts the workload out before."""

    def act() -> None:
        run = until("something to wait", lambda: waiting(shop), 60)
        if veto:
            patch(shop, WEB, {"metadata": {"labels": {"simian-army/opt-out": "true"}}})
        approve(shop, run)

    thread = Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_once_says_how_it_is_approved_and_that_it_was_not(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(PODS)
    assert once(shop.config, Wish("pods", wait=SECOND)) == REFUSED
    said, run = capsys.readouterr().out, waiting(shop)
    assert f"run {run} of pods: 0 hit, 1 pending approval of 4 eligible, 4 found" in said
    assert "  pending  pod-evict on pod shop/web-" in said
    assert f"  kubectl annotate --overwrite namespace shop {APPROVE}={run}\n" in said
    assert "still pending: an agent (`simian run`) strikes once it is approved" in said
    assert evictions(shop) == []


def test_once_strikes_when_it_is_approved_meanwhile(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(PODS)
    with approving(shop):
        assert once(shop.config, Wish("pods", wait=LONG)) == DONE
    said = capsys.readouterr().out
    assert "   injected  pod shop/web-" in said
    assert "still pending" not in said
    assert len(evictions(shop)) == 1


def test_a_veto_meanwhile_is_told_with_its_reason(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(PODS)
    with approving(shop, veto=True):
        assert once(shop.config, Wish("pods", wait=LONG)) == REFUSED
    said = capsys.readouterr().out
    assert "denied  pod shop/web-" in said
    assert "approved by somebody, but opt-in: simian-army/opt-out=true on Deployment web" in said
    assert evictions(shop) == []


def test_for_machines_what_waits_is_in_the_summary(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(PODS)
    assert once(shop.config, Wish("pods", as_json=True, wait=timedelta(0))) == REFUSED
    told = json.loads(capsys.readouterr().out)
    (one,) = told["waiting"]
    assert (told["taken"], one["run"], one["kind"], one["monkey"]) == (0, waiting(shop), "pod-evict", "pods")
    assert one["approve"].endswith(f"namespace shop {APPROVE}={one['run']}")


def test_status_lists_what_waits_until_it_is_answered(shop: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write(PODS)
    status(shop.config, as_json=False)
    assert "pending" not in capsys.readouterr().out
    once(shop.config, Wish("pods", wait=timedelta(0)))
    run = waiting(shop)
    capsys.readouterr()
    status(shop.config, as_json=False)
    first, second = [line for line in capsys.readouterr().out.splitlines() if "pod-evict" in line or "kubectl" in line]
    assert first.startswith("pending  pod-evict on pod shop/web-")
    assert " by pods until 20" in first
    assert second.strip() == f"kubectl annotate --overwrite namespace shop {APPROVE}={run}"
    status(shop.config, as_json=True)
    (one,) = json.loads(capsys.readouterr().out)["pending"]
    assert one["run"] == run
    with shop.house() as house:
        approve(shop, run)
        house.pending().again()
    status(shop.config, as_json=True)
    assert json.loads(capsys.readouterr().out)["pending"] == []


@pytest.mark.parametrize("approved", [True, False])
def test_a_running_agent_is_followed_until_it_is_answered_or_patience_ends(
    shop: Ground, capsys: pytest.CaptureFixture[str], *, approved: bool
) -> None:
    shop.write(PODS)
    with shop.house() as house:
        with at_work(agent_of(house)):
            if not approved:
                assert once(shop.config, Wish("pods", wait=SECOND)) == REFUSED
                assert "still pending" in capsys.readouterr().out
                approve(shop, waiting(shop))
                until("the agent to strike", lambda: evictions(shop), 60)
                return
            with approving(shop):
                assert once(shop.config, Wish("pods", wait=LONG)) == DONE
            assert len(evictions(shop)) == 1
            said = capsys.readouterr().out
            assert "    pending  pod shop/web-" in said
            assert f"kubectl annotate --overwrite namespace shop {APPROVE}=" in said
            assert "   injected  pod shop/web-" in said


def test_how_long_to_wait_is_a_duration() -> None:
    assert patience("90s") == timedelta(seconds=90)
    with pytest.raises(UsageError, match="--wait: "):
        patience("a while")
