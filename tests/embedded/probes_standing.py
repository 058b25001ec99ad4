"""Probes: what workloads, budgets and autoscalers say of how they stand, which is what a forecast is made of."""

from __future__ import annotations

from tests.cluster.world import budget
from tests.embedded.probes import Json, Table
from tests.embedded.scene import Scene

probe = Table()
UNREADY = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}


def _template(name: str) -> Json:
    containers = [{"name": "app", "image": "example.invalid/app:1"}]
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": containers},
    }


def _spec(name: str, **more: Json) -> Json:
    return {"selector": {"matchLabels": {"app": name}}, "template": _template(name), **more}


def _seen(obj: Json) -> bool:
    generation: int = obj["metadata"]["generation"]
    return bool(obj.get("status", {}).get("observedGeneration") == generation)


def _evicted(at: Scene, name: str) -> int:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, "deleteOptions": {}}
    return at.post(f"pods/{name}/eviction", body).code


@probe("an autoscaler that does not say how few it keeps keeps one", [1, 3, "Deployment"])
def _(at: Scene) -> Json:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    first = at.make("horizontalpodautoscalers", "a", spec={"scaleTargetRef": target, "maxReplicas": 5})
    more = at.make("horizontalpodautoscalers", "b", spec={"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 5})
    listed = at.items("horizontalpodautoscalers")
    kinds = {one["spec"]["scaleTargetRef"]["kind"] for one in listed}
    return [first["spec"]["minReplicas"], more["spec"]["minReplicas"], *kinds]


@probe("a Deployment at rest has seen its generation, and all of its pods are new", [2, 2, 2, []])
def _(at: Scene) -> Json:
    at.deploy("web", 2)

    def rest() -> Json:
        found = at.get("deployments/web").body
        return found if _seen(found) and found["status"].get("readyReplicas") == 2 else None

    status = at.until(rest)["status"]
    moving = [c["reason"] for c in status.get("conditions") or () if c["type"] == "Progressing"]
    counts = [status[word] for word in ("replicas", "updatedReplicas", "readyReplicas")]
    return [*counts, [reason for reason in moving if reason not in ("NewReplicaSetAvailable", "ReplicaSetUpdated")]]


@probe("a new template leaves fewer pods new than there are, until it is rolled out", [True, 2, 2])
def _(at: Scene) -> Json:
    at.deploy("web", 2)
    at.patch("deployments/web", {"spec": {"template": {"metadata": {"annotations": {"new": "yes"}}}}})

    def rolled() -> Json:
        status = at.get("deployments/web").body.get("status", {})
        done = status.get("observedGeneration") == 2 and status.get("replicas") == status.get("updatedReplicas") == 2
        return status if done else None

    status = at.until(rolled)
    return [True, status["replicas"], status["updatedReplicas"]]


@probe("a StatefulSet writes each pod's ordinal on it, and at rest its two revisions are one", [["0", "1"], True, 2])
def _(at: Scene) -> Json:
    at.make("statefulsets", "db", spec=_spec("db", replicas=2, serviceName="db"))
    pods = at.whole("app=db", 2)

    def rest() -> Json:
        found = at.get("statefulsets/db").body
        return found if _seen(found) and found["status"].get("updatedReplicas") == 2 else None

    status = at.until(rest)["status"]
    ordinals = sorted(pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] for pod in pods)
    return [ordinals, status["currentRevision"] == status["updateRevision"], status["updatedReplicas"]]


@probe("a StatefulSet that replaces only what is deleted tells the revision that waits", [True, 0])
def _(at: Scene) -> Json:
    at.make("statefulsets", "db", spec=_spec("db", replicas=2, serviceName="db", updateStrategy={"type": "OnDelete"}))
    at.whole("app=db", 2)
    at.patch("statefulsets/db", {"spec": {"template": {"metadata": {"annotations": {"new": "yes"}}}}})

    def waits() -> Json:
        found = at.get("statefulsets/db").body
        status = found["status"]
        return status if _seen(found) and status["currentRevision"] != status["updateRevision"] else None

    status = at.until(waits)
    return [True, status.get("updatedReplicas", 0)]


@probe("a DaemonSet at rest has seen its generation, and all of its pods are new", [True, True])
def _(at: Scene) -> Json:
    at.make("daemonsets", "logs", spec=_spec("logs"))

    def rest() -> Json:
        found = at.get("daemonsets/logs").body
        status = found.get("status", {})
        whole = status.get("numberReady", 0) == status.get("desiredNumberScheduled") != 0
        return status if _seen(found) and whole else None

    status = at.until(rest)
    counts = {status.get(f"{word}NumberScheduled") for word in ("desired", "current", "updated")}
    return [len(counts) == 1, status["numberReady"] > 0]


@probe("a budget that is changed is counted anew", [[1, 1], [0, 2]])
def _(at: Scene) -> Json:
    at.deploy("web", 2)
    at.post("poddisruptionbudgets", budget("web", "web", 1))

    def counted(needed: int) -> Json:
        def look() -> Json:
            found = at.get("poddisruptionbudgets/web").body
            status = found.get("status", {})
            now = _seen(found) and (status["currentHealthy"], status["desiredHealthy"]) == (2, needed)
            return [status["disruptionsAllowed"], status["desiredHealthy"]] if now else None

        return at.until(look)

    first = counted(1)
    at.patch("poddisruptionbudgets/web", {"spec": {"minAvailable": 2}})
    return [first, counted(2)]


@probe("an eviction that was allowed is counted at once", [201, 0])
def _(at: Scene) -> Json:
    for name in ("a", "b"):
        at.running(name, {"app": "web"})  # of no owner, so that nothing makes good what goes
    at.post("poddisruptionbudgets", budget("web", "web", 1))
    path = "poddisruptionbudgets/web"
    at.until(lambda: at.get(path).body.get("status", {}).get("disruptionsAllowed") == 1)
    return [_evicted(at, "a"), at.get(path).body["status"]["disruptionsAllowed"]]


@probe("a pod that is not ready is no longer healthy to a budget, which lets it go", [1, 1, 201, 429])
def _(at: Scene) -> Json:
    pods = at.deploy("web", 2)
    at.post("poddisruptionbudgets", budget("web", "web", 1))
    names = [pod["metadata"]["name"] for pod in pods]
    at.patch(f"pods/{names[0]}/status", UNREADY)

    def counted() -> Json:
        found = at.get("poddisruptionbudgets/web").body
        return found["status"] if _seen(found) and found["status"]["currentHealthy"] == 1 else None

    status = at.until(counted)
    refused = _evicted(at, names[1])
    return [status["currentHealthy"], status["desiredHealthy"], _evicted(at, names[0]), refused]
