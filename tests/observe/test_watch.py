"""Is a whole agent seen as it is, are people told, and can none of that stop it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from importlib.metadata import entry_points as installed
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from simian_army import plugins, wiring
from simian_army.agent import Agent
from simian_army.audit.ledger import SqlLedger
from simian_army.clock import SystemClock
from simian_army.errors import ConfigError, LedgerError
from simian_army.model import AuditEvent, Phase
from simian_army.observe.metrics import Metrics
from tests.cluster.waiting import BUSY, until
from tests.flow.ground import NODES, Ground
from tests.notices.receiver import Receiver

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")]
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CLOCK = SystemClock()
TOKEN = "fedcba9876543210fedcba9876543210"
FREE = 'observe: {listen: "127.0.0.1:0"}\n'


@dataclass
class Seen:
    """An agent at work in a thread of ours, and what one sees of it."""

    watch: wiring.Watch
    house: wiring.House
    agent: Agent
    logged: list[AuditEvent]
    token: str = ""

    def asked(self, path: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            with urlopen(Request(f"{self.watch.url}{path}", headers=headers), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as no:
            with no:
                return no.code, no.read().decode()

    def value(self, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(self.asked("/metrics")[1])
        samples = [s for family in families for s in family.samples if s.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())

    def check(self, name: str) -> Any:
        return next(c for c in json.loads(self.asked("/readyz")[1])["checks"] if c["name"] == name)

    def strike(self) -> str:
        done = self.house.engine.fire(self.house.entries["nodes"], AT)
        assert done.taken
        return done.run.id


@contextmanager
def agent(shop: Ground, more: str = FREE) -> Iterator[Seen]:
    config = shop.write(NODES)
    config.write_text(more + config.read_text())
    logged: list[AuditEvent] = []
    loaded = wiring.read_config(config)
    with (
        wiring.watch(loaded, logged.append) as watch,
        wiring.books(loaded, told=watch.hear) as books,
        wiring.house(books, wake=shop.wake) as house,
    ):
        made = house.agent()
        seen = Seen(watch, house, made, logged)
        with watch.over(house, made):
            thread = threading.Thread(target=made.run)
            thread.start()
            try:
                yield seen
            finally:
                made.stopping.set()
                thread.join()


def notices(hook: Receiver, on: str = "[stuck, halted, resumed]") -> str:
    return f'{FREE}notices:\n  - {{use: apprise, on: {on}, with: {{urls: ["{hook.url("hunter2hunter2")}"]}}}}\n'


def leading(seen: Seen) -> None:
    until("it to lead", lambda: seen.value("simian_leader") == 1 and seen.value("simian_heartbeat_age_seconds"), 60)


def cordoned(shop: Ground) -> bool:
    return any(node["spec"].get("unschedulable") for node in shop.server.objects("Node"))


def halt(shop: Ground, reason: str = "incident 7") -> None:
    """What ``simian halt`` writes, from a process of its own as far as the ledger can tell."""
    with wiring.books(wiring.read_config(shop.config)) as books:
        books.ledger.append(books.scribe.note(Phase.HALTED, reason=reason, source="cli"))


def test_the_life_of_a_fault_is_seen_and_a_halt_typed_elsewhere_is_told(shop: Ground, hook: Receiver) -> None:
    with agent(shop, notices(hook)) as seen:
        leading(seen)
        assert seen.asked("/healthz")[0] == 200
        until("the ledger to be read", lambda: seen.asked("/readyz")[0] == 200, 60)
        assert "leading" in seen.check("lease")["value"]
        assert seen.value("simian_halted") == 0
        assert seen.value("simian_next_fire_timestamp_seconds", monkey="nodes") > AT.timestamp() / 2
        seen.strike()
        assert seen.value("simian_open_faults", fault="node-cordon") == 1
        assert seen.value("simian_injection_seconds_count") == 1
        halt(shop)
        until("the halt to be seen", lambda: seen.value("simian_halted") == 1, 60)
        until("people to be told", lambda: hook.got, 60)
        until("the node to be given back", lambda: seen.value("simian_revert_seconds_count") == 1, 60)
        assert seen.value("simian_hold_seconds_count") == 1
        assert not cordoned(shop)
        until("the fault to be closed", lambda: seen.value("simian_open_faults", fault="node-cordon") == 0, 60)
        until("the notice to be counted", lambda: seen.value("simian_notices_total", result="sent") == 1, 60)
    (told,) = hook.got
    assert told["title"].startswith("(test) HALTED: the fleet was halted by ")
    assert "incident 7" in told["message"]


def test_one_that_stands_by_is_well_and_says_so(shop: Ground) -> None:
    shop.write(NODES)
    with shop.house(), agent(shop) as seen:
        until("the ledger to be read", lambda: seen.asked("/readyz")[0] == 200, 60)
        assert seen.asked("/healthz")[0] == 200
        assert seen.check("lease")["value"] == "standing by"
        assert seen.value("simian_leader") == 0


def test_a_fault_that_is_stuck_while_the_ledger_is_away_is_told_at_once_and_only_once(
    shop: Ground, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agent(shop, notices(hook)) as seen:
        leading(seen)
        run = seen.strike()
        keeper = seen.house.keeper
        (watch,) = (watch for watch in keeper._open.values() if watch.held.run.id == run)
        stuck = {"detail": "the node does not answer", "tries": 6, "kind": "node-cordon"}
        with monkeypatch.context() as patch:
            patch.setattr(SqlLedger, "append", _away)
            patch.setattr(SqlLedger, "attempts", _away)
            keeper._settle([(watch, Phase.STUCK, stuck)])
            until("people to be told", lambda: hook.got, 60)
            until("it to be seen", lambda: seen.value("simian_stuck_faults") == 1, 60)
            until("the ledger to be missed", lambda: seen.asked("/readyz")[0] == 503, 60)
            assert seen.check("ledger")["value"] == "the ledger: connection refused"
            assert seen.asked("/healthz")[0] == 200, "no restart mends a database"
            assert seen.value("simian_ledger_reachable") == 0
        until("the ledger to be told", lambda: not seen.house.books.spool.waiting(), 60)
        until("it to be ready", lambda: seen.asked("/readyz")[0] == 200, 60)
    assert len(hook.got) == 1
    assert f"`simian revert {run} --force" in hook.got[0]["message"]
    assert [event.phase for event in seen.logged].count(Phase.STUCK) == 2, "the log says when it was kept and when told"


def _away(*_: object) -> Any:
    raise LedgerError("the ledger: connection refused")


def test_a_notifier_that_hangs_delays_nothing(shop: Ground, hook: Receiver) -> None:
    hook.hang = True
    with agent(shop, notices(hook, "[intended, injected, reverted]")) as seen:
        leading(seen)
        begun = CLOCK.monotonic()
        run = seen.strike()
        assert CLOCK.monotonic() - begun < 5 + BUSY, "the first notice hangs for 10 s"
        seen.house.keeper.end(run, "asked")
        until("it to be reverted", lambda: not cordoned(shop), 60)
        until("the first to hang", lambda: hook.got, 60)
        hook.free.set()


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs one notifier, named ``other``, as far as this test is concerned."""

    def offer(value: str) -> None:
        point = EntryPoint("other", value, plugins.KINDS["notifier"])
        monkeypatch.setattr(
            plugins, "entry_points", lambda group: [point] if point.group == group else installed(group=group)
        )
        plugins.found.cache_clear()

    yield offer
    plugins.found.cache_clear()


def test_a_notifier_and_metrics_that_break_leave_ledger_and_log_as_they_are(
    shop: Ground, offered: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    offered("tests.notices.receiver:Breaks")
    monkeypatch.setattr(Metrics, "_time", _broken)
    with agent(shop, f"{FREE}notices:\n  - {{use: other, on: [injected]}}\n") as seen:
        leading(seen)
        seen.strike()
        until("the notice to be tried again", lambda: seen.value("simian_notices_total", result="retried") == 1, 60)
    phases = [event.phase for event in seen.logged]
    assert Phase.INJECTED in phases
    assert Phase.REVERTED in phases


def _broken(*_: object) -> Any:
    raise RuntimeError("the tally broke")


def test_a_notifier_that_cannot_be_loaded_is_loud_and_stops_no_agent(
    shop: Ground, offered: Callable[[str], None]
) -> None:
    offered("no_such_module:Pager")
    more = f"{FREE}notices:\n  - {{use: other, on: [injected]}}\n"
    with structlog.testing.capture_logs() as logs, agent(shop, more) as seen:
        leading(seen)
        seen.strike()
        until("the notice to be tried again", lambda: seen.value("simian_notices_total", result="retried") == 1, 60)
    (loud,) = [log for log in logs if log["event"] == "nobody is told"]
    assert (loud["notifier"], "no_such_module" in loud["why"]) == ("other", True)


def test_a_url_that_names_no_service_is_a_mistake_of_the_config(shop: Ground) -> None:
    more = "notices:\n  - use: apprise\n    with:\n      urls: [json://127.0.0.1/x, nosuch://hunter2hunter2]\n"
    with pytest.raises(ConfigError) as caught, agent(shop, more):
        pytest.fail("it began")
    said = str(caught.value)
    assert "simian.yaml:4 notices[0].with.urls[1]: names no service" in said
    assert "hunter2" not in said


def test_a_configured_port_that_is_taken_ends_it_and_the_default_one_only_costs_the_metrics(
    shop: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as caught, agent(shop, f'observe:\n  listen: "127.0.0.1:{port}"\n'):
            pytest.fail("it began")
        assert caught.value.exit_code == 2
        assert f"simian.yaml:2 observe.listen: cannot listen on 127.0.0.1:{port}" in str(caught.value)
        assert "\n" not in str(caught.value)
        monkeypatch.setattr("config.observe.Observe.at", ("127.0.0.1", port))
        with structlog.testing.capture_logs() as logs, agent(shop, "") as seen:
            until("it to lead", lambda: seen.house.books.lease.left() > 0, 60)
            assert seen.watch.url == ""
        (warned,) = [log for log in logs if log["event"] == "no metrics"]
        assert warned["log_level"] == "warning"


def test_without_an_address_it_does_not_listen(shop: Ground) -> None:
    with agent(shop, 'observe: {listen: ""}\n') as seen:
        assert seen.watch.url == ""


def test_no_secret_is_in_any_answer(shop: Ground, hook: Receiver) -> None:
    more = notices(hook).replace("listen:", f"token: {TOKEN}, listen:")
    with agent(shop, more) as seen:
        assert seen.asked("/metrics") == (401, "Unauthorized\n")
        seen.token = TOKEN
        leading(seen)
        secrets = (seen.house.books.key.decode(), TOKEN, "hunter2")
        for path in ("/metrics", "/healthz", "/readyz", "/nowhere"):
            assert not [secret for secret in secrets if secret in seen.asked(path)[1]]
