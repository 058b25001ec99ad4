"""Does the ledger remember what is not judged and which lines are stopped, for however long, and see a forged word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import given
from hypothesis import strategies as st

from simian_army.audit import schema
from simian_army.audit.ledger import SqlLedger
from simian_army.audit.lines import Places, moved
from simian_army.model import AuditEvent, Halt, Phase, Verdict
from simian_army.records import LIMIT
from simian_army.standing import Attempt
from tests.audit.places import NOW, File, Place, intent, note, opened

LONG_AGO = NOW - timedelta(days=400)


def begun(target: str = "a", run: str = "r1") -> AuditEvent:
    event = intent(target, run)
    return note(Phase.INTENDED, run, target, data={**event.data, LIMIT: 300.0})


def judged(outcome: str, target: str = "a", run: str = "r1", **more: object) -> AuditEvent:
    data = {"outcome": outcome, "detail": "1 of 4 ready", "group": "g", "kind": "pod-evict"}
    return note(Phase.JUDGED, run, target, key=f"judged/{run}/{target}", data=data, **more)


def stopped(ledger: SqlLedger) -> list[tuple[str, str, str]]:
    """Run, target and outcome of whatever stops a line, as attempts since the far future tell."""
    found = ledger.attempts(NOW + timedelta(days=9999))
    return [(a.run, a.target, a.line.outcome) for a in found if a.line]


def waiting(ledger: SqlLedger) -> list[tuple[str, str | None]]:
    return [(event.target, str(ended.phase) if ended else None) for event, ended in ledger.unjudged()]


def test_what_is_begun_waits_for_its_outcome_with_what_ended_it(place: Place) -> None:
    with opened(place) as ledger:
        ledger.append(begun("a"), begun("b"), begun("c"), begun("d"))
        assert waiting(ledger) == [("a", None), ("b", None), ("c", None), ("d", None)]
        ledger.append(note(Phase.REVERTED, target="a"), note(Phase.STUCK, target="b"), note(Phase.DENIED, target="c"))
        assert waiting(ledger) == [("a", "reverted"), ("b", "stuck"), ("d", None)]
        ledger.append(judged("clean", "a"))
        assert waiting(ledger) == [("b", "stuck"), ("d", None)]
        assert ledger.verify() == []


def test_what_was_begun_without_a_limit_is_never_judged_and_a_leashed_one_neither(place: Place) -> None:
    with opened(place) as ledger:
        ledger.append(intent("old"))
        ledger.append(note(Phase.INTENDED, "r2", "leashed", leashed=True, data={LIMIT: 300.0}))
        assert waiting(ledger) == []


def test_a_bad_outcome_stops_its_line_beyond_any_look_back_until_it_is_analysed(place: Place) -> None:
    with opened(place) as ledger:
        old = note(Phase.INTENDED, "r1", "a", at=LONG_AGO, data=begun().data)
        ledger.append(old, note(Phase.CLOSED, target="a", at=LONG_AGO), judged("bad", at=LONG_AGO))
    with opened(place) as ledger:
        assert stopped(ledger) == [("r1", "a", "1 of 4 ready")]
        (attempt,) = ledger.attempts(NOW - timedelta(days=8))
        assert (attempt.group, attempt.kind, attempt.at) == ("g", "pod-evict", LONG_AGO)
        assert attempt.line and attempt.line.since == LONG_AGO
        ledger.append(note(Phase.ANALYSED, "another"))
        assert stopped(ledger) != []
        ledger.append(note(Phase.ANALYSED, "r1"))
        assert stopped(ledger) == []
        assert list(ledger.attempts(NOW - timedelta(days=8))) == []
        assert ledger.verify() == []


def test_a_stopped_line_is_seen_inside_the_transaction_too(place: Place) -> None:
    seen: list[Attempt] = []

    def recheck(recent: Sequence[Attempt], _halt: Halt | None) -> list[Verdict]:
        seen.extend(recent)
        return []

    with opened(place) as ledger:
        ledger.append(note(Phase.INTENDED, "r1", "a", at=LONG_AGO, data=begun().data))
        ledger.append(note(Phase.CLOSED, target="a", at=LONG_AGO), judged("bad", at=LONG_AGO))
        ledger.reserve(begun("b", "r2"), recheck)
        assert [attempt.run for attempt in seen if attempt.line] == ["r1"]


def test_a_bad_outcome_of_what_the_ledger_never_saw_begin_stops_its_line_too(place: Place) -> None:
    with opened(place) as ledger:
        ledger.append(judged("bad", "orphan", "strange"))
        (attempt,) = (a for a in ledger.attempts(NOW + timedelta(days=1)) if a.line)
        assert (attempt.run, attempt.group, attempt.kind) == ("strange", "g", "pod-evict")


def test_an_outcome_nobody_knows_is_a_bad_one(place: Place) -> None:
    with opened(place) as ledger:
        ledger.append(begun(), judged("fine, trust me"))
        assert len(stopped(ledger)) == 1


def test_an_outcome_is_no_phase_of_an_open_fault(place: Place) -> None:
    with opened(place) as ledger:
        ledger.append(begun(), note(Phase.INJECTED, target="a"), judged("bad"))
        assert [phase for _, phase in ledger.open_faults()] == [Phase.INJECTED]
        assert ledger.verify() == []


@pytest.mark.parametrize(
    "forgery",
    ["DELETE FROM lines", "UPDATE lines SET judged = 0", "INSERT INTO lines VALUES ('r9', 'x', 1, 2)"],
)
def test_a_line_that_is_not_as_the_events_say_is_found(place: Place, forgery: str) -> None:
    with opened(place) as ledger:
        ledger.append(begun(), note(Phase.CLOSED, target="a"), judged("bad"))
        assert ledger.verify() == []
    place.raw(forgery)
    with opened(place) as ledger:
        (said,) = ledger.verify()
        assert said.startswith("lines: run r")
        assert said.endswith("is not as the events say")


def test_a_ledger_of_the_version_before_is_brought_on_and_nothing_in_it_is_judged(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade
    with monkeypatch.context() as before:
        before.setattr(schema, "NEWEST", "0001")
        before.setattr(command, "upgrade", lambda config, _to: upgrade(config, "0001"))
        with opened(place) as ledger, ledger.store.engine.connect() as plain:
            assert not sa.inspect(plain).has_table("lines")
    with opened(place) as ledger:
        assert waiting(ledger) == []
        ledger.append(begun(), note(Phase.CLOSED, target="a"), judged("bad"))
        assert len(stopped(ledger)) == 1
        assert ledger.verify() == []


steps = st.sampled_from([Phase.INTENDED, Phase.DENIED, Phase.REVERTED, Phase.STUCK, Phase.JUDGED, Phase.ANALYSED])


@given(st.lists(st.tuples(steps, st.sampled_from("ab"), st.sampled_from(["r1", "r2"]), st.booleans()), max_size=25))
def test_the_fold_is_the_rule(story: list[tuple[Phase, str, str, bool]]) -> None:
    fold: Places = {}
    begun_of: Counter[tuple[str, str]] = Counter()
    state: dict[tuple[str, str], str] = {}
    for seq, (phase, target, run, clean) in enumerate(story, 1):
        data = {LIMIT: 300} if phase is Phase.INTENDED else {"outcome": "clean" if clean else "bad"}
        moved(fold, note(phase, run, "" if phase is Phase.ANALYSED else target, seq=seq, data=data))
        here = (run, target)
        if phase is Phase.INTENDED:
            begun_of[here], state[here] = seq, "due"
        elif phase is Phase.ANALYSED:
            state = {key: said for key, said in state.items() if key[0] != run or said == "due"}
        elif phase in (Phase.DENIED, Phase.JUDGED):
            state.pop(here, None)
            state |= {here: "stopped"} if phase is Phase.JUDGED and not clean else {}
        assert {key: "stopped" if judged_at else "due" for key, (_, judged_at) in fold.items()} == state


def test_the_table_follows_the_fold_when_written_one_by_one(file: Path) -> None:
    place = File(file)
    with opened(place) as ledger:
        for number in range(30):
            ledger.append(begun(f"t{number}", f"r{number % 3}"))
            ledger.append(note(Phase.CLOSED, f"r{number % 3}", f"t{number}"))
            ledger.append(judged("bad" if number % 2 else "clean", f"t{number}", f"r{number % 3}"))
        ledger.append(note(Phase.ANALYSED, "r1"))
        assert len(stopped(ledger)) == 10
        assert ledger.verify() == []
