"""Does a notice say what one must know, and nothing that a tenant wrote as anything but plain text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.model import AuditEvent, Phase
from simian_army.notice import Notice
from simian_army.notices.telling import Line, Telling, is_quiet
from simian_army.notices.words import LONGEST, MARKUP, TITLE, notice_of, plain

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def event(phase: Phase = Phase.STUCK, **data: Any) -> AuditEvent:
    about = {"target": {"platform": "kubernetes", "kind": "node", "name": "node worker-1"}, "kind": "node-cordon"}
    return AuditEvent(AT, "abc123", phase, "ann@host", "nodes", "uid-1", leashed=False, data={**about, **data})


def whole(phase: Phase) -> AuditEvent:
    return AuditEvent(AT, "", phase, "ann@host", leashed=False, data={"reason": "incident 7", "source": "cli"})


def test_stuck_names_fleet_run_target_what_happened_and_what_to_do_next() -> None:
    told = notice_of(event(detail="the node is not reachable", tries=6), "shop-eu")
    assert told.title == "(shop-eu) STUCK: node-cordon on node worker-1 could not be reverted"
    for word in ("shop-eu", "abc123", "node worker-1", "the node is not reachable", "after 6 tries", "`simian status`"):
        assert word in told.body
    assert "`simian revert abc123 --force --reason TEXT`" in told.body
    assert told.severity == "error"
    assert json.loads(json.dumps(told.facts)) == {
        "fleet": "shop-eu",
        "phase": "stuck",
        "run": "abc123",
        "monkey": "nodes",
        "target": "node worker-1",
        "fault": "node-cordon",
        "at": "2026-11-23T12:00:00+00:00",
        "actor": "ann\uff20host",
        "leashed": False,
        "embedded": False,
    }


def test_a_halt_names_who_why_and_how_it_ends() -> None:
    told = notice_of(whole(Phase.HALTED), "shop-eu")
    assert "the fleet was halted by ann" in told.title
    assert "incident 7" in told.body
    assert "`simian resume --reason TEXT`" in told.body


def test_a_halt_of_one_team_names_its_place() -> None:
    halted = replace(whole(Phase.HALTED), data={"reason": "x", "scope": "shop", "author": "kubectl-annotate"})
    assert "shop was halted by kubectl-annotate" in notice_of(halted, "shop-eu").title


def test_leashed_and_embedded_are_said_in_title_and_text() -> None:
    told = notice_of(replace(event(), leashed=True, embedded=True), "shop-eu")
    assert told.title.startswith("(shop-eu, leashed, embedded)")
    assert "leashed: no target was changed" in told.body
    assert "embedded: the throw-away world" in told.body
    assert not {"leashed", "embedded"} & set(notice_of(event(), "shop-eu").body.split())


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_has_words(phase: Phase) -> None:
    for one in (event(phase), whole(phase)):
        told = notice_of(one, "shop-eu")
        assert phase.upper().replace("_", " ") in told.title
        assert "Next: " in told.body
        assert told.severity in ("info", "warning", "error")


@pytest.mark.parametrize(
    "evil",
    [
        "<!channel> come",
        "@everyone",
        "[click](https://evil.example)",
        "<b>bold</b><script>x</script>",
        "**x** _y_ ~z~ `rm -rf /`",
        "{{ secret }} {0} %s ${KEY}",
        "a\r\nSubject: x\n\nb",
        "\x1b[31mred\x07",
        "\u202eright to left\u200b",
        "&lt;b&gt;",
    ],
)
def test_nothing_a_tenant_wrote_is_taken_for_markup(evil: str) -> None:
    told = notice_of(event(detail=evil, target={"name": evil}), "shop-eu")
    ours = notice_of(event(detail="", target={"name": ""}), "shop-eu").body
    for letter in MARKUP.replace("`", "") + "\x1b\x07\u202e\u200b\r":
        assert letter not in told.title + told.body, repr(letter)
    assert told.body.count("`") == ours.count("`"), "only our own commands are set off"
    assert "://" not in told.body
    assert "\n" not in told.title


@given(st.text(max_size=5000))
def test_every_text_becomes_one_short_printable_line(text: str) -> None:
    made = plain(text)
    assert len(made) <= LONGEST
    assert made.isprintable()
    assert not set(made) & set(MARKUP)
    assert plain(made) == made


def test_long_texts_are_cut_and_say_so() -> None:
    told = notice_of(event(detail="x" * 100_000, target={"name": "y" * 100_000}), "shop-eu")
    assert len(told.title) <= TITLE + len("(shop-eu) ")
    assert len(told.body) < 2000
    assert "…" in told.body


def test_a_stopped_line_names_group_outcome_and_the_command_that_lets_it_go_on() -> None:
    told = notice_of(event(Phase.JUDGED, outcome="bad", group="shop/Deployment/web", detail="1 of 4 ready"), "shop-eu")
    assert "came out badly, the line of shop/Deployment/web is stopped" in told.title
    assert "1 of 4 ready" in told.body
    assert "`simian analyse abc123`" in told.body
    assert told.severity == "error"


@pytest.mark.parametrize(("data", "quiet"), [({"outcome": "clean"}, True), ({"outcome": "bad"}, False), ({}, False)])
def test_nobody_is_told_of_what_came_out_clean(data: dict[str, str], quiet: bool) -> None:
    put: list[Notice] = []
    channel: Any = SimpleNamespace(put=put.append)
    Telling("shop-eu", [Line(channel, frozenset({Phase.JUDGED, Phase.REVERTED}))]).hear(event(Phase.JUDGED, **data))
    assert (put == []) is quiet
    assert not is_quiet(event(Phase.REVERTED, outcome="clean"))
