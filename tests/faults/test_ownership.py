from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.faults.k8s.ownership import US, Owner, hand_back, owners_of
from simian_army.model import Target
from tests.faults.nearby import NearPort

PATH = ("spec", "replicas")
WEB = Target("kubernetes", "deployment", "u1", "web", "shop", "", datetime(2026, 1, 1, tzinfo=UTC), {})
HELM, SCALER = ("helm", "Apply", "", "apps/v1"), ("kube-controller-manager", "Update", "scale", "apps/v1")
OURS = (US, "Update", "", "apps/v1")


def entry(owner: Owner, *fields: str) -> dict[str, Any]:
    manager, operation, sub, version = owner
    said: dict[str, Any] = (
        {"f:spec": {f"f:{name}": {} for name in fields}} if fields else {"f:metadata": {"f:labels": {".": {}}}}
    )
    made = {"manager": manager, "operation": operation, "apiVersion": version, "fieldsV1": said, "time": "t"}
    return {**made, **({"subresource": sub} if sub else {})}


def owned(*entries: dict[str, Any]) -> NearPort:
    return NearPort({"metadata": {"uid": "u1", "resourceVersion": "1", "managedFields": list(entries)}, "spec": {}})


def entries(port: NearPort) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (port.obj or {})["metadata"]["managedFields"]
    return found


def test_everybody_but_us_who_owns_a_field_is_told() -> None:
    port = owned(
        entry(HELM, "replicas", "paused"),
        entry(SCALER, "replicas"),
        entry(OURS, "replicas"),
        entry(("x", "Update", "", "v1")),
    )
    assert owners_of(port.obj or {}, PATH) == (HELM, SCALER)
    assert owners_of({"metadata": {}}, PATH) == ()
    assert owners_of({"metadata": {"managedFields": [{"manager": "x"}, "odd"]}}, PATH) == ()


def test_the_field_is_its_owners_again_and_not_ours() -> None:
    port = owned(entry(HELM, "paused"), entry(OURS, "replicas"), entry(SCALER))
    assert hand_back(port, WEB, PATH, [HELM]) == ""
    assert entries(port) == [entry(HELM, "paused", "replicas"), entry(SCALER)]
    assert (port.obj or {})["spec"] == {}


def test_whoever_owned_nothing_else_has_an_entry_again() -> None:
    port = owned(entry(OURS, "replicas"))
    assert hand_back(port, WEB, PATH, [SCALER]) == ""
    assert entries(port) == [{**entry(SCALER, "replicas"), "fieldsType": "FieldsV1"}]


def test_what_else_we_own_stays_ours() -> None:
    port = owned(entry(HELM, "paused"), entry(OURS, "replicas", "other"))
    assert hand_back(port, WEB, PATH, [HELM]) == ""
    assert entries(port) == [entry(HELM, "paused", "replicas"), entry(OURS, "other")]


def test_what_we_do_not_own_is_not_written() -> None:
    port = owned(entry(HELM, "replicas"))
    assert hand_back(port, WEB, PATH, [HELM]) == ""
    port.obj = None
    assert hand_back(port, WEB, PATH, [HELM]) == ""
    assert port.acts == []


def test_it_is_tried_again_when_the_object_changes_meanwhile_and_said_when_it_never_gets_through() -> None:
    port = owned(entry(OURS, "replicas"))
    port.before_patch = [port.touch] * 5
    assert "changed 5 times while spec.replicas" in hand_back(port, WEB, PATH, [HELM])
    port.before_patch = [port.touch] * 4
    assert hand_back(port, WEB, PATH, []) == ""
    assert entries(port) == []


OWNER = st.sampled_from([HELM, SCALER, ("kubectl", "Update", "", "apps/v1"), (US, "Apply", "", "apps/v1")])
FIELDS = st.sets(st.sampled_from(["replicas", "paused", "template"]))


@given(st.dictionaries(OWNER, FIELDS, max_size=4), st.booleans())
def test_whoever_owned_it_before_owns_it_after_and_nobody_else(before: dict[Any, set[str]], ours: bool) -> None:
    was = [entry(owner, *sorted(fields)) for owner, fields in before.items()]
    port = owned(*copy.deepcopy(was))
    owners = owners_of(port.obj or {}, PATH)
    for one in list(entries(port)):  # as the server does when we write the field
        if one["fieldsV1"].get("f:spec", {}).pop("f:replicas", None) == {} and not one["fieldsV1"]["f:spec"]:
            entries(port).remove(one)
    entries(port).append(entry(OURS, *(["replicas", "other"] if ours else ["replicas"])))
    assert hand_back(port, WEB, PATH, owners) == ""
    assert set(owners_of(port.obj or {}, PATH)) == set(owners)
    assert [one for one in entries(port) if one["manager"] == US and one["operation"] == "Update"] == (
        [entry(OURS, "other")] if ours else []
    )


@pytest.mark.parametrize("odd", [{}, {"f:spec": []}, None])
def test_entries_that_make_no_sense_are_left_alone(odd: Any) -> None:
    strange = {**entry(HELM), "fieldsV1": odd}
    port = owned(strange, entry(OURS, "replicas"))
    assert hand_back(port, WEB, PATH, []) == ""
    assert entries(port) == [strange]
