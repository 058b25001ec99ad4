"""Are the annotations that config names read beside the labels, on every level, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simian_army.model import Level, Selector
from simian_army.standing import note_key
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import PLAIN, Forms, meta_of, page_of
from simian_army.targets.kube.kinds import POD
from tests.targets.kube.stub import Obj, Shelf, connected, meta, obj, pod, serving

OK = "chaos.alpha.kubernetes.io/enabled"
NOTED = note_key(OK)
FORMS = Forms((OK, "other.example/ok"))
PARTIAL, WHOLE = Call("list", POD, partial=True), Call("list", POD)


def noted(name: str, annotations: Any, **more: Any) -> Obj:
    return obj("v1", "Pod", meta(name, "shop", annotations=annotations, **more))


def page(call: Call, *items: Obj) -> bytes:
    kind = "PartialObjectMetadataList" if call.partial else "PodList"
    return json.dumps({"kind": kind, "metadata": {}, "items": items}).encode()


@pytest.mark.parametrize("call", [PARTIAL, WHOLE], ids=["partial", "whole"])
def test_an_annotation_that_config_names_stands_among_the_labels(call: Call) -> None:
    body = page(call, noted("a", {OK: "true", "secret": "x"}, labels={"app": "web"}), noted("b", {"secret": "x"}))
    first, second = page_of("host", call, body, FORMS).entries
    assert first.metadata.labels == {"app": "web", NOTED: "true"}
    assert not second.metadata.labels
    plain, _ = page_of("host", call, body).entries
    assert plain.metadata.labels == {"app": "web"}


def test_beside_bad_objects_too() -> None:
    body = page(PARTIAL, {"metadata": None}, noted("a", {OK: "true"}), noted("b", {OK: 7}))
    read = page_of("host", PARTIAL, body, FORMS)
    assert [entry.metadata.labels for entry in read.entries] == [{NOTED: "true"}]
    assert read.unreadable == ["item 0", "shop/b"]


def test_in_an_object_read_whole() -> None:
    found = meta_of(noted("a", {OK: "", "other.example/ok": "yes"}), FORMS)
    assert found is not None
    assert found.labels == {NOTED: "", note_key("other.example/ok"): "yes"}
    bare = meta_of(noted("a", None), FORMS)
    assert bare is not None
    assert not bare.labels


def test_our_own_annotations_are_read_as_before() -> None:
    marked = {"simian-army/fault": "{}", "kubernetes.io/config.mirror": "x", OK: "true"}
    for forms in (PLAIN, FORMS):
        found = meta_of(noted("a", marked), forms)
        assert found is not None
        assert found.annotations is not None
        assert (found.annotations.fault, found.annotations.mirror) == ("{}", "x")


@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
def test_they_are_seen_on_every_level_in_a_list_and_in_a_read(*, named: bool) -> None:
    deployment = obj("apps/v1", "Deployment", meta("web", "shop", annotations={OK: "true"}))
    replicaset = obj("apps/v1", "ReplicaSet", meta("web-1", "shop", deployment))
    space = obj("v1", "Namespace", meta("shop", annotations={OK: "false"}))
    one = pod("web-1-a", "shop", replicaset, annotations={OK: "maybe"})
    shelf = {
        "/apis/apps/v1/namespaces/shop/deployments": [deployment],
        "/apis/apps/v1/namespaces/shop/replicasets": [replicaset],
        "/api/v1/namespaces/shop/pods": [one],
        "/api/v1/namespaces": [space],
    }
    keys = (OK,) if named else ()
    with (
        serving(Shelf(shelf)) as server,
        connected(server.url, namespaces=("shop",), annotations=keys) as cluster,
    ):
        (listed,) = cluster.find(Selector("pod"))
        read = cluster.read(listed)
        assert read is not None
        for target in (listed, read):
            assert target.labels == ({NOTED: "maybe"} if named else {})
            assert target.levels == (
                Level("ReplicaSet", "web-1", {}),
                Level("Deployment", "web", {NOTED: "true"} if named else {}),
                Level("Namespace", "shop", {NOTED: "false"} if named else {}),
            )
