"""Probes: what changes with time: watches, deletions, evictions, and the controllers that make good what is lost."""

from __future__ import annotations

import uuid

from tests.cluster.world import budget, node
from tests.embedded.probes import Json, Table
from tests.embedded.scene import Scene, is_ready

probe = Table()
CONFLICT = [409, "Conflict"]
MISSING = [404, "NotFound"]
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


def _uid(obj: Json) -> str:
    uid: str = obj["metadata"]["uid"]
    return uid


def _eviction(name: str, **options: Json) -> Json:
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, "deleteOptions": options}


@probe("a watch from a version tells every change since, in order", ["ADDED", "MODIFIED", "DELETED"])
def _(at: Scene) -> Json:
    then = at.get("configmaps").body["metadata"]["resourceVersion"]
    at.make("configmaps", "a", data={"one": "1"})
    at.patch("configmaps/a", {"data": {"one": "2"}})
    at.delete("configmaps/a")
    where = f"configmaps?watch=true&resourceVersion={then}&fieldSelector=metadata.name=a&timeoutSeconds=20"
    events = at.watch(where, 3)
    assert isinstance(events, list)
    return [event["type"] for event in events]


@probe("a watch tells an object that comes to match as added and one that ceases to as deleted", ["ADDED", "DELETED"])
def _(at: Scene) -> Json:
    then = at.get("configmaps").body["metadata"]["resourceVersion"]
    at.make("configmaps", "a")
    at.patch("configmaps/a", {"metadata": {"labels": {"on": "yes"}}})
    at.patch("configmaps/a", {"metadata": {"labels": {"on": None}}})
    events = at.watch(f"configmaps?watch=true&resourceVersion={then}&labelSelector=on%3Dyes&timeoutSeconds=20", 2)
    assert isinstance(events, list)
    return [event["type"] for event in events]


@probe("a watch ends by itself after its timeoutSeconds", [])
def _(at: Scene) -> Json:
    then = at.get("configmaps").body["metadata"]["resourceVersion"]
    return at.watch(f"configmaps?watch=true&resourceVersion={then}&labelSelector=no%3Done&timeoutSeconds=1")


@probe("a deletion is held to the uid and the version it names", [CONFLICT, CONFLICT, 200, MISSING])
def _(at: Scene) -> Json:
    made = at.make("configmaps", "a")
    said = [
        at.delete("configmaps/a", {"preconditions": {"uid": str(uuid.uuid4())}}).said,
        at.delete("configmaps/a", {"preconditions": {"resourceVersion": "1"}}).said,
    ]
    good = {"preconditions": {"uid": _uid(made), "resourceVersion": made["metadata"]["resourceVersion"]}}
    return [*said, at.delete("configmaps/a", good).said, at.get("configmaps/a").said]


@probe("a deletion that is a dry run deletes nothing", [200, 200])
def _(at: Scene) -> Json:
    at.make("configmaps", "a")
    return [at.delete("configmaps/a?dryRun=All").said, at.get("configmaps/a").said]


@probe("an eviction is held to the uid it names, and a dry one evicts nobody", [CONFLICT, 201, True, 201, True])
def _(at: Scene) -> Json:
    pod = at.running("a", {"app": "a"})
    wrong = at.post("pods/a/eviction", _eviction("a", preconditions={"uid": str(uuid.uuid4())})).said
    dry = at.post("pods/a/eviction", _eviction("a", dryRun=["All"])).said
    still = "deletionTimestamp" not in at.get("pods/a").body["metadata"]
    good = _eviction("a", preconditions={"uid": _uid(pod)}, gracePeriodSeconds=0)
    return [wrong, dry, still, at.post("pods/a/eviction", good).said, at.gone("pods/a")]


@probe("an eviction of nobody is answered 404", MISSING)
def _(at: Scene) -> Json:
    return at.post("pods/nobody/eviction", _eviction("nobody")).said


@probe("a budget counts its pods, refuses an eviction too many and names itself", [[2, 2, 0], 429, True])
def _(at: Scene) -> Json:
    pods = at.deploy("web", 2)
    at.post("poddisruptionbudgets", budget("web", "web", 2))
    path = "poddisruptionbudgets/web"

    def counted() -> Json:
        status = at.get(path).body.get("status", {})
        return status if status.get("currentHealthy") == 2 else None

    status = at.until(counted)
    name = pods[0]["metadata"]["name"]
    answer = at.post(f"pods/{name}/eviction", _eviction(name))
    numbers = [status["currentHealthy"], status["desiredHealthy"], status["disruptionsAllowed"]]
    return [numbers, answer.code, "web" in str(answer.body.get("details", {}).get("causes"))]


@probe("a pod that is evicted comes back under the same ReplicaSet with another uid", [201, True, True])
def _(at: Scene) -> Json:
    pod, *_ = at.deploy("web", 2)
    owner = pod["metadata"]["ownerReferences"][0]["uid"]
    name = pod["metadata"]["name"]
    said = at.post(f"pods/{name}/eviction", _eviction(name, gracePeriodSeconds=0)).said
    at.gone(f"pods/{name}")
    now = at.whole("app=web", 2)
    owners = {new["metadata"]["ownerReferences"][0]["uid"] for new in now}
    return [said, owners == {owner}, _uid(pod) not in map(_uid, now)]


@probe("the EndpointSlice of a Service follows the pods that are ready", [2, 1])
def _(at: Scene) -> Json:
    at.deploy("web", 2)
    ports = [{"port": 80, "targetPort": 80}]
    at.post("services", {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}})

    def ready(count: int) -> int:
        def look() -> int | None:
            slices = at.items("endpointslices?labelSelector=kubernetes.io/service-name%3Dweb")
            points = [point for one in slices for point in one.get("endpoints") or ()]
            return count if sum(bool(p.get("conditions", {}).get("ready")) for p in points) == count else None

        return at.until(look)

    first = ready(2)
    at.patch("deployments/web/scale", {"spec": {"replicas": 1}})
    return [first, ready(1)]


@probe("a Deployment is scaled through its scale, and its ReplicaSet follows", [2, 3, 200])
def _(at: Scene) -> Json:
    at.deploy("web", 2)
    scale = at.get("deployments/web/scale").body
    said = at.patch("deployments/web/scale", {"spec": {"replicas": 3}}).said
    return [scale["spec"]["replicas"], len(at.whole("app=web", 3)), said]


@probe("a list of metadata holds metadata alone", ["PartialObjectMetadataList", ["metadata"], True])
def _(at: Scene) -> Json:
    at.make("configmaps", "a", data={"secret": "word"})
    answer = at.get("configmaps?fieldSelector=metadata.name=a", PARTIAL).body
    rest = sorted(set(answer["items"][0]) - {"kind", "apiVersion"})
    return [answer["kind"], rest, "word" not in str(answer)]


@probe("an access review says whether one may", True)
def _(at: Scene) -> Json:
    what = {"verb": "get", "resource": "pods", "namespace": at.scope}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": what},
    }
    return at.post(path, body).body["status"]["allowed"]


@probe("discovery tells the kinds of a group with their plural and scope", [["Deployment", True], ["Node", False]])
def _(at: Scene) -> Json:
    def told(path: str, name: str) -> Json:
        return next([r["kind"], r["namespaced"]] for r in at.get(path).body["resources"] if r["name"] == name)

    return [told("/apis/apps/v1", "deployments"), told("/api/v1", "nodes")]


@probe("a namespace that is deleted goes with all that is in it", [200, True, True])
def _(at: Scene) -> Json:
    at.deploy("web", 1)
    at.make("configmaps", "a")
    said = at.delete(f"/api/v1/namespaces/{at.scope}").said
    return [said, at.gone(f"/api/v1/namespaces/{at.scope}"), at.get("configmaps/a").code == 404]


@probe("a deletion that is to leave what is owned behind", None)
def _(at: Scene) -> Json:
    at.make("configmaps", "a")
    return at.delete("configmaps/a", {"propagationPolicy": "Orphan"}).code


@probe("what is deleted takes along what it owns", [True, True])
def _(at: Scene) -> Json:
    at.deploy("web", 1)
    at.delete("deployments/web", {"propagationPolicy": "Background"})
    at.until(lambda: not at.items("replicasets"))
    return [at.until(lambda: not at.items("pods")), at.get("deployments/web").code == 404]


@probe("a NoExecute taint makes those leave who do not tolerate it, and lets in who does", [True, True, True])
def _(at: Scene) -> Json:
    name = f"node-{at.scope}"
    there = node(name, {})
    taint = {"key": "example.com/out", "value": "x", "effect": "NoExecute"}
    assert at.post("/api/v1/nodes", there).code == 201
    try:
        at.until(lambda: not at.get(f"/api/v1/nodes/{name}").body["spec"].get("taints"))
        for pod, tolerations in TOLERATING.items():
            at.pod(pod, node=name, tolerations=tolerations)
        at.until(lambda: all(is_ready(at.get(f"pods/{pod}").body) for pod in TOLERATING))
        at.patch(f"/api/v1/nodes/{name}", {"spec": {"taints": [taint]}})
        gone = at.gone("pods/none") and at.gone("pods/other")
        stay = all(is_ready(at.get(f"pods/{pod}").body) for pod in ("all", "key", "equal"))
        at.pod("late", tolerations=TOLERATING["key"], nodeSelector={"kubernetes.io/hostname": name})
        late = at.until(lambda: is_ready(at.get("pods/late").body))
        return [gone, stay, late]
    finally:
        at.delete(f"/api/v1/nodes/{name}")


TOLERATING: Json = {
    "none": [],
    "other": [{"key": "example.com/out", "value": "y", "effect": "NoExecute"}],
    "all": [{"operator": "Exists"}],
    "key": [{"key": "example.com/out", "operator": "Exists"}],
    "equal": [{"key": "example.com/out", "value": "x"}],
}
