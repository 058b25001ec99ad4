"""Is the fleet stopped whichever way it is said: nothing new, what is held reverted, told, and over restarts."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest

from simian_army import wiring
from simian_army.clock import SystemClock
from simian_army.model import Phase
from tests.cluster.waiting import BUSY
from tests.flow.ground import Ground
from tests.flow.saying import ALL, AT, CONFIGMAP, FLEET, Say, by_configmap, by_file, fire, ours, patch
from tests.flow.test_agent import agent_of
from tests.flow.test_stuck import allowed

__all__ = ["ours"]
CLOCK = SystemClock()


def soon(true: Callable[[], bool], seconds: float = 30) -> float:
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
        assert took < 5 + BUSY
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
