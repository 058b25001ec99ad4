"""Which Kubernetes is meant, and how to speak with it."""

from __future__ import annotations

from dataclasses import dataclass, field

IN_CLUSTER = "in-cluster"
"""The context that means: the cluster this process runs in, as its own service account."""


@dataclass(frozen=True, slots=True)
class Own:
    """What is ours in a cluster, as far as it is kept there. ``lease``, ``halt`` and ``records`` are the namespaces of
    Lease, halt ConfigMap and records, ``home`` that of the pods of our ``deployments``; empty where there is none."""

    fleet: str = ""
    lease: str = ""
    halt: str = ""
    records: str = ""
    home: str = ""
    configmap: str = ""
    deployments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One Kubernetes. Give ``context`` (a name in the kubeconfig, or ``in-cluster``) or ``url``, not both.

    With ``url`` no credentials are sent, and neither the kubeconfig nor the environment is read. ``namespaces``
    are patterns (``*`` as in a shell; a leading ``!`` excludes). ``timeout`` is seconds for each request,
    ``page_size`` objects a page. ``floors`` are those who are asked for a word on how few pods a workload may have (see
    floors.py). ``zones`` tells that the zones and regions of pods are asked for: nodes are listed then. ``marked`` are
    the kinds of object besides nodes and pods that may bear marks. ``annotations`` are read besides the labels.
    ``exec`` lets faults run commands in containers; ``fronts`` tells that somebody asks whom the API server itself
    asks, ``pressure`` that the conditions of nodes are asked for. ``own`` is what of ours is kept there; ``owners``
    are group and resource of what owns workloads and is none of Kubernetes' own. ``fleet`` and ``key`` are those of
    the marks.
    """

    context: str = ""
    url: str = ""
    embedded: bool = False
    namespaces: tuple[str, ...] = ("*",)
    page_size: int = 500
    timeout: float = 10.0
    floors: tuple[str, ...] = ()
    zones: bool = False
    marked: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    exec: bool = False
    fronts: bool = False
    pressure: bool = False
    own: Own = field(default_factory=Own)
    owners: tuple[tuple[str, str], ...] = ()
    fleet: str = ""
    key: bytes = field(default=b"", repr=False)
