"""Probes: what may be created and replaced, and what a dry run leaves behind."""

from __future__ import annotations

from tests.embedded.probes import Act, Json, Table
from tests.embedded.scene import Scene

probe = Table()
NO = [400, "BadRequest"]
INVALID = [422, "Invalid"]
CONFLICT = [409, "Conflict"]
TAKEN = [409, "AlreadyExists"]
MISSING = [404, "NotFound"]

CREATES: dict[str, tuple[str, Json, Json]] = {
    "an object without kind and apiVersion": ("configmaps", {"metadata": {"name": "a"}}, 201),
    "an object of another kind": ("configmaps", {"kind": "Secret", "metadata": {"name": "a"}}, NO),
    "an object of another version": (
        "configmaps",
        {"kind": "ConfigMap", "apiVersion": "v2", "metadata": {"name": "a"}},
        NO,
    ),
    "an object without a name": ("configmaps", {"metadata": {}}, INVALID),
    "an object without metadata": ("configmaps", {"data": {}}, INVALID),
    "a name with capitals": ("configmaps", {"metadata": {"name": "Able"}}, INVALID),
    "a name with an underscore": ("configmaps", {"metadata": {"name": "a_b"}}, INVALID),
    "a name of 254 letters": ("configmaps", {"metadata": {"name": "a" * 254}}, INVALID),
    "a name with dots": ("configmaps", {"metadata": {"name": "a.b"}}, 201),
    "a namespace name with dots": ("/api/v1/namespaces", {"metadata": {"name": "a.b"}}, INVALID),
    "a service name with dots": ("services", {"metadata": {"name": "a.b"}, "spec": {"ports": [{"port": 1}]}}, INVALID),
    "a label with a bad value": ("configmaps", {"metadata": {"name": "a", "labels": {"a": "-"}}}, INVALID),
    "a label with a bad key": ("configmaps", {"metadata": {"name": "a", "labels": {"a/b/c": "d"}}}, INVALID),
    "a label with a capital prefix": ("configmaps", {"metadata": {"name": "a", "labels": {"A/b": "d"}}}, INVALID),
    "a label with a long key": ("configmaps", {"metadata": {"name": "a", "labels": {"a" * 64: "d"}}}, INVALID),
    "an annotation with a bad key": ("configmaps", {"metadata": {"name": "a", "annotations": {"a b": ""}}}, INVALID),
    "an annotation with capitals": ("configmaps", {"metadata": {"name": "a", "annotations": {"A.b/c": ""}}}, 201),
    "a label that is a number": ("configmaps", {"metadata": {"name": "a", "labels": {"a": 1}}}, NO),
    "an annotation that is a number": ("configmaps", {"metadata": {"name": "a", "annotations": {"a": 1}}}, NO),
    "a name that is a number": ("configmaps", {"metadata": {"name": 7}}, NO),
    "another namespace than that of the URL": (
        "configmaps",
        {"metadata": {"name": "a", "namespace": "kube-system"}},
        NO,
    ),
    "what is no JSON": ("configmaps", b"{nonsense", NO),
    "a list": ("configmaps", [1], NO),
    "nothing": ("configmaps", b"", NO),
    "a pod without containers": ("pods", {"metadata": {"name": "a"}, "spec": {}}, INVALID),
    "an object in a namespace that is not there": (
        "/api/v1/namespaces/nowhere/configmaps",
        {"metadata": {"name": "a"}},
        MISSING,
    ),
    "an object at its own URL": ("configmaps/a", {"metadata": {"name": "a"}}, [405, "MethodNotAllowed"]),
    "an object of a kind nobody knows": ("wishes", {"metadata": {"name": "a"}}, MISSING),
}


def _creates(where: str, body: Json) -> Act:
    return lambda at: at.post(where, body).said


for what, (where, body, said) in CREATES.items():
    probe.add(f"creating {what}: {said}", _creates(where, body), said)


@probe("an object that is created gets uid, version, time and namespace, whatever it claims", [[True] * 5, None, None])
def _(at: Scene) -> Json:
    stamp = "2001-01-01T00:00:00Z"
    claims = {"name": "a", "uid": "mine", "creationTimestamp": stamp, "deletionTimestamp": stamp}
    head = at.post("configmaps", {"metadata": {**claims, "deletionGracePeriodSeconds": 1}}).body["metadata"]
    true = [head["uid"] != "mine", head["creationTimestamp"] != stamp, head["namespace"] == at.scope]
    return [
        [*true, len(head["uid"]) == 36, head["resourceVersion"].isdecimal()],
        head.get("deletionTimestamp"),
        head.get("deletionGracePeriodSeconds"),
    ]


@probe("a name that is taken is answered 409 with the name in the details", [TAKEN, ["a", "configmaps"]])
def _(at: Scene) -> Json:
    at.make("configmaps", "a")
    answer = at.post("configmaps", {"metadata": {"name": "a"}})
    return [answer.said, [answer.body["details"]["name"], answer.body["details"]["kind"]]]


@probe("generateName makes a new name each time, with five letters at its end", [True, True, [7, 7]])
def _(at: Scene) -> Json:
    made = [at.post("configmaps", {"metadata": {"generateName": "a-"}}).body["metadata"]["name"] for _ in "12"]
    return [made[0] != made[1], all(name.startswith("a-") for name in made), list(map(len, made))]


@probe("a name wins over generateName", "a")
def _(at: Scene) -> Json:
    return at.make("configmaps", "a", generateName="b-")["metadata"]["name"]


@probe("an object created again after it went is another", True)
def _(at: Scene) -> Json:
    uids = []
    for _ in "12":
        uids.append(at.make("configmaps", "a", data={"a": "b"})["metadata"]["uid"])
        at.delete("configmaps/a")
    return uids[0] != uids[1]


@probe("the body must be said to be JSON", [[415, "UnsupportedMediaType"], [415, "UnsupportedMediaType"], 201])
def _(at: Scene) -> Json:
    body = {"metadata": {"name": "a"}}
    media = ("text/plain", "application/merge-patch+json", "application/json; charset=utf-8")
    return [at.post("configmaps", body, one).said for one in media]


@probe(
    "a replace with the present version is stored, one with an older version is answered 409", [200, CONFLICT, "new"]
)
def _(at: Scene) -> Json:
    old = at.make("configmaps", "a", data={"is": "old"})
    first = at.put("configmaps/a", {**old, "data": {"is": "new"}})
    second = at.put("configmaps/a", {**old, "data": {"is": "stale"}})
    return [first.said, second.said, at.get("configmaps/a").body["data"]["is"]]


@probe("a replace without a version is stored", [200, {"is": "new"}])
def _(at: Scene) -> Json:
    at.make("configmaps", "a", data={"is": "old"})
    answer = at.put("configmaps/a", {"metadata": {"name": "a"}, "data": {"is": "new"}})
    return [answer.said, answer.body["data"]]


@probe("a replace drops what it does not say, labels too, and keeps uid and birth", [None, None, True])
def _(at: Scene) -> Json:
    old = at.make("configmaps", "a", labels={"a": "b"}, data={"is": "old"})
    new = at.put("configmaps/a", {"metadata": {"name": "a"}}).body
    same = all(new["metadata"][key] == old["metadata"][key] for key in ("uid", "creationTimestamp"))
    return [new.get("data"), new["metadata"].get("labels"), same]


@probe("a replace that changes nothing makes no new version", True)
def _(at: Scene) -> Json:
    old = at.make("configmaps", "a", data={"is": "old"})
    return at.put("configmaps/a", old).body["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"]


REPLACES: dict[str, tuple[str, Json, Json]] = {
    "with another name": ("configmaps/a", {"metadata": {"name": "b"}}, NO),
    "without a name": ("configmaps/a", {"metadata": {}}, NO),
    "with another namespace": ("configmaps/a", {"metadata": {"name": "a", "namespace": "default"}}, NO),
    "with another uid": ("configmaps/a", {"metadata": {"name": "a", "uid": "other"}}, CONFLICT),
    "of what is not there": ("configmaps/nobody", {"metadata": {"name": "nobody"}}, MISSING),
    "of a collection": ("configmaps", {"metadata": {"name": "a"}}, [405, "MethodNotAllowed"]),
    "of a Lease without its version": ("leases/a", {"metadata": {"name": "a"}}, INVALID),
    "of a Lease that is not there": ("leases/nobody", {"metadata": {"name": "nobody"}}, 201),
    "of a budget without its version": ("poddisruptionbudgets/a", {"metadata": {"name": "a"}, "spec": {}}, INVALID),
}


def _replaces(where: str, body: Json) -> Json:
    def act(at: Scene) -> Json:
        at.make("configmaps", "a")
        at.make("leases", "a")
        at.make("poddisruptionbudgets", "a", spec={"minAvailable": 1, "selector": {}})
        return at.put(where, body).said

    return act


for what, (where, body, said) in REPLACES.items():
    probe.add(f"a replace {what}: {said}", _replaces(where, body), said)


@probe("the spec of a pod cannot be replaced but for its images", [INVALID, 200])
def _(at: Scene) -> Json:
    at.pod("a")
    where, path = "pods/a", "/spec/containers/0"
    return [
        at.patch(where, [{"op": "replace", "path": f"{path}/name", "value": "other"}]).said,
        at.patch(where, [{"op": "replace", "path": f"{path}/image", "value": "example.invalid/app:2"}]).said,
    ]


@probe("a dry create is answered as if it were stored, and is not", [201, True, MISSING, 201])
def _(at: Scene) -> Json:
    answer = at.post("configmaps?dryRun=All", {"metadata": {"name": "a"}})
    uid = bool(answer.body["metadata"].get("uid"))
    return [answer.said, uid, at.get("configmaps/a").said, at.post("configmaps", {"metadata": {"name": "a"}}).said]


@probe("a dry create of a taken name is answered 409 all the same", TAKEN)
def _(at: Scene) -> Json:
    at.make("configmaps", "a")
    return at.post("configmaps?dryRun=All", {"metadata": {"name": "a"}}).said


@probe("no dry write changes anything, and each answers what it would have", [[200] * 5, ["new", "new", None], True])
def _(at: Scene) -> Json:
    before = at.make("configmaps", "a", data={"is": "old"})
    answers = [
        at.put("configmaps/a?dryRun=All", {"metadata": {"name": "a"}, "data": {"is": "new"}}),
        at.patch("configmaps/a?dryRun=All", {"data": {"is": "new"}}),
        at.delete("configmaps/a?dryRun=All"),
        at.delete("configmaps/a", {"dryRun": ["All"]}),
        at.delete("configmaps?dryRun=All&labelSelector=!x"),
    ]
    told = [answer.body.get("data", {}).get("is") for answer in answers[:3]]
    return [[answer.said for answer in answers], told, at.get("configmaps/a").body == before]


@probe("a dry run of some parts only is no dry run there is", [INVALID, INVALID, INVALID])
def _(at: Scene) -> Json:
    at.make("configmaps", "a")
    create = at.post("configmaps?dryRun=Some", {"metadata": {"name": "b"}})
    return [create.said, at.delete("configmaps/a?dryRun=Some").said, at.delete("configmaps/a", {"dryRun": ["x"]}).said]


@probe("field validation Strict of a field nobody knows is answered 400", NO)
def _(at: Scene) -> Json:
    return at.post("configmaps?fieldValidation=Strict", {"metadata": {"name": "a"}, "wishes": 1}).said


@probe("a field that its kind does not have is dropped")
def _(at: Scene) -> Json:
    return "wishes" in at.make("configmaps", "a", wishes=1)


@probe("who manages a field is written down")
def _(at: Scene) -> Json:
    return "managedFields" in at.make("configmaps", "a", data={"a": "b"})["metadata"]


@probe("a type that is wrong is refused")
def _(at: Scene) -> Json:
    return at.post("leases", {"metadata": {"name": "a"}, "spec": {"leaseDurationSeconds": "long"}}).said


@probe("creating an object that claims a version")
def _(at: Scene) -> Json:
    return at.post("configmaps", {"metadata": {"name": "a", "resourceVersion": "1"}}).said


@probe("a replace with a version that is none")
def _(at: Scene) -> Json:
    at.make("configmaps", "a")
    return at.put("configmaps/a", {"metadata": {"name": "a", "resourceVersion": "x"}}).said


@probe("asking for a group nobody knows")
def _(at: Scene) -> Json:
    return at.get("/apis/no.such/v1/wishes").said
