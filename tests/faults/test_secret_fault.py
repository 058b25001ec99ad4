from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from simian_army import marks
from simian_army.errors import Conflict, Forbidden, PlatformError, Refused, Unknown
from simian_army.faults.k8s import keeping
from simian_army.faults.k8s.secret_fault import SecretFault
from simian_army.model import Fault, Json, Selector
from tests.faults.nearby import NearPort
from tests.faults.objects import HELD, Held, coded, mark_of, seen

HERE = next(one for one in HELD if one.make is SecretFault)
CANARY = "canary-7f3a"


def token(**more: Any) -> Held:
    return replace(HERE, obj={"type": "Opaque", "data": {"a": coded(CANARY), "b": "Yg=="}, **more})


def struck(port: NearPort, held: Held = HERE) -> tuple[Any, Fault]:
    kind, fault = held.prepared(port)
    kind.inject(fault, mark_of(fault))
    return kind, fault


def test_it_reaches_the_pods_that_use_it() -> None:
    kind, fault = HERE.prepared(HERE.port())
    assert kind.reach(fault) == Selector("pod", ("shop",), fields=(("uses", "secret/one"),))


def test_while_it_is_held_the_true_value_is_nowhere_but_in_a_secret_of_ours_that_goes_with_it() -> None:
    port = token().port()
    kind, fault = struck(port, token())
    told = json.dumps([fault.undo, marks.to_text(mark_of(fault)), port.obj, str(kind), kind.observe(fault).detail])
    for shape in (CANARY, coded(CANARY), base64.b64encode(CANARY.encode()).hex(), CANARY.encode().hex()):
        assert shape not in told
    ((name, secret),) = port.shelf.items()
    assert name == "shop/simian-army-kept-run-1-u1"
    assert secret["data"] == {"value": coded(CANARY)}
    assert secret["immutable"] is True
    assert secret["metadata"]["ownerReferences"] == [{"apiVersion": "v1", "kind": "Secret", "name": "one", "uid": "u1"}]
    proof = kind.revert(fault, mark_of(fault))
    assert proof.holds
    assert CANARY not in proof.detail
    assert port.shelf == {}
    assert seen(port.obj, HERE.path) == coded(CANARY)


def test_it_is_kept_before_it_is_changed_and_thrown_away_after_it_is_given_back() -> None:
    port = HERE.port()
    kind, fault = struck(port)
    kind.revert(fault, mark_of(fault))
    kept = "shop/simian-army-kept-run-1-u1"
    assert port.acts == [("create", kept), ("patch", "u1"), ("patch", "u1"), ("delete", kept)]


def test_the_digest_of_the_same_value_is_another_one_for_each_secret_and_key() -> None:
    _, fault = HERE.prepared(HERE.port())
    target = fault.target
    said = {
        keeping.digest(target, "a", "x"),
        keeping.digest(target, "b", "x"),
        keeping.digest(replace(target, id="u2"), "a", "x"),
    }
    assert len(said) == 3
    assert keeping.digest(target, "a", "x") in said


@pytest.mark.parametrize("what", ["gone", "another"])
def test_when_what_was_kept_is_gone_or_another_nothing_is_written_and_it_says_where_to_look(what: str) -> None:
    port = HERE.port()
    kind, fault = struck(port)
    name = next(iter(port.shelf))
    kept = port.shelf.pop(name)
    if what == "another":
        port.shelf[name] = {**kept, "data": {"value": coded("forged")}}
    held = copy.deepcopy(port.obj)
    proof = kind.revert(fault, mark_of(fault))
    assert not proof.holds
    assert "the Secret shop/simian-army-kept-run-1-u1" in proof.detail
    assert "put data.a right by hand" in proof.detail
    assert port.obj == held
    assert port.obj is not None
    port.obj["data"]["a"] = coded("by hand")
    assert kind.revert(fault, mark_of(fault)).holds
    assert seen(port.obj, HERE.path) == coded("by hand")
    assert not marks.bears(port.obj)


def test_who_takes_over_by_taking_the_mark_off_finds_the_true_value_still() -> None:
    port = HERE.port()
    kind, fault = struck(port)
    assert port.obj is not None
    port.obj["metadata"].update(labels={}, annotations={})
    proof = kind.revert(fault, mark_of(fault))
    assert proof.holds
    assert "its true value stays in the Secret shop/simian-army-kept-run-1-u1" in proof.detail
    assert list(port.shelf) == ["shop/simian-army-kept-run-1-u1"]


def test_no_error_tells_a_value() -> None:
    port = token().port()
    kind, fault = token().prepared(port)
    assert port.obj is not None
    port.obj["data"]["a"] = coded(f"{CANARY}-new")
    with pytest.raises(Conflict) as raised:
        kind.inject(fault, mark_of(fault))
    assert CANARY not in str(raised.value)
    assert coded(CANARY)[:8] not in str(raised.value)


def test_a_crash_between_both_writes_leaves_nothing() -> None:
    port = HERE.port()
    kind, fault = HERE.prepared(port)
    keeping.keep(port, fault.target, mark_of(fault), "a", coded("true"))
    assert kind.revert(fault, mark_of(fault)).holds
    assert port.shelf == {}


def test_when_nothing_can_be_kept_nothing_is_changed() -> None:
    port = HERE.port()
    kind, fault = HERE.prepared(port)
    before = copy.deepcopy(port.obj)
    port.fails["create"] = Forbidden("no")
    with pytest.raises(Forbidden):
        kind.inject(fault, mark_of(fault))
    assert port.obj == before


def test_when_nothing_was_changed_and_what_was_kept_cannot_be_thrown_away_nobody_says_nothing_happened() -> None:
    port = HERE.port()
    kind, fault = HERE.prepared(port)
    port.before_patch = [port.touch]
    port.fails["delete"] = PlatformError("away")
    with pytest.raises(Unknown, match="what was kept for it is still there: away"):
        kind.inject(fault, mark_of(fault))
    assert port.shelf
    assert kind.revert(fault, mark_of(fault)).holds
    assert port.shelf == {}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"immutable": True}, "it is immutable"),
        ({"type": "kubernetes.io/tls"}, "its type is kubernetes.io/tls, offered are Opaque"),
        ({"type": "kubernetes.io/service-account-token"}, "its type is kubernetes.io/service-account-token"),
        ({"type": "helm.sh/release.v1"}, "its type is helm.sh/release.v1"),
        ({"data": {}}, "it has no key a"),
    ],
)
def test_what_cannot_be_given_back_or_harms_nobody_knows_whom_is_refused(more: Json, why: str) -> None:
    held = token(**more)
    with pytest.raises(Refused, match=why):
        held.prepared(held.port())


def test_what_we_keep_ourselves_is_refused() -> None:
    with pytest.raises(Refused, match="none of our own"):
        HERE.prepared(HERE.port(labels={keeping.KEPT: "run-0"}))


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"key": "a", "change": "dns"}, "give set, remove or empty"),
        ({"key": "a", "value": "true"}, "says so already"),
        ({"value": "x"}, "name the key"),
    ],
)
def test_what_makes_no_sense_is_refused(params: Json, why: str) -> None:
    with pytest.raises(Refused, match=why):
        HERE.prepared(HERE.port(), params)


def test_a_value_from_config_stands_there_as_secrets_hold_it() -> None:
    port = HERE.port()
    kind, fault = HERE.prepared(port, {"key": "a", "value": "wrong"})
    kind.inject(fault, mark_of(fault))
    assert seen(port.obj, HERE.path) == coded("wrong")
    assert kind.observe(fault).holds
