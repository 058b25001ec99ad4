"""What could not be reverted: it stops what is like it, and is closed by force with a word on what is left."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army import wiring
from simian_army.cli import acts
from simian_army.embedded.kube.request import Request
from simian_army.ending import STUCK_AFTER
from simian_army.errors import UsageError
from simian_army.model import AuditEvent, Fault, Phase
from simian_army.outcome import Draw
from simian_army.wiring import House
from tests.flow.ground import Ground
from tests.flow.test_agent import agent_of, at_work

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG_AGO = AT - timedelta(days=400)


@pytest.fixture
def gate(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """While a word is in it, the server refuses every patch of a node with that word, as an admission webhook does."""
    words: list[str] = []
    real = shop.server.answer

    def answer(request: Request) -> tuple[int, Any]:
        if words and request.method == "PATCH" and "/nodes/" in request.path:
            return 403, {"kind": "Status", "message": words[0]}
        return real(request)

    monkeypatch.setattr(shop.server, "answer", answer)
    return words


def stick(house: House, gate: list[str], at: datetime = AT) -> str:
    """Cordon a node, and let every try to give it back fail until that is told; returns the run."""
    outcome = house.engine.fire(house.entries["nodes"], at)
    assert outcome.taken
    gate.append("denied by a webhook")
    house.keeper.end(outcome.run.id, "asked by the test")
    try_again(house, STUCK_AFTER)
    return outcome.run.id


def try_again(house: House, times: int = 1) -> None:
    for _ in range(times):
        for watch in house.keeper._open.values():
            watch.next_try = 0.0
        house.keeper.tick()


def phases(house: House, run: str) -> list[str]:
    return [str(event.phase) for event in house.books.ledger.query(run=run) if event.target]


def denials(house: House, entry: str) -> list[str]:
    at = AT + timedelta(hours=2)
    draws = house.engine.fire(house.entries[entry], at).denied
    return [v.reason for draw in draws for v in draw.verdicts if v.guard == "stuck" and not v.allowed]


def test_nothing_like_it_is_begun_and_the_reason_says_how_to_go_on(shop: Ground, gate: list[str]) -> None:
    with shop.house() as house:
        run = stick(house, gate)
        assert phases(house, run)[-2:] == ["stuck", "judged"]
        why = denials(house, "nodes")
        assert why
        assert f"run {run}: node-cordon on node node-a could not be reverted, stuck since 20" in why[0]
        assert f"`simian revert {run} --force --reason TEXT` closes it" in why[0]
        assert denials(house, "pods") == [], "another kind in another group goes on"


def test_it_stays_stuck_whatever_else_is_told_of_it_and_over_a_restart(shop: Ground, gate: list[str]) -> None:
    with shop.house() as house:
        run = stick(house, gate)
    with shop.house() as house:
        house.recovery.recover()
        assert house.keeper.held(run)
        (left,) = (one for one in house.books.ledger.attempts(LONG_AGO) if one.open)
        assert left.phase is Phase.STUCK
        event = house.books.ledger.open_faults()[0][0]
        told = house.books.scribe.note(
            Phase.OBSERVED, house.keeper.held(run)[0].run, house.keeper.held(run)[0].fault.target
        )
        house.books.ledger.append(told)
        assert [phase for _, phase in house.books.ledger.open_faults()] == [Phase.STUCK]
        (after,) = (one for one in house.books.ledger.attempts(LONG_AGO) if one.open)
        assert after.since == left.since, "since the first word of it"
        assert house.books.ledger.verify() == []
        assert event.target == after.target
        gate.clear()
        try_again(house)
        assert phases(house, run)[-1] == "reverted", "the trying went on, and ended it"
        assert denials(house, "nodes") == []


def test_the_whole_fleet_stops_at_max_stuck(shop: Ground, gate: list[str]) -> None:
    shop.write(more="  max_stuck: 1\n")
    with shop.house() as house:
        stick(house, gate)
        outcome = house.engine.fire(house.entries["pods"], AT + timedelta(hours=2))
        assert not outcome.taken
        assert len(outcome.denied) == 1, "the first no is final"
        why = [v for v in outcome.denied[0].verdicts if v.guard == "stuck"]
        assert why[0].final
        assert "1 faults are stuck, 1 stop the whole fleet (max_stuck)" in why[0].reason


def test_it_is_among_the_limits_asked_inside_the_ledgers_transaction(shop: Ground, gate: list[str]) -> None:
    with shop.house() as house:
        assert [guard.name for guard in house.engine.judge.limits] == [
            "budget",
            "stuck",
            "line",
            "skew",
            "halt",
            "quorum",
        ]
        draw = allowed(house)
        stick(house, gate)
        recent = house.books.ledger.attempts(LONG_AGO)
        denied = [v.guard for v in house.engine.judge.again(draw, recent, None) if not v.allowed]
        assert "stuck" in denied


def allowed(house: House) -> Draw:
    """A fault on a node that every guard allows, as it is just before its intent."""
    entry = house.entries["nodes"]
    found = entry.find()
    proposed = entry.monkey.propose(found, house.engine.dice(house.engine.run(entry, AT)))
    draws = (house.engine.judge.consider(entry, one, found) for one in proposed if isinstance(one, Fault))
    return next(draw for draw in draws if draw.taken)


def closed(house: House, run: str) -> AuditEvent:
    (event,) = house.books.ledger.query(run=run, phase=Phase.CLOSED)
    return event


def test_force_closes_it_reports_what_is_left_and_lets_go(
    shop: Ground, gate: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.house() as house:
        run = stick(house, gate)
        records = list((shop.folder / "simian.records").glob("*.json"))
        assert len(records) == 1
        house.books.lease.give()
        assert acts.revert(shop.config, run, "the webhook is broken", every=False, force=True, as_json=False) == 0
        event = closed(house, run)
        assert event.data["forced"] is True
        assert event.data["author"] == wiring.actor()
        assert event.data["reason"] == "the webhook is broken"
        assert event.data["was"] == "stuck"
        assert house.books.ledger.open_faults() == []
        assert list((shop.folder / "simian.records").glob("*.json")) == [], "the undertaker tries no more either"
        said = capsys.readouterr().out
    assert "closed by force: node-cordon on node node-a, which was stuck" in said
    assert "the effect is still there: cordoned, marked" in said
    assert "spec.unschedulable is true, still as the fault left it; before it was false" in said
    assert "our mark is still on it" in said


def test_force_through_the_running_agent_which_tries_no_more(
    shop: Ground, gate: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.house() as house:
        run = stick(house, gate)
        with at_work(agent_of(house)):
            assert acts.revert(shop.config, run, "given up", every=False, force=True, as_json=True) == 0
            told = json.loads(capsys.readouterr().out)
            assert told["data"]["author"] == wiring.actor()
            assert told["data"]["request"]
            assert "our mark is still on it" in told["data"]["left"]
            assert house.keeper.open() == []
        assert phases(house, run)[-1] == "closed", "and nothing of it was told after that"


def test_what_others_put_back_is_said_to_be_as_before(
    shop: Ground, gate: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.house() as house:
        run = stick(house, gate)
        house.books.lease.give()
        node = shop.node("node-a")
        node["spec"].pop("unschedulable")
        node["metadata"]["annotations"] = {}
        node["metadata"]["labels"].pop("simian-army/held")
        request = Request("PUT", "/api/v1/nodes/node-a", json.dumps(node).encode())
        assert shop.server.answer(request)[0] == 200
        acts.revert(shop.config, run, "somebody did it by hand", every=False, force=True, as_json=False)
    said = capsys.readouterr().out
    assert "the effect is not there: not cordoned, not marked" in said
    assert "spec.unschedulable is as it was before: false" in said
    assert "no mark of ours is on it" in said


def test_a_target_that_is_gone_or_a_platform_that_is_away_is_closed_all_the_same(
    shop: Ground, gate: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop.house() as house:
        run = stick(house, gate)
        monkeypatch.setattr(shop.server, "answer", lambda _: (500, {"message": "etcd is down"}))
        house.forcing.force(run, "ann", "the cluster is lost")
        (line,) = closed(house, run).data["left"]
        assert line.startswith("node node-a could not be looked at: ")
        assert "etcd is down" in line


def test_what_is_stuck_is_closed_first_and_else_whatever_is_open(shop: Ground) -> None:
    with shop.house() as house:
        outcome = house.engine.fire(house.entries["nodes"], AT)
        (event,) = house.forcing.force(outcome.run.id, "ann", "enough")
        assert event.data["was"] != "stuck"
        assert house.keeper.open() == []
        with pytest.raises(Exception, match="holds nothing"):
            house.forcing.force(outcome.run.id, "ann", "again")


@pytest.mark.parametrize(
    ("run", "every", "reason", "words"),
    [("", True, "x", "not --all"), ("abc", False, "", "--reason TEXT"), ("abc", False, " ", "--reason TEXT")],
)
def test_force_without_a_reason_or_with_all_is_refused(
    shop: Ground, run: str, every: bool, reason: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        acts.revert(shop.config, run, reason, every=every, force=True, as_json=False)


def test_a_record_that_cannot_be_read_is_closed_by_force_too(shop: Ground) -> None:
    from dataclasses import replace

    with shop.house() as house:
        broken = house.books.scribe.note(Phase.INTENDED, reason="nobody can read this")
        house.books.ledger.append(replace(broken, run="odd", target="somewhere", leashed=False))
        house.recovery.recover()
        assert [phase for _, phase in house.books.ledger.open_faults()] == [Phase.STUCK]
        assert "a fault that cannot be read" in denials(house, "pods")[0], "doubt: it may be of any kind"
        house.forcing.force("odd", "ann", "looked at by hand")
        assert house.books.ledger.open_faults() == []
        assert denials(house, "nodes") == []
