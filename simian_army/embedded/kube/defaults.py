"""What the server fills in when an object is created, kind by kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simian_army.embedded.kube.objects import meta, name_of, put, spec_of, status_of
from simian_army.embedded.kube.resources import Resource, defined

Json = dict[str, Any]

TOLERATED = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
]
NODE_INFO = [
    "machineID",
    "systemUUID",
    "bootID",
    "kernelVersion",
    "osImage",
    "containerRuntimeVersion",
    "kubeletVersion",
    "kubeProxyVersion",
    "operatingSystem",
    "architecture",
]
CAPACITY = {"cpu": "8", "memory": "32Gi", "pods": "10000"}


def filled(resource: Resource, obj: Json, now: str) -> Json:
    """``obj`` with the defaults of its kind; what it says itself stays."""
    fill = FILLS.get(resource.id)
    return fill(obj, now) if fill else obj


def _pod_spec(spec: Json) -> Json:
    containers = [
        {
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
            **container,
        }
        for container in spec.get("containers") or ()
    ]
    return {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        **spec,
        "containers": containers,
    }


def _pod(obj: Json, now: str) -> Json:
    del now
    spec = {"serviceAccountName": "default", "enableServiceLinks": True, "priority": 0, **_pod_spec(spec_of(obj))}
    known = {item.get("key") for item in spec.get("tolerations") or ()}
    extra = [item for item in TOLERATED if item["key"] not in known]
    spec["tolerations"] = [*(spec.get("tolerations") or ()), *extra]
    return {**obj, "spec": spec, "status": {"phase": "Pending", "qosClass": "BestEffort", **status_of(obj)}}


def _templated(obj: Json, defaults: Json, status: Json) -> Json:
    spec = {**defaults, **spec_of(obj)}
    template = spec.get("template") or {}
    spec["template"] = {**template, "spec": _pod_spec(template.get("spec") or {})}
    return {**obj, "spec": spec, "status": {**status, **status_of(obj)}}


def _deployment(obj: Json, now: str) -> Json:
    del now
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    defaults = {"replicas": 1, "strategy": strategy, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
    return _templated(obj, defaults, {})


def _replicaset(obj: Json, now: str) -> Json:
    del now
    return _templated(obj, {"replicas": 1}, {"replicas": 0})


def _statefulset(obj: Json, now: str) -> Json:
    del now
    defaults = {"replicas": 1, "podManagementPolicy": "OrderedReady", "updateStrategy": {"type": "RollingUpdate"}}
    return _templated(obj, {**defaults, "revisionHistoryLimit": 10}, {"replicas": 0, "availableReplicas": 0})


def _daemonset(obj: Json, now: str) -> Json:
    del now
    counts = ("currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady")
    return _templated(obj, {"updateStrategy": {"type": "RollingUpdate"}}, dict.fromkeys(counts, 0))


def _job(obj: Json, now: str) -> Json:
    del now
    made = _templated(obj, {"parallelism": 1, "completions": 1, "backoffLimit": 6, "suspend": False}, {})
    if spec_of(obj).get("selector"):
        return made
    # a job may leave its selector to the server, which then uses the job's own uid
    labels = {"batch.kubernetes.io/controller-uid": str(meta(obj)["uid"]), "job-name": name_of(obj)}
    said = meta(made["spec"]["template"]).get("labels") or {}
    made = put(made, ("spec", "template", "metadata", "labels"), {**said, **labels})
    return put(made, ("spec", "selector"), {"matchLabels": {"batch.kubernetes.io/controller-uid": meta(obj)["uid"]}})


def _node(obj: Json, now: str) -> Json:
    labels = {"kubernetes.io/hostname": name_of(obj), **(meta(obj).get("labels") or {})}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}
    info = {**dict.fromkeys(NODE_INFO, ""), "kubeletVersion": "v0-simian-embedded"}
    status: Json = {
        "capacity": CAPACITY,
        "allocatable": CAPACITY,
        "conditions": [{**ready, "lastHeartbeatTime": now, "lastTransitionTime": now}],
        "addresses": [{"type": "Hostname", "address": name_of(obj)}],
        "nodeInfo": info,
        **status_of(obj),
    }
    return {**put(obj, ("metadata", "labels"), labels), "spec": spec_of(obj), "status": status}


def _namespace(obj: Json, now: str) -> Json:
    del now
    labels = {"kubernetes.io/metadata.name": name_of(obj), **(meta(obj).get("labels") or {})}
    made = put(obj, ("metadata", "labels"), labels)
    return {**made, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def _service(obj: Json, now: str) -> Json:
    del now
    ports = [{"protocol": "TCP", "targetPort": port.get("port"), **port} for port in spec_of(obj).get("ports") or ()]
    number = int(str(meta(obj)["uid"])[:4], 16)
    address = f"10.96.{number // 256}.{number % 254 + 1}"
    spec: Json = {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
        "clusterIP": address,
        **spec_of(obj),
        "ports": ports,
    }
    spec["clusterIPs"] = [spec["clusterIP"]]
    return {**obj, "spec": spec, "status": {"loadBalancer": {}, **status_of(obj)}}


def _budget(obj: Json, now: str) -> Json:
    del now
    counts = dict.fromkeys(("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"), 0)
    return {**obj, "status": {**counts, **status_of(obj)}}


def _autoscaler(obj: Json, now: str) -> Json:
    del now
    counts = {"currentReplicas": 0, "desiredReplicas": 0}
    return {**obj, "spec": {"minReplicas": 1, **spec_of(obj)}, "status": {**counts, **status_of(obj)}}


def _event(obj: Json, now: str) -> Json:
    times = {"firstTimestamp": now, "lastTimestamp": now, "eventTime": None}
    return {"source": {}, **times, "type": "Normal", "reportingComponent": "", "reportingInstance": "", **obj}


def _definition(obj: Json, now: str) -> Json:
    spec = spec_of(obj)
    names = spec.get("names") or {}
    kind = str(names.get("kind", ""))
    names = {"singular": kind.lower(), "listKind": f"{kind}List", **names}
    made = {**obj, "spec": {"conversion": {"strategy": "None"}, **spec, "names": names}}
    conditions = [
        {"type": name, "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": now}
        for name in ("NamesAccepted", "Established")
    ]
    stored = [v["name"] for v in spec.get("versions") or () if v.get("storage")]
    served = bool(defined(made)) if spec.get("group") and names.get("plural") else False
    status = {"conditions": conditions if served else [], "acceptedNames": names, "storedVersions": stored}
    return {**made, "status": status}


FILLS: dict[str, Callable[[Json, str], Json]] = {
    "pods": _pod,
    "nodes": _node,
    "namespaces": _namespace,
    "services": _service,
    "events": _event,
    "deployments.apps": _deployment,
    "replicasets.apps": _replicaset,
    "statefulsets.apps": _statefulset,
    "daemonsets.apps": _daemonset,
    "jobs.batch": _job,
    "poddisruptionbudgets.policy": _budget,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "customresourcedefinitions.apiextensions.k8s.io": _definition,
}
