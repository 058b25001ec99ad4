"""Which NetworkPolicy cuts a pod off, and whether anybody here enforces it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from simian_army.errors import PlatformError, Refused
from simian_army.model import Evidence, Fault, Json
from simian_army.ports_kube import KubernetesMakingPort
from simian_army.selectors import KEY, VALUE, object_selector

DIRECTIONS = {"ingress": ("Ingress",), "egress": ("Egress",), "both": ("Ingress", "Egress")}
_PEER = {"Ingress": "from", "Egress": "to"}
_CNIS = (
    "calico-node",
    "canal",
    "cilium",
    "anetd",
    "antrea-agent",
    "kube-router",
    "weave-net",
    "azure-npm",
    "kube-ovn-cni",
)
ENFORCERS: Mapping[str, frozenset[str]] = {
    "kube-system": frozenset(_CNIS),
    "calico-system": frozenset({"calico-node"}),
    "openshift-ovn-kubernetes": frozenset({"ovnkube-node"}),
}
"""DaemonSets that are known to enforce NetworkPolicies, by namespace."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a pod is cut off from: everything, the pods with all of these labels, or these addresses."""

    directions: tuple[str, ...]
    peers: Mapping[str, str]
    cidrs: tuple[str, ...]

    @classmethod
    def of(cls, fault: Fault) -> Cut:
        """What the parameters of a fault say.

        Raises:
            Refused: they make no sense.
        """
        direction = fault.params.get("direction", "both")
        if direction not in DIRECTIONS:
            raise Refused(f"{fault.kind}: direction is {direction!r}, give {', '.join(DIRECTIONS)}")
        peers, cidrs = _peers(fault), _cidrs(fault)
        if peers and cidrs:
            raise Refused(
                f"{fault.kind}: peers and cidrs exclude each other: one policy would let through what both do"
            )
        return cls(DIRECTIONS[direction], peers, cidrs)

    @property
    def partly(self) -> bool:
        """Whether something is let through, which a policy must say."""
        return bool(self.peers or self.cidrs)

    def spec(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """The policy over the pods with these labels: a policy can only allow, so it allows all else."""
        rules = {way.lower(): [{_PEER[way]: self._let_through()}] if self.partly else [] for way in self.directions}
        return {"podSelector": {"matchLabels": dict(labels)}, "policyTypes": list(self.directions), **rules}

    def _let_through(self) -> list[Json]:
        if self.peers:
            unlike = [{"key": key, "operator": "NotIn", "values": [value]} for key, value in self.peers.items()]
            return [{"namespaceSelector": {}, "podSelector": {"matchExpressions": [one]}} for one in unlike]
        blocks = (("0.0.0.0/0", 4), ("::/0", 6))
        return [{"ipBlock": {"cidr": cidr, **_but(self.cidrs, version)}} for cidr, version in blocks]


def others_over(cut: Cut, pod: Json, policies: Sequence[Json]) -> list[str]:
    """The policies there are already over a pod in one of these directions; one that makes no sense counts."""
    labels = pod["metadata"].get("labels") or {}
    return [str(one["metadata"]["name"]) for one in policies if _over(cut, labels, one.get("spec") or {})]


def enforced(port: KubernetesMakingPort, named: str) -> Evidence:
    """Whether a DaemonSet enforces policies here, the ``named`` one or one that is known: taken for so once it is ready
    on each of its nodes. Which of them is the target's, only its pods would tell, and these take a right to look at.

    It does not hold where there is none, or nobody may look.
    """
    space, _, name = named.partition("/")
    wanted = {space: frozenset({name})} if named else ENFORCERS
    found = [(f"{place}/{one['metadata']['name']}", *_spread(one)) for place, one in _there(port, wanted)]
    for by, ready, nodes in found:
        if 0 < nodes <= ready:
            return Evidence(holds=True, detail=f"assumed to be enforced: {by} is ready on {ready} of {nodes} nodes")
    if not any(nodes for _, _, nodes in found):
        return Evidence(holds=False, detail="nobody is known to enforce policies here; name who does as enforcer")
    said = ", ".join(f"{by} is ready on {ready} of {nodes} nodes" for by, ready, nodes in found if nodes)
    return Evidence(holds=False, detail=f"whether it is enforced on the pod's node is open: {said}", under_way=True)


def _there(port: KubernetesMakingPort, wanted: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, Json]]:
    for place, names in wanted.items():
        with suppress(PlatformError):
            yield from ((place, one) for one in port.near("daemonset", place) if one["metadata"]["name"] in names)


def _spread(daemons: Json) -> tuple[int, int]:
    """On how many nodes it is ready, and on how many it is to be."""
    status = daemons.get("status") or {}
    return int(status.get("numberReady") or 0), int(status.get("desiredNumberScheduled") or 0)


def _over(cut: Cut, labels: Mapping[str, str], spec: Json) -> bool:
    types = spec.get("policyTypes") or ["Ingress"]
    try:
        return bool(set(types) & set(cut.directions)) and object_selector(spec.get("podSelector") or {})(labels)
    except ValueError:
        return True


def _peers(fault: Fault) -> dict[str, str]:
    peers = fault.params.get("peers", {})
    fits = isinstance(peers, Mapping) and all(
        isinstance(key, str) and isinstance(value, str) and KEY.fullmatch(key) and VALUE.fullmatch(value)
        for key, value in peers.items()
    )
    if not fits:
        raise Refused(f"{fault.kind}: peers is {peers!r}, give labels, for instance {{app: cart}}")
    return dict(peers)


def _cidrs(fault: Fault) -> tuple[str, ...]:
    cidrs = fault.params.get("cidrs", [])
    try:
        found = [ipaddress.ip_network(one) for one in cidrs] if isinstance(cidrs, (list, tuple)) else None
    except (ValueError, TypeError) as error:
        raise Refused(f"{fault.kind}: cidrs: {error}; give for instance [10.1.0.0/16]") from error
    if found is None or any(one.prefixlen == 0 for one in found):
        raise Refused(f"{fault.kind}: cidrs is {cidrs!r}, give a list of networks; to cut off all, leave it out")
    return tuple(map(str, found))


def _but(cidrs: Sequence[str], version: int) -> dict[str, list[str]]:
    near = [cidr for cidr in cidrs if ipaddress.ip_network(cidr).version == version]
    return {"except": near} if near else {}
