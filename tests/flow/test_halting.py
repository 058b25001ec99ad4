"""Is the fleet stopped whichever way it is said: nothing new, what is held reverted, told, and over restarts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from simian_army import wiring
from simian_army.cli import halting, look, start
from simian_army.cli.once import Wish, once
from simian_army.clock import SystemClock
from simian_army.embedded.kube.request import Request
from simian_army.errors import LedgerError, UsageError
from simian_army.model import Phase
from simian_army.wiring import House
from tests.flow.ground import Ground
from tests.flow.test_agent import agent_of
from tests.flow.test_stuck import allowed

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CONFIGMAP = "/api/v1/namespaces/simian/configmaps/simian-army-halt"
HALT = "simian-army/halt"
CLOCK = SystemClock()


def patch(shop: Ground, path: str, said: str | None) -> None:
    """What ``kubectl annotate`` does."""
    body = json.dumps({"metadata": {"annotations": {HALT: said}}}).encode()
    headers = {"content-type": "application/merge-patch+json"}
    code, answer = shop.server.answer(Request("PATCH", path, body, headers))
    assert code == 200, answer


def by_ledger(shop: Ground, said: str | None) -> None:
    halting.halt(shop.config, said, as_json=False) if said else halting.resume(shop.config, "over", as_json=False)


def by_file(shop: Ground, said: str | None) -> None:
    file = shop.folder / "simian.halt"
    file.write_text(said) if said else file.unlink()


def by_configmap(shop: Ground, said: str | None) -> None:
    patch(shop, CONFIGMAP, said)


def by_team(shop: Ground, said: str | None) -> None:
    patch(shop, "/api/v1/namespaces/shop", said)


ALL = [by_ledger, by_file, by_configmap, by_team]
FLEET = ALL[:3]
Say = Callable[[Ground, str | None], None]


@pytest.fixture
def ours(shop: Ground) -> Ground:
    """The shop with our own namespace in it, and the ConfigMap in that."""
    about = {"name": "simian-army-halt", "namespace": "simian"}
    shop.server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "simian"}})
    shop.server.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about})
    shop.write(more="halt: {namespace: simian}\n")
    return shop


def fire(house: House, entry: str = "pods", hours: int = 0) -> list[str]:
    """Fire; what the guard halt says of those drawn, and nothing when somebody was hit."""
    outcome = house.engine.fire(house.entries[entry], AT + timedelta(hours=hours))
    if outcome.taken:
        return []
    return [v.reason for draw in outcome.denied for v in draw.verdicts if v.guard == "halt" and not v.allowed]


def soon(true: Callable[[], bool], seconds: float = 10) -> float:
    """Seconds until it is true; fails when it never is."""
    begun = CLOCK.monotonic()
    while not true():
        assert CLOCK.monotonic() - begun < seconds
        Event().wait(0.02)
    return CLOCK.monotonic() - begun


def cordoned(shop: Ground) -> bool:
    return any(node["spec"].get("unschedulable") for node in shop.server.objects("Node"))


@pytest.mark.parametrize("say", ALL)
def test_nothing_new_begins_and_the_reason_names_it_until_it_is_over(ours: Ground, say: Say) -> None:
    with ours.house() as house:
        say(ours, "incident 7")
        (why, *_) = fire(house)
        assert "halted" in why and "incident 7" in why and "ends it" in why
        assert ours.writes() == [w for w in ours.writes() if "/pods/" not in w]
        say(ours, None)
        assert fire(house, hours=2) == []


@pytest.mark.parametrize("say", FLEET)
def test_a_fire_that_is_due_is_skipped_with_the_reason(ours: Ground, say: Say) -> None:
    with ours.house() as house:
        say(ours, "incident 7")
        agent_of(house).fire("pods", AT)
        (skipped,) = house.books.ledger.query(phase=Phase.SKIPPED)
        assert "incident 7" in skipped.data["reason"]


@pytest.mark.parametrize("say", ALL)
def test_what_is_held_is_reverted_within_seconds(ours: Ground, say: Say) -> None:
    with ours.house() as house:
        house.keeper.start()
        assert fire(house, "nodes") == []
        assert cordoned(ours)
        Event().wait(0.6)  # it goes on while nobody halts
        assert cordoned(ours)
        say(ours, "incident 7")
        took = soon(lambda: not cordoned(ours))
        assert took < 5
        soon(lambda: not house.keeper.open())
        house.keeper.close()
        (reverted,) = house.books.ledger.query(phase=Phase.REVERTED)
        assert "incident 7" in reverted.data["why"]


def test_the_halt_of_a_team_that_is_not_harmed_stops_nobody(ours: Ground) -> None:
    ours.server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bank"}})
    patch(ours, "/api/v1/namespaces/bank", "our launch")
    with ours.house() as house:
        house.keeper.start()
        assert fire(house, "nodes") == []
        assert fire(house, "pods") == []
        Event().wait(3)
        assert cordoned(ours)
        house.keeper.stop(10)


@pytest.mark.parametrize("say", ALL)
def test_it_survives_a_restart_and_what_was_held_is_reverted_then(ours: Ground, say: Say) -> None:
    with ours.house() as house:
        assert fire(house, "nodes") == []
    say(ours, "incident 7")
    assert cordoned(ours)
    with ours.house() as house:
        house.keeper.start()
        house.recovery.recover()
        soon(lambda: not cordoned(ours))
        assert fire(house, hours=2)
        house.keeper.stop(5)


@pytest.mark.parametrize("say", [by_file, by_configmap])
def test_one_that_was_said_elsewhere_is_told_once_with_source_author_and_reason(ours: Ground, say: Say) -> None:
    for turn in range(2):  # a restart tells nothing twice
        with ours.house() as house:
            house.keeper.start()
            if not turn:
                say(ours, "incident 7")
            soon(lambda: bool(list(house.books.ledger.query(phase=Phase.HALTED))))
            Event().wait(2.5 if turn else 0.6)
            house.keeper.close()
            (told,) = house.books.ledger.query(phase=Phase.HALTED)
            assert told.data["source"] == say.__name__.removeprefix("by_")
            assert told.data["author"] and told.data["reason"] == "incident 7"
    with ours.house() as house:
        house.keeper.start()
        say(ours, None)
        soon(lambda: bool(list(house.books.ledger.query(phase=Phase.RESUMED))))
        house.keeper.close()
        (ended,) = house.books.ledger.query(phase=Phase.RESUMED)
        assert ended.data["source"] == told.data["source"]
        assert fire(house) == []


def test_a_source_that_cannot_be_read_denies_what_is_new_at_once_and_names_itself(
    ours: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ours.server.answer
    monkeypatch.setattr(
        ours.server, "answer", lambda r: (500, {"message": "etcd is down"}) if r.path == CONFIGMAP else real(r)
    )
    with ours.house() as house:
        (why, *_) = fire(house)
        assert "configmap simian/simian-army-halt halts cannot be told" in why
        assert "etcd is down" in why
        agent_of(house).fire("pods", AT)
        (skipped,) = house.books.ledger.query(phase=Phase.SKIPPED)
        assert "etcd is down" in skipped.data["reason"]
        monkeypatch.undo()
        assert fire(house, hours=2) == []


def test_a_halt_that_comes_between_the_asking_and_the_intent_is_seen_inside_the_transaction(ours: Ground) -> None:
    with ours.house() as house:
        draw = allowed(house)
        by_file(ours, "incident 7")
        house.engine.judge.halts.watch()
        soon(lambda: house.engine.judge.halts.known().halt is not None)
        denied = [v.reason for v in house.engine.judge.again(draw, (), None) if not v.allowed]
        assert any("incident 7" in why for why in denied)


def test_without_our_namespace_in_config_no_configmap_is_asked_for(shop: Ground) -> None:
    with shop.house() as house:
        names = [source.name for source in house.engine.judge.halts.sources]  # type: ignore[attr-defined]
        assert names == ["ledger", "file", "namespaces"]


def test_in_a_cluster_our_namespace_is_told_and_if_it_is_not_that_is_a_doubt(
    shop: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simian_army.targets.kube.halting import Halting
    from simian_army.wiring.halting import _in_cluster

    text = shop.config.read_text()
    shop.config.write_text(text.replace("context: here", "context: in-cluster"))
    loaded = wiring.read_config(shop.config)
    port = Halting(None)  # type: ignore[arg-type]
    monkeypatch.delenv("SIMIAN_NAMESPACE", raising=False)
    unknown, _ = _in_cluster(loaded, port)
    with pytest.raises(Exception, match="SIMIAN_NAMESPACE"):
        unknown.read(None)
    monkeypatch.setenv("SIMIAN_NAMESPACE", "chaos")
    known, _ = _in_cluster(loaded, port)
    assert "configmap chaos/simian-army-halt" in known.where


def test_resume_ends_all_that_is_ours_and_names_what_is_not(ours: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    for say in ALL:
        say(ours, f"by {say.__name__}")
    capsys.readouterr()
    assert halting.resume(ours.config, "over", as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["resumed"] is True
    assert len(told["cleared"]) == 3
    (team,) = (one for one in told["left"] if one["halted"])
    assert team["scope"] == "shop"
    assert team["command"] == "kubectl annotate namespace shop simian-army/halt-"
    assert not (ours.folder / "simian.halt").exists()
    with ours.house() as house:
        (why, *_) = fire(house)
        assert "by by_team" not in why.partition("halted in shop")[0]


def test_resume_says_which_it_could_not_end_and_ends_with_1(
    ours: Ground, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_configmap(ours, "incident 7")
    by_file(ours, "incident 8")
    real = ours.server.answer

    def answer(request: Request) -> tuple[int, Any]:
        refused = request.method == "PATCH" and request.path == CONFIGMAP
        return (403, {"message": "forbidden"}) if refused else real(request)

    monkeypatch.setattr(ours.server, "answer", answer)
    assert halting.resume(ours.config, "over", as_json=False) == 1
    said = capsys.readouterr().out
    assert "ended: the file" in said
    assert "kubectl -n simian annotate configmap simian-army-halt simian-army/halt-" in said
    assert "still halted" in said
    assert not (ours.folder / "simian.halt").exists()


def test_a_halt_is_never_refused_because_the_ledger_is_away(ours: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    good = ours.config.read_text()
    away = ours.folder / "no-such-folder" / "simian.db"
    ours.config.write_text(good.replace("leashed:", f"ledger: sqlite:///{away}\nleashed:"))
    halting.halt(ours.config, "incident 7", as_json=False)
    said = capsys.readouterr()
    assert "the ledger is away" in said.err and "simian.halt was written instead" in said.err
    assert "halted" in said.out
    assert halting.resume(ours.config, "over", as_json=True) == 1, "whether the ledger halts nobody can say"
    assert json.loads(capsys.readouterr().out)["left"][0]["error"]
    halting.halt(ours.config, "incident 8", as_json=True)
    assert json.loads(capsys.readouterr().out)["source"] == "file"
    ours.config.write_text(good)
    with ours.house() as house:
        assert "incident 8" in fire(house)[0]


def test_when_neither_ledger_nor_file_can_be_written_nobody_is_told_that_it_is_halted(ours: Ground) -> None:
    text = ours.config.read_text()
    gone = ours.folder / "no-such-folder"
    text = text.replace("leashed:", f"ledger: sqlite:///{gone}/simian.db\nleashed:")
    ours.config.write_text(text.replace("namespace: simian}", f"namespace: simian, file: {gone}/halt}}"))
    with pytest.raises(LedgerError, match="nothing is halted"):
        halting.halt(ours.config, "incident 7", as_json=False)


@pytest.mark.parametrize("verb", [halting.halt, halting.resume])
def test_nobody_halts_or_resumes_without_a_reason(ours: Ground, verb: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="--reason"):
        verb(ours.config, " ", as_json=False)


def test_status_shows_each_source_and_plan_and_once_say_it(
    ours: Ground, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_file(ours, "incident 7")
    by_team(ours, "our launch")
    look.status(ours.config, as_json=False)
    said = capsys.readouterr().out
    assert "the ledger: no halt" in said
    assert "simian.halt: by " in said and "incident 7" in said
    assert "configmap simian/simian-army-halt: no halt" in said
    assert "in shop by " in said and "our launch" in said
    look.status(ours.config, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["halt"] == "incident 7"
    assert [one["source"] for one in told["halts"] if one["halted"]] == ["file", "namespaces"]
    look.plan(ours.config, 1, as_json=False)
    assert "incident 7: nothing fires until that is over" in capsys.readouterr().out
    look.plan(ours.config, 1, as_json=True)
    assert all("incident 7" in json.loads(line)["halt"] for line in capsys.readouterr().out.splitlines())
    assert once(ours.config, Wish("pods", reason="a try")) == 3
    assert "incident 7" in capsys.readouterr().out


def test_status_says_which_source_cannot_be_read(ours: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    (ours.folder / "simian.halt").mkdir()
    look.status(ours.config, as_json=False)
    said = capsys.readouterr().out
    assert "cannot be told" in said
    assert "simian.halt: cannot be read: " in said and "no regular file" in said


def test_who_may_not_list_all_namespaces_is_in_no_doubt_about_the_fleet(
    ours: Ground, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ours.server.answer

    def answer(request: Request) -> tuple[int, Any]:
        listed = request.method == "GET" and request.path == "/api/v1/namespaces"
        return (403, {"message": "forbidden"}) if listed else real(request)

    monkeypatch.setattr(ours.server, "answer", answer)
    look.status(ours.config, as_json=False)
    said = capsys.readouterr().out
    assert "halt     none" in said
    assert "on namespaces: cannot be read" in said
    assert halting.resume(ours.config, "over", as_json=False) == 0
    with ours.house() as house:
        assert fire(house) == []


def test_check_reads_each_source(ours: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    start.check(ours.config, as_json=False)
    said = capsys.readouterr().out
    assert said.count("can be read, and does not halt") == 3
    (ours.folder / "simian.halt").mkdir()
    assert start.check(ours.config, as_json=False) == 1
    assert "NO  halt: the file" in capsys.readouterr().out


def test_our_namespace_without_a_cluster_is_a_mistake_in_the_config(tmp_path: Path) -> None:
    from simian_army.errors import ConfigError

    config = tmp_path / "simian.yaml"
    config.write_text(
        "fleet: test\nkey: 0123456789abcdef\nplatforms:\n  kubernetes: {embedded: true}\nhalt: {namespace: simian}\n"
    )
    with pytest.raises(ConfigError, match="halt.namespace: its ConfigMap needs a Kubernetes that stays"):
        wiring.read_config(config)
