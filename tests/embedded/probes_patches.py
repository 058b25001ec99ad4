"""Probes: JSON patches, merge patches, and the patches there are not."""

from __future__ import annotations

from tests.embedded.probes import Json, Table
from tests.embedded.scene import Scene

probe = Table()
NO = [400, "BadRequest"]
INVALID = [422, "Invalid"]
CONFLICT = [409, "Conflict"]
MEDIA = [415, "UnsupportedMediaType"]
DATA = {"one": "1", "two": "2"}


def _op(op: str, path: str, **more: Json) -> Json:
    return {"op": op, "path": path, **more}


JSON_PATCHES: dict[str, tuple[Json, Json]] = {
    "adds": ([_op("add", "/data/three", value="3")], {**DATA, "three": "3"}),
    "adds over what is there": ([_op("add", "/data/one", value="3")], {**DATA, "one": "3"}),
    "replaces": ([_op("replace", "/data/one", value="3")], {**DATA, "one": "3"}),
    "removes": ([_op("remove", "/data/one")], {"two": "2"}),
    "moves": ([_op("move", "/data/three", **{"from": "/data/one"})], {"two": "2", "three": "1"}),
    "copies": ([_op("copy", "/data/three", **{"from": "/data/one"})], {**DATA, "three": "1"}),
    "does nothing when it is empty": ([], DATA),
    "does nothing when its test holds": ([_op("test", "/data/one", value="1")], DATA),
    "tests a whole object": ([_op("test", "/data", value={"two": "2", "one": "1"})], DATA),
    "acts when its test holds": ([_op("test", "/data/one", value="1"), _op("remove", "/data/one")], {"two": "2"}),
    "refuses when its test fails": ([_op("test", "/data/one", value="2")], INVALID),
    "refuses when a test of what is not there fails": ([_op("test", "/data/six", value="2")], INVALID),
    "takes what is not there for null": ([_op("test", "/data/six", value=None)], DATA),
    "tests what is there against null": ([_op("test", "/data/one", value=None)], INVALID),
    "refuses a test below what is not there": ([_op("test", "/wishes/one/two", value="2")], INVALID),
    "refuses to test a number for text": ([_op("test", "/data/one", value=1)], INVALID),
    "refuses to remove what is not there": ([_op("remove", "/data/six")], INVALID),
    "refuses to replace what is not there": ([_op("replace", "/data/six", value="6")], INVALID),
    "refuses to add below what is not there": ([_op("add", "/metadata/labels/x", value="y")], INVALID),
    "refuses to copy what is not there": ([_op("copy", "/data/seven", **{"from": "/data/six"})], INVALID),
    "refuses an operation nobody knows": ([_op("wish", "/data/one", value="2")], INVALID),
    "refuses an operation without a path": ([{"op": "remove"}], INVALID),
    "refuses a path that does not begin with a slash": ([_op("remove", "data/one")], INVALID),
    "refuses what it makes invalid": ([_op("add", "/metadata/labels", value={"a": "-"})], INVALID),
    "is no object": ({"op": "remove"}, NO),
    "is no list of texts": (["remove"], NO),
    "is no JSON": (b"[nonsense", NO),
    "cannot change the name": ([_op("replace", "/metadata/name", value="b")], NO),
    "cannot change the namespace": ([_op("replace", "/metadata/namespace", value="default")], NO),
    "cannot change the uid": ([_op("replace", "/metadata/uid", value="b")], INVALID),
    "is held to the version it says": ([_op("replace", "/metadata/resourceVersion", value="1")], CONFLICT),
    "is held to the version it tests": ([_op("test", "/metadata/resourceVersion", value="1")], INVALID),
    "reads ~1 as a slash": ([_op("test", "/metadata/annotations/a~1b", value="c")], DATA),
    "changes nothing when a later operation fails": (
        [_op("remove", "/data/one"), _op("test", "/data/two", value="no")],
        INVALID,
    ),
    "is applied in order": ([_op("add", "/data/x", value="1"), _op("test", "/data/x", value="1")], {**DATA, "x": "1"}),
}
MERGE_PATCHES: dict[str, tuple[Json, Json]] = {
    "adds": ({"data": {"three": "3"}}, {**DATA, "three": "3"}),
    "replaces": ({"data": {"one": "3"}}, {**DATA, "one": "3"}),
    "removes by null": ({"data": {"one": None}}, {"two": "2"}),
    "does not mind removing what is not there": ({"data": {"six": None}}, DATA),
    "removes a whole field": ({"data": None}, None),
    "does nothing when it is empty": ({}, DATA),
    "is a list": (b"[]", NO),
    "is no JSON": (b"{nonsense", NO),
    "is held to the version it says": ({"metadata": {"resourceVersion": "1"}, "data": {"one": "3"}}, CONFLICT),
    "is held to the uid it says": ({"metadata": {"uid": "other"}, "data": {"one": "3"}}, INVALID),
    "cannot change the name": ({"metadata": {"name": "b"}}, NO),
    "refuses what it makes invalid": ({"metadata": {"labels": {"a": "-"}}}, INVALID),
    "refuses a label that is a number": ({"metadata": {"labels": {"a": 1}}}, INVALID),
    "cannot change the kind": ({"kind": "Secret"}, INVALID),
}


def _patched(body: Json, media: str) -> Json:
    def act(at: Scene) -> Json:
        before = at.make("configmaps", "a", data=DATA, annotations={"a/b": "c"})
        answer = at.patch("configmaps/a", body, f"application/{media}+json")
        after = at.get("configmaps/a").body
        if answer.code == 200:
            assert after == answer.body
            return after.get("data")
        return answer.said if after == before else [answer.said, "and yet it changed", after]

    return act


for word, (body, said) in JSON_PATCHES.items():
    probe.add(f"a JSON patch {word}", _patched(body, "json-patch"), said)
for word, (body, said) in MERGE_PATCHES.items():
    probe.add(f"a merge patch {word}", _patched(body, "merge-patch"), said)


@probe("a merge patch of a list replaces it whole", ["b"])
def _(at: Scene) -> Json:
    at.make("configmaps", "a", finalizers=["simian.test/a"])
    found = at.patch("configmaps/a", {"metadata": {"finalizers": ["simian.test/b"]}}).body["metadata"]["finalizers"]
    at.patch("configmaps/a", {"metadata": {"finalizers": None}})
    return [one.rpartition("/")[2] for one in found]


@probe("a patch that changes nothing makes no new version", True)
def _(at: Scene) -> Json:
    old = at.make("configmaps", "a", data=DATA)
    new = at.patch("configmaps/a", {"data": DATA}).body
    return new["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"]


@probe("a patch of what is not there is answered 404", [[404, "NotFound"]] * 2)
def _(at: Scene) -> Json:
    bodies: list[Json] = [{}, []]
    return [at.patch("configmaps/nobody", body).said for body in bodies]


@probe("a patch of a collection is answered 405", [405, "MethodNotAllowed"])
def _(at: Scene) -> Json:
    return at.patch("configmaps", {}).said


@probe("a patch in another form is answered 415", [MEDIA, MEDIA, MEDIA])
def _(at: Scene) -> Json:
    at.make("configmaps", "a")
    return [at.patch("configmaps/a", {}, media).said for media in ("application/json", "text/plain", "application/x")]


@probe("a strategic merge patch")
def _(at: Scene) -> Json:
    at.make("configmaps", "a")
    return at.patch("configmaps/a", {"data": {"a": "b"}}, "application/strategic-merge-patch+json").said


@probe("a server-side apply")
def _(at: Scene) -> Json:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    return at.patch("configmaps/a?fieldManager=me&force=true", body, "application/apply-patch+yaml").said
