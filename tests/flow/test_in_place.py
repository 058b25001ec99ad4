"""Faults that change an object in place, through the whole flow: consent of all who use it, effect, end, and no word of a
Secret anywhere."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simian_army import marks, wiring
from simian_army.agent import Agent
from simian_army.audit import log
from simian_army.cli import acts, look
from simian_army.embedded.kube.request import Request
from simian_army.model import Phase
from simian_army.outcome import Outcome
from simian_army.wiring import House
from tests.flow.ground import Ground, ground
from tests.flow.hands import alarms, carry_out, end_all, patch, recover
from tests.flow.test_agent import ByHand
from tests.flow.test_marks import forget_ledger, forget_records
from tests.notices.receiver import receiver

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CANARY = "canary-51c3e7"
WEB = "/apis/apps/v1/namespaces/shop/deployments/web"


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def monkey(fault: str, params: str = "{}", names: str = "web") -> str:
    return (
        "- {name: it, use: chaos, on: kubernetes, schedule: {every: 2h}, hold: 1h, "
        f"select: {{namespaces: [shop], names: [{names}]}}, with: {{fault: {fault}, params: {params}}}}}"
    )


def create(shop: Ground, path: str, obj: dict[str, Any]) -> None:
    head = {"content-type": "application/json"}
    code, answer = shop.server.answer(Request("POST", path, json.dumps(obj).encode(), head))
    assert code == 201, answer


def secret(shop: Ground) -> None:
    meta = {"name": "token", "namespace": "shop", "labels": {"simian-army/chaos": "enabled"}}
    obj = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": {"a": coded(CANARY)}}
    create(shop, "/api/v1/namespaces/shop/secrets", obj)


def named(shop: Ground, kind: str, name: str) -> Any:
    return next(one for one in shop.server.objects(kind, "shop") if one["metadata"]["name"] == name)


def replicas(shop: Ground) -> int:
    return int(named(shop, "Deployment", "web")["spec"]["replicas"])


def fire(house: House, at: datetime = AT) -> Outcome:
    return house.engine.fire(house.entries["it"], at)


def why(outcome: Outcome, guard: str) -> str:
    said = [v for draw in outcome.draws for v in draw.verdicts if not v.allowed]
    assert [v.guard for v in said] == [guard], said
    return said[0].reason


def phases(house: House, run: str) -> list[str]:
    return [str(event.phase) for event in house.books.ledger.query(run=run) if event.target]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with ground(tmp_path) as made:
        yield made


def test_a_workload_is_scaled_down_and_up_again(shop: Ground) -> None:
    shop.write(monkey("scale-down", "{to: 3}"))
    with shop.house() as house:
        outcome = fire(house)
        assert outcome.taken
        assert replicas(shop) == 3
        assert marks.bears(named(shop, "Deployment", "web"))
        end_all(house)
        assert replicas(shop) == 4
        assert not marks.bears(named(shop, "Deployment", "web"))
        assert not any(marks.bears(one) for one in shop.server.objects("ReplicaSet"))
        assert phases(house, outcome.run.id)[:2] == ["intended", "injected"]
        assert "reverted" in phases(house, outcome.run.id)


def test_more_than_may_go_at_once_are_refused(shop: Ground) -> None:
    shop.write(monkey("scale-down", "{to: 0}"))
    with shop.house() as house:
        assert "0 would stay, 1 must" in why(fire(house), "quorum")
    assert replicas(shop) == 4
    shop.write(monkey("scale-down", "{to: 1}"))
    shop.config.write_text(shop.config.read_text().replace("max_percent: 100", "max_percent: 50"))
    with shop.house() as house:
        assert "50 % of 4 in shop/Deployment/web allows 2 at once, 3 would go" in why(
            fire(house, AT.replace(hour=14)), "budget"
        )
    assert shop.writes() == []


def test_an_opt_out_on_a_pod_that_uses_it_keeps_a_config_from_being_changed(shop: Ground) -> None:
    secret(shop)
    shop.write(monkey("secret-fault", "{key: a}", "token"))
    template = {"containers": [{"name": "web", "image": "web:1", "envFrom": [{"secretRef": {"name": "token"}}]}]}
    meta = {"name": "user", "namespace": "shop", "labels": {"simian-army/opt-out": "true"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template}
    create(shop, "/api/v1/namespaces/shop/pods", pod)
    with shop.house() as house:
        reason = why(fire(house), "shared")
        assert "1 of 1 others harmed do not consent" in reason
        assert "pod shop/user: simian-army/opt-out=true" in reason
    assert named(shop, "Secret", "token")["data"] == {"a": coded(CANARY)}


def test_a_mark_alone_is_enough_to_give_it_back(shop: Ground) -> None:
    shop.write(monkey("scale-down", "{to: 3}"))
    with shop.house() as house:
        assert fire(house).taken
    forget_ledger(shop)
    forget_records(shop)
    with shop.house() as house:
        recover(house)
        assert replicas(shop) == 4
        assert alarms(house) == []


def test_revert_all_finds_a_held_secret_by_its_mark(shop: Ground) -> None:
    secret(shop)
    shop.write(monkey("secret-fault", "{key: a}", "token"))
    with shop.house() as house:
        assert fire(house).taken
        assert named(shop, "Secret", "token")["data"] == {"a": ""}
    forget_ledger(shop)
    forget_records(shop)
    assert acts.revert(shop.config, "", "the test", every=True, force=False, as_json=False) == 0
    assert named(shop, "Secret", "token")["data"] == {"a": coded(CANARY)}
    assert [one["metadata"]["name"] for one in shop.server.objects("Secret", "shop")] == ["token"]


def test_an_opt_out_set_meanwhile_ends_it(shop: Ground) -> None:
    shop.write(monkey("scale-down", "{to: 3}"))
    with shop.house() as house:
        assert fire(house).taken
        template = {"spec": {"template": {"metadata": {"labels": {"simian-army/opt-out": "true"}}}}}
        patch(shop, WEB, template)
        carry_out(house)
        assert replicas(shop) == 4
        (reverted,) = house.books.ledger.query(phase=Phase.REVERTED)
        assert "simian-army/opt-out=true on PodTemplate web" in json.dumps(reverted.data)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_no_output_tells_what_a_secret_said(
    shop: Ground, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Ledger, records, marks, logs, notices, screen, and every object of the cluster but the one that keeps it."""
    secret(shop)
    shop.write(monkey("secret-fault", "{key: a, value: wrong}", "token"))
    with receiver() as hook:
        on = "[intended, injected, observed, reverted, judged, denied]"
        said = f"notices:\n  - {{use: apprise, on: {on}, with: {{urls: ['{hook.url()}']}}}}\n"
        shop.config.write_text(shop.config.read_text() + said)
        log.configure()
        loaded = wiring.read_config(shop.config)
        with (
            wiring.watch(loaded, log.tell) as watch,
            wiring.books(loaded, told=watch.hear) as books,
            wiring.house(books, wake=shop.wake) as house,
        ):
            agent = house.agent()
            agent.clockwork = lambda made: Looking(made, shop, house)
            with watch.over(house, agent):
                assert agent.run() == 0
            told = [event.data for event in house.books.ledger.query()]
        out, err = capfd.readouterr()
        assert len(hook.got) >= 4
        assert "secret-fault" in out + err
        assert_silent(json.dumps(told), files(shop), json.dumps(hook.got), caplog.text, out, err)
    assert named(shop, "Secret", "token")["data"] == {"a": coded(CANARY)}
    assert [one["metadata"]["name"] for one in shop.server.objects("Secret", "shop")] == ["token"]


class Looking(ByHand):
    """Fires once, and looks at everything while the fault is held."""

    def __init__(self, agent: Agent, shop: Ground, house: House) -> None:
        super().__init__(agent, "")
        self.shop, self.house = shop, house

    def start(self) -> None:
        outcome = fire(self.house)
        (draw,) = outcome.taken
        written = files(self.shop)
        assert "secret-fault" in written
        kept = f"simian-army-kept-{outcome.run.id}-{draw.fault.target.id}"
        things = [one for one in everything(self.shop) if one["metadata"]["name"] != kept]
        assert len(things) < len(everything(self.shop)), "where it is kept, it is"
        assert_silent(
            written, json.dumps(things), str(outcome), str(self.house.platforms), str(self.house.keeper.open())
        )
        look.status(self.shop.config, as_json=True)
        self.agent.stopping.set()


def everything(shop: Ground) -> list[Any]:
    kinds = ("Secret", "ConfigMap", "Event", "Pod", "Lease", "Deployment", "Namespace")
    return [one for kind in kinds for one in shop.server.objects(kind)]


def files(shop: Ground) -> str:
    """Every file that was written: the ledger with its journal, records, the spool, logs."""
    found = [path for path in shop.folder.rglob("*") if path.is_file()]
    rows = [str(row) for path in found if path.suffix == ".db" for row in sqlite3.connect(path).iterdump()]
    return "\n".join([*map(text_of, found), *rows])


def text_of(path: Path) -> str:
    """What a file says; nothing if it took another name meanwhile, under which it was found too or is written next."""
    with suppress(FileNotFoundError):
        return path.read_bytes().decode("latin-1")
    return ""


def assert_silent(*said: str) -> None:
    shapes = (CANARY, coded(CANARY), coded(CANARY).rstrip("="), CANARY.encode().hex(), CANARY[::-1])
    assert not [shape for shape in shapes for text in said if shape in text]
