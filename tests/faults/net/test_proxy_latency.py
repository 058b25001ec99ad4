"""What the latency fault does to a proxy, and how it is taken off again."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simian_army.contract import FaultKind
from simian_army.errors import Gone, PlatformError, Refused
from simian_army.faults.net.proxy_latency import ProxyLatency
from simian_army.model import Fault, Json, Mark, Target
from simian_army.ports import Removal

TARGET = Target("toxiproxy", "proxy", "http://127.0.0.1:1/proxies/p", "p", "127.0.0.1:1", "", None, {})
FAULT = Fault("proxy-latency", TARGET, {"latency": 100}, {"toxics": ["theirs"]}, timedelta(minutes=5))
MARK = Mark("shop", "abcdefgh27", "proxy-latency", datetime(2030, 1, 1, tzinfo=UTC), {}, "")
OTHER = replace(MARK, run="bbbbbbbbbb")


def toxic(name: str, **more: Any) -> dict[str, Any]:
    fields = {"type": "latency", "stream": "downstream", "toxicity": 1.0, "attributes": {"latency": 1, "jitter": 0}}
    return {"name": name, **fields, **more}


class OneProxy:
    """A port onto one proxy in memory, which tests may change behind a fault's back."""

    def __init__(self, *toxics: str, there: bool = True, enabled: bool = True) -> None:
        self.said: dict[str, Any] | None = None
        if there:
            self.said = {"name": "p", "enabled": enabled, "listen": "a:1", "upstream": "b:2"}
            self.said["toxics"] = [toxic(name) for name in toxics]
        self.acts: list[str] = []
        self.before_remove: Callable[[], object] = lambda: None

    @property
    def body(self) -> dict[str, Any]:
        assert self.said is not None
        return self.said

    def names(self) -> list[str]:
        return [one["name"] for one in self.body["toxics"]]

    def get(self, target: Target) -> dict[str, Any] | None:
        assert target == TARGET
        return copy.deepcopy(self.said)

    def toxic(self, target: Target, mark: Mark) -> str:
        return f"simian-{mark.fleet}-{mark.run}"

    def add(self, target: Target, mark: Mark, toxic: Json) -> None:
        self.acts.append("add")
        self.body["toxics"].append({"name": self.toxic(target, mark), **copy.deepcopy(dict(toxic))})

    def remove(self, target: Target, mark: Mark) -> bool:
        self.before_remove()
        self.acts.append("remove")
        if self.said is None:
            raise Gone("gone")
        kept = [one for one in self.body["toxics"] if one["name"] != self.toxic(target, mark)]
        there = len(kept) < len(self.body["toxics"])
        self.body["toxics"] = kept
        return there

    def remove_all(self, toxics: Sequence[tuple[Target, Mark]]) -> Sequence[Removal]:
        return [Removal(self.said, self.remove(target, mark)) for target, mark in toxics]


def test_it_harms_nothing_but_the_proxy_and_says_what_it_is() -> None:
    kind: FaultKind = ProxyLatency(OneProxy())
    assert kind.reach(FAULT) is None
    assert (kind.name, kind.platform, kind.strikes) == ("proxy-latency", "toxiproxy", "proxy")
    assert (kind.reversible, kind.replaces, kind.restores) == (True, False, ("toxics", "enabled"))
    assert list(kind.permissions) == []
    assert set(kind.params) == {"latency", "jitter", "stream", "toxicity"}


def test_preparing_changes_nothing_and_says_what_was_there() -> None:
    port = OneProxy("z", "a")
    assert ProxyLatency(port).prepare(FAULT) == {"toxics": ["a", "z"]}
    assert port.acts == []


@pytest.mark.parametrize(
    ("port", "words"),
    [
        (OneProxy(there=False), "gone"),
        (OneProxy(enabled=False), "disabled, so nothing passes"),
        (OneProxy("theirs", "simian-shop-abcdefgh27"), "another fault holds it: simian-shop-abcdefgh27"),
        (OneProxy("simian-other-fleet-1"), "another fault holds it: simian-other-fleet-1"),
    ],
)
def test_a_proxy_that_cannot_be_struck_is_refused(port: OneProxy, words: str) -> None:
    with pytest.raises(Refused, match=f"proxy 127.0.0.1:1/p: {words}"):
        ProxyLatency(port).prepare(FAULT)
    assert port.acts == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"latency": -1}, "latency is -1; allowed: whole milliseconds from 0 to 60000"),
        ({"latency": 60_001}, "latency is 60001"),
        ({"latency": 1.5}, "latency is 1.5"),
        ({"latency": True}, "latency is True"),
        ({"latency": "200ms"}, "latency is '200ms'"),
        ({"latency": 100, "jitter": -5}, "jitter is -5"),
        ({"latency": 0}, "latency and jitter are 0"),
        ({"stream": "sideways"}, "stream is 'sideways'; allowed: downstream or upstream"),
        ({"stream": ["upstream"]}, "stream is"),
        ({"toxicity": 0}, "toxicity is 0; allowed: a number above 0, up to 1"),
        ({"toxicity": 1.1}, "toxicity is 1.1"),
        ({"toxicity": float("nan")}, "toxicity is nan"),
        ({"toxicity": True}, "toxicity is True"),
        ({"toxicity": None}, "toxicity is None"),
        ({"delay": 5}, "knows latency, jitter, stream, toxicity; it was given delay"),
    ],
)
def test_parameters_that_nobody_can_mean_are_refused(params: dict[str, Any], words: str) -> None:
    port = OneProxy()
    kind, fault = ProxyLatency(port), replace(FAULT, params=params)
    with pytest.raises(Refused, match=words):
        kind.prepare(fault)
    with pytest.raises(Refused, match=words):
        kind.inject(fault, MARK)
    assert port.acts == []


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({}, ("downstream", 1.0, 200, 0)),
        ({"latency": 0, "jitter": 5}, ("downstream", 1.0, 0, 5)),
        ({"latency": 7, "stream": "upstream", "toxicity": 0.25, "jitter": 3}, ("upstream", 0.25, 7, 3)),
        ({"toxicity": 1}, ("downstream", 1, 200, 0)),
    ],
)
def test_what_is_asked_is_what_is_added_and_seen(params: dict[str, Any], asked: tuple[Any, ...]) -> None:
    port, fault = OneProxy("theirs"), replace(FAULT, params=params)
    kind = ProxyLatency(port)
    kind.inject(fault, MARK)
    (ours,) = [one for one in port.body["toxics"] if one["name"] != "theirs"]
    assert ours["type"] == "latency"
    assert (ours["stream"], ours["toxicity"], ours["attributes"]["latency"], ours["attributes"]["jitter"]) == asked
    seen = kind.observe(fault)
    assert seen.holds
    assert dict(seen.facts) == ours["attributes"]


def test_before_and_after_nothing_of_ours_is_seen() -> None:
    port = OneProxy("theirs")
    kind = ProxyLatency(port)
    assert not kind.observe(FAULT).holds
    kind.inject(FAULT, MARK)
    assert kind.observe(FAULT).holds
    kind.revert(FAULT, MARK)
    assert not kind.observe(FAULT).holds


def test_a_toxic_with_other_values_or_behind_a_closed_door_is_not_the_effect() -> None:
    port = OneProxy()
    kind, fault = ProxyLatency(port), replace(FAULT, params={"latency": 100, "toxicity": 0.1234567891})
    kind.inject(fault, MARK)
    ours = port.body["toxics"][0]
    ours["toxicity"] = 0.12345679  # as 32 bits keep it
    assert kind.observe(fault).holds
    for change in ({"toxicity": 0.5}, {"stream": "upstream"}, {"attributes": {"latency": 0, "jitter": 0}}):
        port.body["toxics"] = [{**ours, **change}]
        seen = kind.observe(fault)
        assert not seen.holds
        assert "with other values" in seen.detail
    port.body["toxics"] = [ours]
    port.body["enabled"] = False
    assert "disabled meanwhile" in kind.observe(fault).detail
    port.said = None
    assert kind.observe(fault).detail == "the proxy is gone"


def test_a_fault_of_before_is_not_taken_for_ours() -> None:
    port = OneProxy("simian-old")
    port.body["toxics"][0]["attributes"] = {"latency": 100, "jitter": 0}
    kind = ProxyLatency(port)
    assert kind.observe(replace(FAULT, undo={"toxics": []})).holds
    assert not kind.observe(replace(FAULT, undo={"toxics": ["simian-old"]})).holds


def test_reverting_takes_off_ours_alone_and_twice_is_once() -> None:
    port = OneProxy("theirs")
    before, kind = copy.deepcopy(port.body), ProxyLatency(port)
    kind.inject(FAULT, MARK)
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert proof.detail == "our toxic removed, read back"
    assert port.body == before
    assert dict(proof.facts) == {"toxics": ["theirs"], "enabled": True}
    again = kind.revert(FAULT, MARK)
    assert again.holds
    assert "nothing to undo" in again.detail
    assert port.body == before


def test_reverting_one_run_leaves_another_one_and_says_so() -> None:
    port = OneProxy("theirs")
    kind = ProxyLatency(port)
    kind.inject(FAULT, OTHER)
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert "nothing to undo; added by others meanwhile and kept: simian-shop-bbbbbbbbbb" in proof.detail
    assert len(port.names()) == 2


def test_what_others_changed_meanwhile_is_kept_and_said() -> None:
    port = OneProxy("theirs")
    kind = ProxyLatency(port)
    kind.inject(FAULT, MARK)
    port.body["toxics"] = [*port.body["toxics"][1:], toxic("new")]
    port.body["toxics"][0]["attributes"]["latency"] = 5000  # ours, made worse
    port.body["enabled"] = False
    proof = kind.revert(FAULT, MARK)
    assert proof.holds
    assert "added by others meanwhile and kept: new" in proof.detail
    assert "removed by others meanwhile: theirs" in proof.detail
    assert "disabled by others meanwhile: kept" in proof.detail
    assert port.names() == ["new"]


def test_a_server_that_forgot_the_proxy_took_our_toxic_with_it() -> None:
    port = OneProxy("theirs")
    kind = ProxyLatency(port)
    kind.inject(FAULT, MARK)

    def vanish() -> None:
        port.said = None

    for vanishing in (lambda: None, vanish):
        port.before_remove = vanishing
        if vanishing is not vanish:
            held = copy.deepcopy(port.said)
            port.said = None
        proof = kind.revert(FAULT, MARK)
        assert proof.holds
        assert "our toxic went with it" in proof.detail
        assert "cut off until whoever made the proxy makes it again" in proof.detail
        port.said = held
    assert dict(proof.facts) == {"proxy": "p", "there": False}


def test_a_server_that_cannot_be_asked_proves_nothing() -> None:
    class Away(OneProxy):
        def get(self, target: Target) -> dict[str, Any] | None:
            raise PlatformError("cannot be reached")

    with pytest.raises(PlatformError):
        ProxyLatency(Away()).revert(FAULT, MARK)


def test_a_fault_read_back_without_its_undo_can_be_undone() -> None:
    port = OneProxy()
    kind, fault = ProxyLatency(port), replace(FAULT, undo=None)
    kind.inject(fault, MARK)
    assert kind.observe(fault).holds
    assert kind.revert(fault, MARK).holds
    assert port.names() == []
