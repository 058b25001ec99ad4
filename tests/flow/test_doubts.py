"""What breaks on the way: nothing is left open, nobody else is kept back, and doubt means no."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest

from simian_army import plugins
from simian_army.errors import Refused
from simian_army.explain import forecast
from simian_army.model import Phase
from simian_army.plugins import found
from tests.flow.ground import Ground

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_mark_that_does_not_fit_leaves_no_intent_open(shop: Ground) -> None:
    def too_large(*_: Any) -> Any:
        raise Refused("its mark would have 9000 bytes")

    with shop.house() as house:
        engine = replace(house.engine, sign=too_large)
        outcome = engine.fire(house.entries["nodes"], AT)
        assert not outcome.taken
        assert any("9000 bytes" in verdict.reason for draw in outcome.denied for verdict in draw.verdicts)
        assert house.books.ledger.open_faults() == []
    assert shop.writes() == []


def test_a_record_that_cannot_be_read_keeps_no_other_back(shop: Ground) -> None:
    # of what nobody can read nobody knows the group: it may be another node, so there has to be room for two
    shop.config.write_text(shop.config.read_text().replace("max_percent: 100", "max_percent: 100, per_group: 2"))
    with shop.house() as house:
        books = house.books
        broken = books.scribe.note(Phase.INTENDED, reason="nobody can read this")
        books.ledger.append(replace(broken, run="odd", target="somewhere", leashed=False))
        held = house.engine.fire(house.entries["nodes"], AT)
        assert held.taken
    with shop.house() as house:
        assert house.recovery.recover() == 2
        assert len(house.keeper.held()) == 1
        (stuck,) = house.books.ledger.query(phase=Phase.STUCK)
        assert "cannot be read" in stuck.data["detail"]


def test_a_wall_clock_set_back_while_nobody_ran_lengthens_no_hold(shop: Ground) -> None:
    class Back:
        def __init__(self, real: Any) -> None:
            self._real = real

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

        def now(self) -> datetime:
            return self._real.now() - timedelta(days=3)  # type: ignore[no-any-return]

    with shop.house() as house:
        assert house.engine.fire(house.entries["nodes"], AT).taken
    with shop.house() as house:
        clock = Back(house.books.clock)
        replace(house.recovery, clock=clock).recover()
        (held,) = house.keeper.held()
        assert held.until - house.books.clock.monotonic() <= 3600


def test_a_configured_guard_that_cannot_be_loaded_denies_everything_and_reverts_go_on(
    shop: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop.house() as house:
        assert house.engine.fire(house.entries["nodes"], AT).taken
    real: Any = entry_points
    bad = EntryPoint("strict", "no_such_module:Guard", plugins.KINDS["guard"])
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [*real(group=group), *([bad] if bad.group == group else [])]
    )
    found.cache_clear()
    try:
        shop.write(more="  guards: [{use: strict}]\n")
        with shop.house() as house:
            outcome = house.engine.fire(house.entries["pods"], AT)
            assert not outcome.taken
            said = [v.reason for v in outcome.denied[0].verdicts if v.guard == "strict"]
            assert "cannot be loaded: ModuleNotFoundError" in said[0]
            assert house.recovery.recover() == 1
            assert house.keeper.held(), "what is held is taken up and reverted all the same"
    finally:
        found.cache_clear()


def test_a_guard_of_another_takes_the_place_of_none_of_ours(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = entry_points
    twin = EntryPoint("mine", "tests.flow.twin:Budget", plugins.KINDS["guard"])
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [*real(group=group), *([twin] if twin.group == group else [])]
    )
    found.cache_clear()
    try:
        shop.write(more="  guards: [{use: mine}]\n")
        with shop.house() as house:
            assert type(house.engine.judge.limits[0]).__module__ == "safety.budget"
    finally:
        found.cache_clear()


def test_a_forecast_asks_the_windows_at_the_time_of_the_fire_not_now(shop: Ground) -> None:
    shop.write(more='  blackouts: [{dates: "2026-12-24..2026-12-26"}]\n')
    with shop.house(leashed=True) as house:
        entry = house.entries["pods"]
        found = list(entry.find())
        open_day = forecast(house.engine, entry, AT.replace(month=12, day=23), found)
        quiet_day = forecast(house.engine, entry, AT.replace(month=12, day=24), found)
    assert open_day.hit
    assert not quiet_day.hit
    assert any(v.guard == "blackout" and not v.allowed for v in quiet_day.refused[0].verdicts)
