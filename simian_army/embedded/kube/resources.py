"""Which kinds the server knows: the built-in table, and what CustomResourceDefinitions add to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simian_army.embedded.kube.store import Change

Json = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One kind as the API serves it. ``scale`` holds the paths of spec and status replicas and of the selector."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    status: bool = False
    scale: tuple[str, str, str] | None = None
    generation: bool = False
    custom: bool = False
    fields: tuple[str, ...] = ()

    @cached_property
    def id(self) -> str:
        """``pods`` or ``deployments.apps``: the key of its objects, the same for every version."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @cached_property
    def api_version(self) -> str:
        """``v1`` or ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version


SCALED = (".spec.replicas", ".status.replicas", ".spec.selector")
POD_FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
EVENT_FIELDS = (*(f"involvedObject.{name}" for name in INVOLVED), "reason", "reportingComponent", "source", "type")

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", False, ("ns",), True, fields=("status.phase",))
POD = Resource("", "v1", "pods", "Pod", True, ("po",), True, generation=True, fields=POD_FIELDS)
NODE = Resource("", "v1", "nodes", "Node", False, ("no",), True, fields=("spec.unschedulable",))
SERVICE = Resource("", "v1", "services", "Service", True, ("svc",), True, fields=("spec.clusterIP", "spec.type"))
REPLICASET = Resource("apps", "v1", "replicasets", "ReplicaSet", True, ("rs",), True, SCALED, True)
DEPLOYMENT = Resource("apps", "v1", "deployments", "Deployment", True, ("deploy",), True, SCALED, True)
STATEFULSET = Resource("apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), True, SCALED, True)
DAEMONSET = Resource("apps", "v1", "daemonsets", "DaemonSet", True, ("ds",), True, None, True)
JOB = Resource("batch", "v1", "jobs", "Job", True, (), True, None, True, fields=("status.successful",))
BUDGET = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",), True, None, True)
SLICE = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True, (), False, None, True)
CRD = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    False,
    ("crd", "crds"),
    True,
    None,
    True,
)
VALIDATING = Resource(
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False
)
MUTATING = Resource(
    "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False
)
API_SERVICE = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False, (), True)
REVIEW = Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False)
BUILT_IN = (
    NAMESPACE,
    POD,
    NODE,
    SERVICE,
    Resource("", "v1", "configmaps", "ConfigMap", True, ("cm",)),
    Resource("", "v1", "secrets", "Secret", True, fields=("type",)),
    Resource("", "v1", "events", "Event", True, ("ev",), fields=EVENT_FIELDS),
    Resource("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",)),
    REPLICASET,
    DEPLOYMENT,
    STATEFULSET,
    DAEMONSET,
    JOB,
    Resource("batch", "v1", "cronjobs", "CronJob", True, ("cj",), True, None, True),
    BUDGET,
    SLICE,
    Resource("coordination.k8s.io", "v1", "leases", "Lease", True),
    Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",), generation=True),
    Resource(
        "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ("hpa",), True, None, True
    ),
    CRD,
    VALIDATING,
    MUTATING,
    API_SERVICE,
    REVIEW,
)
RETURNED_WHEN_DELETED = frozenset({"pods", "services", "serviceaccounts"})


class Catalogue:
    """The kinds served at this moment."""

    def __init__(self, resources: Iterable[Resource] = BUILT_IN) -> None:
        self._by_path = {(r.group, r.version, r.plural): r for r in resources}

    def all(self) -> list[Resource]:
        """Every kind, in the order it became known."""
        return list(self._by_path.values())

    def at(self, group: str, version: str, plural: str) -> Resource | None:
        """The kind at a URL."""
        return self._by_path.get((group, version, plural))

    def of(self, api_version: str, kind: str) -> Resource | None:
        """The kind of an object."""
        found = (r for r in self._by_path.values() if r.kind == kind and r.api_version == api_version)
        return next(found, None)

    def named(self, kind: str) -> Resource | None:
        """A kind by its name or plural alone, the built-in one first."""
        return next((r for r in self._by_path.values() if kind in (r.kind, r.plural, r.id)), None)

    def learn(self, change: Change) -> None:
        """Follow what happens to CustomResourceDefinitions."""
        if change.key.resource != CRD.id:
            return
        for resource in defined(change.old or {}):
            self._by_path.pop((resource.group, resource.version, resource.plural), None)
        if change.type != "DELETED":
            self._by_path.update({(r.group, r.version, r.plural): r for r in defined(change.obj)})


def defined(crd: Json) -> list[Resource]:
    """The kinds a CustomResourceDefinition defines, one for each served version."""
    spec = crd.get("spec", {})
    names = spec.get("names", {})
    return [
        Resource(
            spec["group"],
            version["name"],
            names["plural"],
            names["kind"],
            spec.get("scope") == "Namespaced",
            tuple(names.get("shortNames", ())),
            "status" in version.get("subresources", {}),
            _scale(version.get("subresources", {}).get("scale")),
            generation=True,
            custom=True,
        )
        for version in spec.get("versions", ())
        if version.get("served")
    ]


def _scale(declared: Json | None) -> tuple[str, str, str] | None:
    if not declared:
        return None
    return declared["specReplicasPath"], declared["statusReplicasPath"], declared.get("labelSelectorPath", "")
