from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.errors import PlatformError
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import meta_of, page_of
from simian_army.targets.kube.kinds import POD
from tests.targets.kube.stub import meta, obj, pod

PARTIAL = Call("list", POD, partial=True)
WHOLE = Call("list", POD)
BAD: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "no metadata": {"kind": "Pod"},
    "metadata is null": {"metadata": None},
    "no uid": {"metadata": {"name": "x", "creationTimestamp": "2026-01-02T03:04:05Z"}},
    "empty uid": {"metadata": meta("x", uid="")},
    "no birth": {"metadata": meta("x", creationTimestamp=None)},
    "a birth without zone": {"metadata": meta("x", creationTimestamp="2026-01-02T03:04:05")},
    "labels are a list": {"metadata": meta("x", labels=["a"])},
    "a label is a number": {"metadata": meta("x", labels={"a": 1})},
    "owners are a map": {"metadata": meta("x", ownerReferences={})},
    "an owner without uid": {"metadata": meta("x", ownerReferences=[{"apiVersion": "v1", "kind": "A", "name": "a"}])},
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def body(items: Any, call: Call = PARTIAL, **more: Any) -> bytes:
    kind = "PartialObjectMetadataList" if call.partial else "PodList"
    return json.dumps({"kind": kind, "metadata": {}, "items": items, **more}).encode()


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("call", [PARTIAL, WHOLE], ids=["partial", "whole"])
def test_one_bad_object_leaves_the_others_seen(call: Call, bad: Any) -> None:
    page = page_of("host", call, body([pod("a", "shop"), bad, pod("b", "shop")], call))
    assert [entry.metadata.name for entry in page.entries] == ["a", "b"]
    assert len(page.unreadable) == 1


def test_a_bad_object_is_called_by_its_name_if_it_has_one() -> None:
    bad = [{"metadata": meta("x", "shop", labels=[])}, {"metadata": {}}, 7]
    assert page_of("host", PARTIAL, body(bad)).unreadable == ["shop/x", "item 1", "item 2"]


@given(st.lists(json_values, max_size=4))
def test_no_items_break_the_reader_and_each_is_counted(items: list[Any]) -> None:
    page = page_of("host", PARTIAL, body([*items, pod("a", "shop")]))
    assert len(page.entries) + len(page.unreadable) == len(items) + 1
    assert page.entries[-1].metadata.name == "a"


@given(json_values)
def test_metadata_of_anything_is_something_or_none(value: Any) -> None:
    meta_of(value)
    meta_of({"metadata": value})


def test_fields_of_later_servers_are_passed_over() -> None:
    strange = pod("a", "shop", managedFields=[{"x": 1}], somethingNew={"y": []})
    assert len(page_of("host", PARTIAL, body([strange])).entries) == 1


def test_a_list_that_is_null_is_empty() -> None:
    assert page_of("host", PARTIAL, body(None)).entries == []
    assert page_of("host", WHOLE, body(None, WHOLE)).entries == []


def test_a_whole_list_keeps_the_objects() -> None:
    page = page_of("host", WHOLE, body([obj("v1", "Pod", meta("a"), spec={"nodeName": "n"})], WHOLE))
    assert page.entries[0].whole is not None
    assert page.entries[0].whole["spec"] == {"nodeName": "n"}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"kind": "PartialObjectMetadataList"}',
        b'{"kind": "Status", "metadata": {}}',
        b'{"kind": "PodList", "metadata": {}, "items": []}',
        b'{"kind": "PartialObjectMetadataList", "metadata": {}, "items": {}}',
    ],
)
def test_what_is_not_the_list_we_asked_for_is_a_located_error(answer: bytes) -> None:
    with pytest.raises(PlatformError, match="host: list pods: not an answer"):
        page_of("host", PARTIAL, answer)


def test_equal_pods_share_what_they_say() -> None:
    from simian_army.targets.kube.decode import Twins

    twins = Twins()
    owner = obj("apps/v1", "ReplicaSet", meta("rs", "shop"))
    page = page_of("host", PARTIAL, body([pod(name, "shop", owner, labels={"app": "web"}) for name in "ab"]))
    for entry in page.entries:
        twins.share(entry)
    one, two = (entry.metadata for entry in page.entries)
    assert one.labels is two.labels
    assert one.owner_references is two.owner_references
    assert (one.name, two.name) == ("a", "b")
