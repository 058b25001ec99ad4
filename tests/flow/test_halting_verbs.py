"""What halt, resume, status, plan, once and check say and do about everything that may halt the fleet."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simian_army import wiring
from simian_army.cli import halting, look, planning, start
from simian_army.cli.once import Wish, once
from simian_army.embedded.kube.request import Request
from simian_army.errors import ConfigError, LedgerError, UsageError
from tests.flow.ground import Ground
from tests.flow.saying import ALL, CONFIGMAP, by_configmap, by_file, by_team, fire, ours

__all__ = ["ours"]


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
    planning.plan(ours.config, planning.Wish(1, as_json=False))
    assert "incident 7: nothing fires until that is over" in capsys.readouterr().out
    planning.plan(ours.config, planning.Wish(1, as_json=True))
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


@pytest.mark.parametrize(("more", "code"), [("", 0), ("halt: {namespace: simian}\n", 1)])
def test_a_cluster_that_is_away_is_a_doubt_only_where_its_word_counts_for_the_fleet(
    shop: Ground, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: str, code: int
) -> None:
    shop.write(more=more)
    monkeypatch.setenv("KUBECONFIG", "/dev/null")
    assert halting.resume(shop.config, "over", as_json=False) == code
    said = capsys.readouterr().out
    assert "cannot be read: the annotation simian-army/halt on namespaces" in said
    assert ("still halted" in said) is bool(code)
    by_file(shop, "incident 7")
    look.status(shop.config, as_json=False)
    assert "halt     by " in capsys.readouterr().out


def test_check_reads_each_source(ours: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    start.check(ours.config, as_json=False)
    said = capsys.readouterr().out
    assert said.count("can be read, and does not halt") == 3
    (ours.folder / "simian.halt").mkdir()
    assert start.check(ours.config, as_json=False) == 1
    assert "NO  halt: the file" in capsys.readouterr().out


def test_our_namespace_without_a_cluster_is_a_mistake_in_the_config(tmp_path: Path) -> None:
    config = tmp_path / "simian.yaml"
    config.write_text(
        "fleet: test\nkey: 0123456789abcdef\nplatforms:\n  kubernetes: {embedded: true}\nhalt: {namespace: simian}\n"
    )
    with pytest.raises(ConfigError, match="halt.namespace: its ConfigMap needs a Kubernetes that stays"):
        wiring.read_config(config)
