"""Where is a fault due, and what does that change of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.contract import Ledger
from simian_army.due import FIRST, NAMED, OPTED_IN, Due, Dues, OptIns
from simian_army.model import AuditEvent, Fault, Finding, Phase, Target
from simian_army.standing import Attempt
from tests.safety.scenes import NOW, WEB, attempt, node, pod

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
API = "shop/Deployment/api"
TROOP = [pod("web-1"), pod("api-1", group=API)]


@dataclass
class Book:
    """A ledger that holds these events and attempts, and counts what is read."""

    events: list[AuditEvent] = field(default_factory=list)
    tried: list[Attempt] = field(default_factory=list)
    read: int = 0

    def query(self, *, phase: str, after: int) -> Iterable[AuditEvent]:
        found = [event for event in self.events if event.phase == phase and event.seq > after]
        self.read += len(found)
        return found

    def attempts(self, since: datetime) -> list[Attempt]:
        return [one for one in self.tried if one.open or one.at >= since]

    def opt_in(self, group: str, ago: timedelta, rule: str = OPTED_IN) -> None:
        data = {"rule": rule, "group": group}
        seq = len(self.events) + 1
        self.events.append(AuditEvent(NOW - ago, "r", Phase.FOUND, "me", data=data, seq=seq))


def due(book: Book, spell: timedelta | None = 14 * DAY, **monkeys: timedelta) -> dict[str, str]:
    ledger = cast("Ledger", book)
    return dict(Dues(ledger, OptIns(ledger), spell, monkeys).among("pods", TROOP, NOW).groups)


def opted(web: timedelta = 20 * DAY) -> Book:
    book = Book()
    book.opt_in(WEB, web)
    return book


def test_a_group_is_due_from_the_moment_on_that_its_quiet_time_is_over() -> None:
    assert due(opted(14 * DAY)) == {WEB: "opted in since 2026-02-18 12:00 UTC, no fault for 14 d (due_after)"}
    assert due(opted(14 * DAY - SECOND)) == {}


def test_a_group_whose_opting_in_nobody_saw_is_not_due() -> None:
    assert API not in due(opted())
    assert due(Book()) == {}


def test_a_finding_of_another_rule_is_no_opting_in_and_the_first_time_counts() -> None:
    book = Book()
    book.opt_in(API, 99 * DAY, rule="replicas")
    book.opt_in(WEB, 15 * DAY)
    book.opt_in(WEB, 1 * DAY)
    assert set(due(book)) == {WEB}


def test_a_fault_within_the_time_puts_it_off_and_its_end_does_not_count() -> None:
    book = opted()
    book.tried = [attempt(ago=14 * DAY - SECOND)]
    assert due(book) == {}
    book.tried = [attempt(ago=14 * DAY)]
    assert set(due(book)) == {WEB}


def test_a_fault_that_is_still_open_puts_it_off_and_one_that_was_denied_or_struck_another_group_does_not() -> None:
    book = opted()
    book.tried = [attempt(ago=15 * DAY, phase=Phase.INJECTED, still=True)]
    assert due(book) == {}
    book.tried = [attempt(ago=DAY, phase=Phase.DENIED), attempt("x", API, DAY)]
    assert set(due(book)) == {WEB}


def test_a_monkeys_own_word_counts_its_own_faults_and_the_fleets_those_of_all() -> None:
    book = opted()
    book.tried = [replace(attempt(ago=DAY), entry="late")]
    assert due(book) == {}
    assert due(book, None, pods=7 * DAY) == {
        WEB: "opted in since 2026-02-12 12:00 UTC, no fault of pods for 7 d (due_after)"
    }
    assert due(book, None, late=7 * DAY) == {}
    book.tried = [attempt(ago=DAY)]
    assert due(book, None, pods=7 * DAY) == {}


def test_what_has_no_group_and_what_is_not_eligible_is_never_due() -> None:
    book = opted()
    book.opt_in("", 99 * DAY)
    book.opt_in("shop/Deployment/gone", 99 * DAY)
    dues = Dues(cast("Ledger", book), OptIns(cast("Ledger", book)), DAY)
    assert dues.among("pods", [node()], NOW).groups == {}
    assert set(dues.among("pods", TROOP, NOW).groups) == {WEB}


def test_without_the_word_nothing_is_due_and_nobody_reads_the_ledger() -> None:
    book = opted(99 * DAY)
    assert due(book, None) == {}
    assert book.read == 0


def test_what_was_read_is_not_read_again() -> None:
    book = opted()
    opts = OptIns(cast("Ledger", book))
    assert opts.opted_in_since(WEB) == NOW - 20 * DAY
    assert opts.opted_in_since(API) is None
    assert book.read == 1
    book.opt_in(API, timedelta(0))
    assert opts.opted_in_since(API) == NOW
    assert book.read == 2


def faults(*targets: Target) -> list[Fault | Finding]:
    return [Fault("pod-evict", target) for target in targets]


def names(proposals: Iterable[Fault | Finding]) -> list[str]:
    return [one.target.name for one in proposals]


WEBS = [pod(f"web-{number}") for number in range(3)]
APIS = [pod(f"api-{number}", group=API) for number in range(3)]
FARS = [pod(f"far-{number}", group="far") for number in range(3)]


def test_of_each_group_that_is_due_one_is_drawn_in_turn_before_all_others() -> None:
    drawn = faults(FARS[0], WEBS[0], WEBS[1], APIS[0], FARS[1], APIS[1], WEBS[2])
    ordered = names(Due({WEB: "", API: ""}).first(drawn, 1))
    assert ordered == ["web-0", "api-0", "web-1", "api-1", "web-2", "far-0", "far-1"]


@pytest.mark.parametrize(("asked", "wanted"), [(0, 1), (1, 1), (5, 5)])
def test_at_least_one_is_wanted_where_something_is_due(asked: int, wanted: int) -> None:
    assert Due({WEB: ""}).want(asked) == wanted
    assert Due().want(asked) == asked


def test_a_mode_that_drew_none_strikes_nothing_but_what_is_due() -> None:
    drawn = faults(FARS[0], WEBS[0], APIS[0])
    assert names(Due({WEB: ""}).first(drawn, 0)) == ["web-0"]
    assert names(Due().first(drawn, 0)) == ["far-0", "web-0", "api-0"]


def test_a_large_group_that_is_due_and_that_nobody_may_strike_keeps_nobody_back() -> None:
    many = [pod(f"web-{number}") for number in range(FIRST + 10)]
    ordered = names(Due({WEB: ""}).first(faults(FARS[0], *many), 1))
    assert ordered[:FIRST] == names(faults(*many[:FIRST]))
    assert ordered[FIRST:] == ["far-0", *names(faults(*many[FIRST:]))]


@given(st.lists(st.sampled_from([*WEBS, *APIS, *FARS])), st.sets(st.sampled_from([WEB, API, "x"])), st.integers(1, 3))
def test_nobody_is_lost_and_nobody_else_changes_places(troop: list[Target], groups: set[str], want: int) -> None:
    drawn = faults(*troop)
    ordered: list[Any] = list(Due(dict.fromkeys(groups, "")).first(drawn, want))
    assert sorted(names(ordered)) == sorted(names(drawn))
    others = [one for one in ordered if one.target.group not in groups]
    assert others == [one for one in drawn if one.target.group not in groups]
    assert ordered[len(ordered) - len(others) :] == others


def test_an_event_tells_the_first_groups_by_name_and_how_many_more_there_are() -> None:
    assert Due({WEB: "", API: ""}).named() == [API, WEB]
    many = {f"shop/Deployment/w{number:03}": "" for number in range(NAMED + 5)}
    assert Due(many).named()[-2:] == [f"shop/Deployment/w{NAMED - 1:03}", "5 more"]
