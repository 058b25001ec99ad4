"""Is what the ledger says of a run told right, and what went otherwise than expected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army.gameday.diary import days_of
from simian_army.gameday.report import markdown
from simian_army.gameday.steps import ANY, HIT, REFUSED
from simian_army.gameday.tale import Tale, told, wrong
from simian_army.model import AuditEvent, Phase

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
END = NOW + timedelta(minutes=5)


def event(phase: Phase, target: str = "uid", at: datetime = NOW, **data: Any) -> AuditEvent:
    about = {"target": {"name": f"pod shop/{target}"}} if target else {}
    return AuditEvent(at, "run", phase, "ann", "pods", target, leashed=False, data={**about, **data})


def intended(hold: float = 300.0, target: str = "uid") -> AuditEvent:
    return event(Phase.INTENDED, target, kind="pod-evict", deadline=END.isoformat(), hold=hold)


def reverted(after: timedelta = timedelta(minutes=5), **data: Any) -> AuditEvent:
    return event(Phase.REVERTED, at=NOW + after, **data)


CLEAN, BAD = event(Phase.JUDGED, outcome="clean"), event(Phase.JUDGED, outcome="bad", detail="3 of 4 are ready")
NOBODY = event(Phase.DENIED, "", taken=0, spared=[{"guard": "opt-in", "reason": "no label", "count": 3}], drawn=[])
CASES: dict[str, tuple[list[AuditEvent], str, str, str]] = {
    "held to its end and clean": ([intended(), reverted(), CLEAN], HIT, "", ""),
    "momentary and clean": ([intended(0), event(Phase.CLOSED), CLEAN], HIT, "", ""),
    "bad": ([intended(), reverted(), BAD], HIT, "bad", "3 of 4 are ready"),
    "bad, whatever was expected": ([intended(), reverted(), BAD], ANY, "bad", "3 of 4 are ready"),
    "given back early": (
        [intended(), reverted(timedelta(minutes=1), why="halted by bob"), CLEAN],
        HIT,
        "cut short",
        "halted by bob",
    ),
    "a second early is in time": ([intended(), reverted(timedelta(minutes=5, seconds=-1)), CLEAN], HIT, "", ""),
    "stuck": ([intended(), event(Phase.STUCK, detail="forbidden")], HIT, "stuck", "could not be reverted: forbidden"),
    "unknown": ([intended(0), event(Phase.UNKNOWN, detail="no answer"), BAD], HIT, "unknown", "no answer"),
    "refused": ([NOBODY], HIT, "refused", "3 spared by opt-in: no label"),
    "refused as expected": ([NOBODY], REFUSED, "", ""),
    "refused, which may be": ([NOBODY], ANY, "", ""),
    "hit where it was to be refused": ([intended(), reverted(), CLEAN], REFUSED, "hit", "struck pod shop/uid"),
    "withdrawn at the last moment": (
        [intended(), event(Phase.DENIED, reason="the lease is lost"), NOBODY],
        HIT,
        "refused",
        "opt-in",
    ),
    "leashed": ([event(Phase.SKIPPED, reason="leashed")], HIT, "", ""),
    "leashed where it was to be refused": ([event(Phase.SKIPPED, reason="leashed")], REFUSED, "hit", "pod shop/uid"),
    "skipped as a whole": ([event(Phase.SKIPPED, "", reason="no monkey")], HIT, "failed", "no monkey"),
    "a platform that is away": ([event(Phase.FAILED, "", error="away")], REFUSED, "failed", "away"),
    "nobody approved": (
        [event(Phase.PENDING, approve="kubectl"), event(Phase.DENIED, reason="nobody approved it")],
        HIT,
        "refused",
        "nobody approved it",
    ),
    "only looked": ([event(Phase.DENIED, "", taken=0, reports=True)], HIT, "", ""),
}


@pytest.mark.parametrize("words", CASES)
def test_what_went_otherwise_than_expected_is_told(words: str) -> None:
    events, expect, word, why = CASES[words]
    said = wrong(told(events, said=True), expect)
    assert said[0] == word
    assert why in said[1]


@pytest.mark.parametrize(
    ("events", "said", "over"),
    [
        ([intended()], True, False),
        ([intended(), reverted()], True, False),
        ([intended(), reverted(), CLEAN], True, True),
        ([intended(), reverted(), CLEAN], False, False),
        ([intended(0), BAD], True, True),
        ([intended(), event(Phase.STUCK)], True, True),
        ([NOBODY], False, True),
        ([event(Phase.PENDING, "a", approve="x"), NOBODY], True, False),
        ([event(Phase.PENDING, "uid"), intended(), reverted(), CLEAN], True, True),
        ([intended(), intended(target="b"), reverted(), CLEAN], True, False),
    ],
)
def test_a_run_is_over_when_all_of_it_is(events: list[AuditEvent], said: bool, over: bool) -> None:
    assert told(events, said=said).over is over


def test_a_run_of_which_nobody_knows_whether_it_is_whole_was_cut_short() -> None:
    assert Tale().cut_short
    assert told([intended()]).cut_short
    assert not told([intended()], said=True).cut_short
    assert told([intended(), reverted(timedelta(minutes=1))], said=True).cut_short


def day(what: str, at: int, **data: Any) -> AuditEvent:
    said = {"what": what, **data}
    return AuditEvent(NOW + timedelta(seconds=at), "day-1", Phase.GAMEDAY, "ann", data=said)


def test_a_day_is_as_its_events_say() -> None:
    (found,) = days_of(
        [
            day("begun", 0, digest="d", file="f", name="n", steps=2),
            day("step", 1, number=1, firing="r1"),
            day("fired", 2, number=1),
            day("ended", 3, number=1, state="done", why=""),
            day("step", 4, number=2, firing="r2"),
            day("fired", 4, number=2),
            day("begun", 5, digest="d", again=True),
            day("step", 6, number=2, firing="r3"),
        ]
    )
    assert (found.digest, found.file, found.by, found.resumed, found.result) == ("d", "f", "ann", 1, "")
    assert (found.pages[1].state, found.pages[1].run) == ("done", "r1")
    assert (found.pages[2].state, found.pages[2].runs, found.pages[2].fired) == ("", ["r2", "r3"], False)


def test_a_report_breaks_no_table_whatever_names_say() -> None:
    step = {
        "number": 1,
        "name": "a | b\nc",
        "what": "w",
        "expect": "hit",
        "state": "done",
        "why": "",
        "runs": [],
        "hits": [],
    }
    rest: dict[str, Any] = {
        "begun": None,
        "ended": None,
        "would_hit": [],
        "refused": [],
        "spared": [],
        "leashed": False,
    }
    head = {
        "name": "n",
        "result": "done",
        "why": "",
        "gameday": "g",
        "fleet": "f",
        "by": "b",
        "file": "x",
        "digest": "d",
    }
    text = markdown({**head, "begun": None, "ended": None, "resumed": 2, "steps": [{**step, **rest}]})
    (row,) = (line for line in text.splitlines() if line.startswith("| 1"))
    assert row.replace("\\|", "").count("|") == 8
    assert "broken off and resumed 2 times" in text
