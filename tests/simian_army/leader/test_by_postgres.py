"""What a database server may do to a leader."""

from __future__ import annotations

import pytest

from simian_army.errors import LedgerError, NotLeader
from simian_army.leader import Leader
from simian_army.leader.by_postgres import PostgresSeat
from tests.cluster.postgres import PASSWORD, Postgres
from tests.cluster.waiting import BUSY, pause, until
from tests.simian_army.leader.grounds import CLOCK


def leader(url: str, who: str = "me@here", fleet: str = "shop", duration: float = 3.0) -> Leader:
    return Leader(PostgresSeat(url, fleet, who, CLOCK, duration, 0.5), CLOCK, duration, 0.6)


def test_a_session_that_the_server_ends_is_noticed_at_the_next_question(postgres: Postgres) -> None:
    mine = leader(postgres.database(), duration=9.0)
    mine.take()
    mine.every = 60
    assert mine.left() > 0
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    begun = CLOCK.monotonic()
    until("the end to be noticed", lambda: mine.left() == 0.0, 30, 0.001)
    assert CLOCK.monotonic() - begun < 0.3 + BUSY, "long before it would have run out"
    until("it to be ours again", mine.try_take, 30)
    mine.give()


def test_a_changed_setting_of_which_the_server_tells_its_clients_costs_no_lease(postgres: Postgres) -> None:
    mine = leader(postgres.database(), duration=9.0)
    mine.take()
    try:
        postgres.run("ALTER SYSTEM SET intervalstyle = 'iso_8601'", "SELECT pg_reload_conf()")
        for _ in range(100):
            assert mine.left() > 0
            pause(0.01)
    finally:
        postgres.run("ALTER SYSTEM RESET intervalstyle", "SELECT pg_reload_conf()")
    mine.give()


def test_a_server_that_hangs_lets_the_time_run_out_and_keeps_nobody_waiting(postgres: Postgres) -> None:
    mine = leader(postgres.database())
    mine.take()
    postgres.freeze()
    try:
        begun = CLOCK.monotonic()
        until("the time to run out", lambda: mine.left() == 0.0, 30, 0.01)
        assert CLOCK.monotonic() - begun < 3.1 + BUSY
        begun = CLOCK.monotonic()
        assert not mine.try_take()
        assert CLOCK.monotonic() - begun < 3.0 + BUSY
        assert mine.trouble
    finally:
        postgres.thaw()
    until("it to be ours again", mine.try_take, 30)
    mine.give()


@pytest.mark.slow
def test_on_a_server_that_just_started_nobody_takes_what_a_living_holder_may_believe_in(postgres: Postgres) -> None:
    url = postgres.database()
    mine, yours = leader(url, duration=9.0), leader(url, "you@there", duration=9.0)
    mine.take()
    postgres.kill()
    until("the end to be noticed", lambda: mine.left() == 0.0, 5, 0.001)
    begun = CLOCK.monotonic()
    postgres.start()
    assert not yours.try_take()
    until("the next to have it", yours.try_take, 60, 0.05)
    assert 8.9 <= CLOCK.monotonic() - begun < 12 + BUSY
    yours.give()
    mine.give()


def test_fleets_in_one_database_do_not_keep_each_other_out(postgres: Postgres) -> None:
    url = postgres.database()
    one, two = leader(url, fleet="one"), leader(url, fleet="two")
    one.take()
    two.take()
    assert one.left() > 0 and two.left() > 0
    one.give()
    two.give()


def test_what_cannot_be_reached_is_told_with_its_fix_and_without_its_password() -> None:
    mine = leader(f"postgresql://boss:{PASSWORD}@127.0.0.1:1/none?sslmode=prefer")
    with pytest.raises(NotLeader, match="is the ledger's server up") as told:
        mine.take()
    with pytest.raises(LedgerError) as looked:
        mine.held_by_anyone()
    assert PASSWORD not in f"{told.value!r} {looked.value!r} {mine!r}"
    mine.give()
