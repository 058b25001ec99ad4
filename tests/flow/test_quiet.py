"""Quiet, in the whole flow: a window that opens ends what is held, and nothing missed is made up for."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from simian_army import wiring
from simian_army.clock import SystemClock
from simian_army.model import Phase
from tests.cluster.waiting import BUSY
from tests.flow.ground import NODES, Ground
from tests.simian_army.calendars.papers import ics

SECONDS = 5.0 + BUSY  # within so many a window that opens has ended what is held


class Shifted(SystemClock):
    """The machine's clock, and ``by`` more on the wall."""

    def __init__(self, by: timedelta = timedelta(0)) -> None:
        self.by = by

    def now(self) -> datetime:
        return super().now() + self.by


@contextmanager
def house(shop: Ground, clock: Shifted) -> Iterator[wiring.House]:
    """A house whose keeper is at work, on that clock."""
    loaded = wiring.read_config(shop.config)
    with wiring.books(loaded, clock=clock) as books, wiring.house(books, wake=shop.wake) as made:
        books.lease.take()
        made.keeper.start()
        try:
            yield made
        finally:
            made.keeper.stop(10)


def hold(at: wiring.House) -> None:
    """Cordon one node, for an hour."""
    outcome = at.engine.fire(at.entries["nodes"], at.books.clock.now())
    assert outcome.taken, outcome.summary()


def ended_within(at: wiring.House, seconds: float) -> float | None:
    """After how many seconds nothing is held any more; None while something is."""
    clock = SystemClock()
    begun = clock.monotonic()
    while clock.monotonic() - begun < seconds:
        if not at.keeper.held():
            return clock.monotonic() - begun
        threading.Event().wait(0.05)
    return None


def why(at: wiring.House) -> str:
    (event,) = [event for event in at.books.ledger.query() if event.phase == Phase.REVERTED]
    return str(event.data["why"])


def cordoned(shop: Ground) -> list[Any]:
    return [node for node in shop.server.objects("Node") if node["spec"].get("unschedulable")]


@pytest.mark.slow
def test_a_window_that_opens_while_a_fault_is_held_ends_it_within_seconds(shop: Ground) -> None:
    clock = Shifted()
    opens = (clock.now() + timedelta(minutes=20)).replace(second=0)
    closes = opens + timedelta(minutes=30)
    shop.write(NODES, more=f'  blackouts: [{{daily: "{opens:%H:%M}-{closes:%H:%M}"}}]\n')
    with house(shop, clock) as at:
        hold(at)
        assert ended_within(at, 2.5) is None
        assert len(cordoned(shop)) == 1
        clock.by = timedelta(minutes=21)
        assert ended_within(at, SECONDS) is not None
        assert cordoned(shop) == []
        assert f"blackout: {clock.now():%a}" in why(at)
        assert f"is in the blackout [{opens:%H:%M}-{closes:%H:%M}], until" in why(at)


def test_an_event_written_into_a_calendar_ends_what_is_held(shop: Ground) -> None:
    file = shop.folder / "freeze.ics"
    file.write_bytes(ics())
    shop.write(NODES, more="  blackouts: [{ical: freeze.ics}]\n")
    with house(shop, Shifted()) as at:
        hold(at)
        now = at.books.clock.now()
        event = f"SUMMARY:Incident 7\nDTSTART:{now - timedelta(hours=1):%Y%m%dT%H%M%SZ}\nDURATION:PT3H"
        file.write_bytes(ics(event))
        assert ended_within(at, SECONDS + 2) is not None
        assert "is in the blackout [ical freeze.ics (Incident 7)]" in why(at)


def test_a_calendar_that_cannot_be_read_any_more_ends_what_is_held_when_it_is_stale(shop: Ground) -> None:
    file = shop.folder / "freeze.ics"
    file.write_bytes(ics())
    shop.write(NODES, more="  blackouts: [{ical: freeze.ics, refresh: 1s, stale: 3s}]\n")
    with house(shop, Shifted()) as at:
        hold(at)
        file.unlink()
        assert ended_within(at, SECONDS + 6) is not None
        assert "blackout: nobody can say: ical freeze.ics: it cannot be read: No such file or directory" in why(at)


def test_a_namespace_that_names_a_calendar_during_a_hold_ends_it(shop: Ground) -> None:
    always = "calendars: {freeze: [{days: 01-01..12-31}]}\n"
    shop.write(NODES)
    shop.config.write_text(always + shop.config.read_text())
    with house(shop, Shifted()) as at:
        hold(at)
        (node,) = cordoned(shop)
        pods = [pod for pod in shop.server.objects("Pod") if pod["spec"].get("nodeName") == node["metadata"]["name"]]
        harmed = next(pod for pod in pods if pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet")
        label(shop, f"/api/v1/namespaces/{harmed['metadata']['namespace']}", "freeze")
        assert ended_within(at, SECONDS) is not None
        assert "[calendar freeze (01-01..12-31)] named by namespace" in why(at).lower()


def label(shop: Ground, path: str, calendar: str) -> None:
    body = json.dumps({"metadata": {"labels": {"simian-army/calendar": calendar}}}).encode()
    request = urllib.request.Request(f"{shop.server.url}{path}", body, method="PATCH")
    request.add_header("Content-Type", "application/merge-patch+json")
    with urllib.request.urlopen(request, timeout=30):
        pass


@pytest.mark.parametrize("quiet", ["{days: 01-01..12-31}", "{ical: missing.ics}"])
def test_a_fire_that_a_blackout_refused_is_told_once_and_never_made_up_for(shop: Ground, quiet: str) -> None:
    shop.write(NODES, more=f"  blackouts: [{quiet}]\n")
    clock = Shifted()
    with house(shop, clock) as at:
        due = clock.now()
        refused = at.engine.fire(at.entries["nodes"], due)
        assert not refused.taken
        assert len(refused.denied) == 1  # it is final: no other node would fare better
        (told,) = [event for event in at.books.ledger.query() if event.phase == Phase.DENIED]
        assert "blackout" in str(told.data)
    shop.write(NODES)
    with house(shop, clock) as at:
        again = at.engine.fire(at.entries["nodes"], due)
        assert not again.taken
        assert "has fired for" in again.error
        assert next(at.upcoming("nodes", due)) > due
    assert cordoned(shop) == []


def test_check_reads_every_calendar_once_and_says_which_cannot_be_read(shop: Ground) -> None:
    (shop.folder / "freeze.ics").write_bytes(ics())
    (shop.folder / "year.ics").write_bytes(ics("SUMMARY:Whole\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY"))
    shop.write(NODES, more="  blackouts: [{ical: freeze.ics}, {ical: missing.ics}, {calendar: a}, {weekdays: [sat]}]\n")
    calendars = "calendars: {a: [{ical: freeze.ics, weekdays: [sat]}, {ical: year.ics}]}\n"
    shop.config.write_text(calendars + shop.config.read_text())
    with shop.house() as at:
        told = {evidence.detail: evidence.holds for evidence in wiring.calendars_read(at)}
    missing = "it cannot be read: No such file or directory; while it cannot be read nothing begins"
    assert told == {
        "blackout: ical freeze.ics is read, and not quiet now": True,
        f"blackout: ical missing.ics: {missing}": False,
        "blackout: ical year.ics (Whole) is quiet now": True,
    }
