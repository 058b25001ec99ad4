from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from simian_army.contract import FaultKind
from simian_army.errors import Refused
from simian_army.faults.k8s.pod_delete import PodDelete
from simian_army.faults.k8s.pod_evict import PodEvict
from simian_army.model import Fault, Mark, Target
from simian_army.testing.fakes import OnePort

BORN = datetime(2026, 1, 1, tzinfo=UTC)
POD = Target("kubernetes", "pod", "u1", "web", "shop", "shop/Deployment/web", BORN, {}, facts={"resourceVersion": "7"})
MARK = Mark("f", "r", "k", BORN, {}, "")
kinds = pytest.mark.parametrize("make", [PodEvict, PodDelete])


def there(**more: Any) -> OnePort:
    return OnePort({"metadata": {"name": "web", "uid": "u1", "resourceVersion": "7", **more}})


@kinds
def test_a_pod_fault_is_momentary_and_its_controller_makes_good(make: type[PodEvict | PodDelete]) -> None:
    kind: FaultKind = make(there())
    assert (kind.strikes, kind.platform, kind.reversible, kind.replaces) == ("pod", "kubernetes", False, True)
    assert kind.reach(Fault(kind.name, POD)) is None
    assert set(kind.params) == {"grace"}
    assert dict(kind.undo) == {}


@kinds
def test_preparing_changes_nothing_and_needs_no_undo(make: type[PodEvict | PodDelete]) -> None:
    port = there()
    assert make(port).prepare(Fault("k", POD, {"grace": 0})) is None
    assert port.acts == []


@kinds
@pytest.mark.parametrize("grace", [-1, 1.5, "3", True, [1]])
def test_a_grace_that_is_no_number_of_seconds_is_refused(make: type[PodEvict | PodDelete], grace: object) -> None:
    with pytest.raises(Refused, match="whole number of seconds"):
        make(there()).prepare(Fault("k", POD, {"grace": grace}))


@kinds
def test_an_unknown_parameter_is_refused(make: type[PodEvict | PodDelete]) -> None:
    with pytest.raises(Refused, match="knows no parameter graze; known: grace"):
        make(there()).prepare(Fault("k", POD, {"graze": 1}))


@kinds
@pytest.mark.parametrize(
    ("port", "why"),
    [
        (OnePort(None), "gone"),
        (there(uid="another"), "gone"),
        (there(deletionTimestamp="2026-01-01T00:00:00Z"), "being deleted"),
    ],
)
def test_a_pod_that_is_gone_or_going_is_refused(make: type[PodEvict | PodDelete], port: OnePort, why: str) -> None:
    with pytest.raises(Refused, match=f"pod shop/web: {why} already"):
        make(port).prepare(Fault("k", POD))


@kinds
def test_the_effect_is_seen_only_once_it_is_there(make: type[PodEvict | PodDelete]) -> None:
    port = there()
    kind, fault = make(port), Fault("k", POD, {"grace": 5})
    assert not kind.observe(fault).holds
    kind.inject(fault, MARK)
    assert kind.observe(fault).holds
    port.obj = None
    assert kind.observe(fault).holds


def test_an_eviction_gives_the_grace_it_was_told() -> None:
    port = there()
    PodEvict(port).inject(Fault("k", POD, {"grace": 5}), MARK)
    assert port.acts == [("evict", "u1", 5)]


def test_a_deletion_is_of_the_version_that_was_judged() -> None:
    port = there()
    PodDelete(port).inject(Fault("k", POD), MARK)
    assert port.acts == [("delete", "u1", None, "7")]
    bare = there()
    PodDelete(bare).inject(Fault("k", replace(POD, facts={})), MARK)
    assert bare.acts == [("delete", "u1", None, "")]


@kinds
def test_there_is_nothing_to_revert(make: type[PodEvict | PodDelete]) -> None:
    port = there()
    assert make(port).revert(Fault("k", POD), MARK).holds
    assert port.acts == []
