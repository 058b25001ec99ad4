"""Is the fleet halted if any source says so, and is doubt a halt: at once for what is new, later for what is held."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.clock import SystemClock
from simian_army.halts.halts import Halts, in_a_thread
from simian_army.halts.sources import Broken
from simian_army.halts.state import INTEREST, TIMEOUT
from tests.cluster.waiting import BUSY
from tests.halts.fakes import Saying, away, joined
from tests.simian_army.fakes import FakeClock

SHOP = frozenset({"shop"})
CLOCK = SystemClock()


@pytest.mark.parametrize("which", list(product([False, True], repeat=3)))
def test_the_fleet_is_halted_if_any_source_says_so(which: tuple[bool, ...]) -> None:
    sources = [Saying(name) for name in ("ledger", "file", "configmap")]
    for source, says in zip(sources, which, strict=True):
        if says:
            source.halt(f"by the {source.name}")
    halt = joined(*sources).look().halt
    assert bool(halt) is any(which)
    if halt:
        assert halt.reason == f"by the {sources[which.index(True)].name}"


@pytest.mark.parametrize("error", [away(), ValueError("garbage"), RecursionError("deep"), OSError(5, "I/O error")])
def test_a_source_that_breaks_however_is_a_doubt_that_names_it_and_the_error(error: Exception) -> None:
    halt = joined(Saying("ledger"), Saying("file", breaks=error)).look().halt
    assert halt is not None
    assert halt.doubt
    assert halt.reason.startswith("whether the file halts cannot be told: ")
    assert str(error) in halt.reason


def test_a_halt_that_is_known_says_more_than_a_doubt() -> None:
    told = Saying("file")
    told.halt()
    halt = joined(Saying("ledger", breaks=away()), told).look().halt
    assert halt is not None and not halt.doubt and halt.reason == "incident 7"


def test_what_a_source_said_stays_in_force_while_it_cannot_be_read() -> None:
    source = Saying()
    source.halt()
    halts = joined(source)
    halts.look()
    source.breaks = away()
    halts.look()
    halt = halts.known(patience=30).halt
    assert halt is not None and halt.reason == "incident 7"


@given(st.lists(st.tuples(st.floats(0.1, 20), st.booleans()), max_size=12))
def test_a_doubt_lasts_from_the_first_failing_read_to_the_first_good_one(steps: list[tuple[float, bool]]) -> None:
    clock, source = FakeClock(), Saying(every=0.0)
    halts = joined(source, clock=clock)
    broken_since: float | None = None
    for seconds, broken in steps:
        source.breaks = away() if broken else None
        halts.watch()
        broken_since = None if not broken else clock.ticks if broken_since is None else broken_since
        clock.advance(seconds)
        for patience in (0.0, 10.0, 30.0):
            expected = broken_since is not None and clock.ticks - broken_since >= patience
            assert bool(halts.known(patience=patience).halt) is expected


def test_one_source_that_hangs_keeps_back_no_other_and_is_a_doubt_in_time() -> None:
    end = threading.Event()
    slow, quick = Saying("file", hangs=end), Saying("configmap", every=0.0)
    clock = FakeClock()
    halts = joined(slow, quick, clock=clock, spawn=in_a_thread)
    try:
        halts.watch()
        assert _soon(lambda: len(quick.reads) == 1 and not halts._states[1].under_way)
        clock.advance(TIMEOUT - 1)
        assert _said(halts) == ""
        quick.halt()
        clock.advance(2)
        assert _soon(lambda: _seen(halts) == "incident 7")
        quick.says.clear()
        assert _soon(lambda: "no answer within 5 s" in _seen(halts))
        assert len(slow.reads) == 1, "it is not asked a second time before it answered"
        clock.advance(30)
        assert "no answer within 5 s" in _said(halts, patience=30)
    finally:
        end.set()
    assert _soon(lambda: _said(halts) == ""), "it answered: there is no doubt any more"


def _said(halts: Halts, patience: float = 0.0) -> str:
    halt = halts.known(patience=patience).halt
    return halt.reason if halt else ""


def _seen(halts: Halts) -> str:
    """What is known, once one more look has begun: the one before may not be over yet."""
    halts.watch()
    return _said(halts)


def _soon(true: Callable[[], bool], seconds: float = 30) -> bool:
    ends = CLOCK.monotonic() + seconds
    while CLOCK.monotonic() < ends:
        if true():
            return True
        threading.Event().wait(0.01)
    return False


@pytest.mark.slow
def test_a_look_waits_for_nobody_beyond_its_timeout() -> None:
    end = threading.Event()
    halts = joined(Saying(hangs=end), clock=SystemClock(), spawn=in_a_thread)
    begun = CLOCK.monotonic()
    try:
        halt = halts.look().halt
        took = CLOCK.monotonic() - begun
        assert halt is not None and "no answer within 5 s" in halt.reason
        assert TIMEOUT <= took < TIMEOUT + 1 + BUSY
    finally:
        end.set()
        halts.close()


def test_a_team_halts_its_own_scope_and_no_other() -> None:
    teams = Saying("namespaces", platform="kubernetes")
    teams.halt("ours", "shop")
    halts = joined(teams)
    mine, others = halts.look("kubernetes", SHOP), halts.look("kubernetes", {"bank"})
    assert mine.halt is None and mine.over("shop") is not None and mine.over("bank") is None
    assert others.halt is None and others.teams == ()
    assert halts.look("aws", SHOP).teams == (), "a scope of another platform only has the same name"
    assert halts.look().teams == ()


def test_only_the_scopes_somebody_asks_for_are_read_in_one_read_and_only_so_long() -> None:
    clock, teams = FakeClock(), Saying("namespaces", platform="kubernetes")
    halts = joined(teams, clock=clock)
    halts.watch()
    assert teams.reads == []
    halts.known("kubernetes", {"shop", "bank"})
    halts.watch()
    assert teams.reads == [frozenset({"shop", "bank"})]
    halts.watch()
    assert len(teams.reads) == 1, "not before its time"
    clock.advance(INTEREST + 1)
    halts.watch()
    assert len(teams.reads) == 1


def test_a_doubt_about_one_scope_is_no_final_word_for_the_others() -> None:
    teams = Saying("namespaces", platform="kubernetes", breaks=away())
    halt = joined(teams).look("kubernetes", SHOP).halt
    assert halt is not None and halt.doubt and halt.scope == "shop"


def test_what_cannot_be_asked_at_all_is_a_doubt_until_it_is_mended() -> None:
    halt = joined(Broken("configmap", "the configmap", "set halt.namespace")).look().halt
    assert halt is not None and halt.doubt and "set halt.namespace" in halt.reason


def test_a_survey_asks_for_everything_there_is() -> None:
    file, teams = Saying("file", breaks=away()), Saying("namespaces", platform="kubernetes")
    teams.halt("ours", "shop")
    said = {one.source.name: one for one in joined(file, teams).survey()}
    assert said["file"].trouble == "the disk is gone"
    assert [halt.scope for halt in said["namespaces"].halts] == ["shop"]
    assert teams.reads == [None]


def test_a_close_waits_for_what_is_being_read_and_reads_nothing_more() -> None:
    end, source = threading.Event(), Saying()
    source.hangs = end
    halts = joined(source, clock=SystemClock(), spawn=in_a_thread)
    halts.watch()
    assert _soon(lambda: len(source.reads) == 1)
    threading.Timer(0.2, end.set).start()
    halts.close()
    assert end.is_set()
    assert halts.look().halt is not None, "who asks a closed one is told no"
    assert len(source.reads) == 1
