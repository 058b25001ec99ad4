"""Probes: which objects a field selector finds, and which fields may be asked for."""

from __future__ import annotations

from urllib.parse import quote

from tests.embedded.probes import Act, Json, Table
from tests.embedded.scene import NODE, Scene

probe = Table()
NO = [400, "BadRequest"]

LEASES: dict[str, Json] = {
    "metadata.name=a": ["a"],
    "metadata.name==a": ["a"],
    "metadata.name!=a": ["b"],
    "metadata.name=a,metadata.name!=a": [],
    "metadata.name=a,": ["a"],
    ",": ["a", "b"],
    "metadata.name=": [],
    "metadata.name=nobody": [],
    "metadata.namespace=elsewhere": [],
    "metadata.namespace!=elsewhere": ["a", "b"],
    "metadata.name=a\\,b": [],
    "metadata.uid=a": NO,
    "spec.holderIdentity=me": NO,
    "metadata.labels.app=x": NO,
    "metadata.name": NO,
    "metadata.name>a": NO,
    "metadata.name in (a)": NO,
    "metadata.name=a=b": NO,
    "metadata.name=a\\": NO,
    "metadata.name=a\\b": NO,
    "=a": NO,
    " metadata.name=a": NO,
}


def _leases(query: str) -> Json:
    def act(at: Scene) -> Json:
        at.make("leases", "a")
        at.make("leases", "b")
        return at.names(f"leases?fieldSelector={quote(query)}")

    return act


for text, found in LEASES.items():
    word = "is refused" if found == NO else f"finds {', '.join(found) or 'nothing'}"
    probe.add(f"the field selector '{text}' of Leases {word}", _leases(text), found)

PODS: dict[str, Json] = {
    f"spec.nodeName={NODE}": ["on"],
    "spec.nodeName=": ["off"],
    f"spec.nodeName!={NODE}": ["off"],
    "status.phase=Running": ["on"],
    "status.phase!=Running": ["off"],
    "status.phase=Pending,spec.nodeName=": ["off"],
    "spec.restartPolicy=Always": ["off", "on"],
    "spec.schedulerName=default-scheduler": ["off", "on"],
    "spec.serviceAccountName=default": ["off", "on"],
    "spec.hostNetwork=false": ["off", "on"],
    "spec.hostNetwork=true": [],
    "status.podIP=1.2.3.4": [],
    "status.nominatedNodeName=": ["off", "on"],
    "spec.priority=0": NO,
    "status.qosClass=BestEffort": NO,
    "spec.nosuch=a": NO,
}


def _pods(query: str) -> Json:
    def act(at: Scene) -> Json:
        at.running("on")
        at.pod("off")
        return at.names(f"pods?fieldSelector={quote(query)}")

    return act


for text, found in PODS.items():
    word = "is refused" if found == NO else f"finds {', '.join(found) or 'nothing'}"
    probe.add(f"the field selector '{text}' of Pods {word}", _pods(text), found)

KINDS = {
    "/api/v1/nodes?limit=1&fieldSelector=spec.unschedulable=true": 200,
    "/api/v1/nodes?fieldSelector=status.phase=x": NO,
    "/api/v1/namespaces?fieldSelector=status.phase=Active&limit=1": 200,
    "/api/v1/namespaces?fieldSelector=metadata.namespace=x": NO,
    "secrets?fieldSelector=type=Opaque": 200,
    "services?fieldSelector=spec.clusterIP=None": 200,
    "services?fieldSelector=spec.type=ClusterIP": 200,
    "services?fieldSelector=spec.nosuch=a": NO,
    "jobs?fieldSelector=status.successful=1": 200,
    "replicasets?fieldSelector=status.replicas=1": NO,
    "deployments?fieldSelector=status.replicas=1": NO,
    "events?fieldSelector=involvedObject.name=a,reason=b,type=Normal,reportingComponent=c,involvedObject.kind=Pod": 200,
    "events?fieldSelector=source=kubelet": 200,
    "events?fieldSelector=message=a": NO,
    "configmaps?fieldSelector=data.a=b": NO,
}


def _says(where: str) -> Act:
    return lambda at: at.get(where).said


for text, said in KINDS.items():
    probe.add(f"asked for '{text}' it says {said}", _says(text), said)


@probe("a namespace is selected by its name in all namespaces", ["a"])
def _(at: Scene) -> Json:
    at.make("leases", "a")
    return at.names(f"/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.namespace={at.scope}")


@probe("label and field selector both count", ["b"])
def _(at: Scene) -> Json:
    for name, app in (("a", "x"), ("b", "x"), ("c", "y")):
        at.make("leases", name, labels={"app": app})
    return at.names("leases?labelSelector=app=x&fieldSelector=metadata.name!=a")
