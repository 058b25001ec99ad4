"""What a memory hog does: a pod beside the target holds so much memory of its node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from simian_army.faults.k8s import hogging
from simian_army.faults.k8s.arguments import known, whole
from simian_army.faults.k8s.hogging import Hog
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports_kube import KubernetesMakingPort
from simian_army.standing import TARGET

ROOM = 32
"""MiB that the shell itself may use beside what it holds."""


@dataclass(frozen=True, slots=True)
class MemoryHog:
    """Makes a pod that fills a memory-backed volume of its own: it counts against its own limit, and its node must have
    as much that nobody asked for. Who uses more than it asked for may be evicted: the target counts as stopped."""

    port: KubernetesMakingPort
    name: ClassVar[str] = "memory-hog"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "pod"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = TARGET
    restores: ClassVar[tuple[str, ...]] = ()
    alone: ClassVar[str] = hogging.ALONE
    params: ClassVar[Mapping[str, str]] = {
        "megabytes": "how many MiB it holds; without it, 256",
        **hogging.PARAMS,
    }
    undo: ClassVar[Mapping[str, str]] = hogging.UNDO
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = hogging.PERMISSIONS
    everywhere: ClassVar[tuple[tuple[str, str, str, str], ...]] = hogging.EVERYWHERE
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = hogging.REVERTING

    def reach(self, fault: Fault) -> Selector | None:
        return hogging.reach(fault)

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        _size(fault)
        return hogging.prepare(self.port, fault)

    def inject(self, fault: Fault, mark: Mark) -> None:
        size = _size(fault)
        # dd ends well only once all is written; head of busybox takes ten times as long
        fill = f"dd if=/dev/zero of=/hog/held bs=1048576 count={size}"
        script = f"{fill} && : > /hog/full && while :; do sleep 3600; done"
        limits = {"cpu": f"{_millis(size)}m", "memory": f"{size + ROOM}Mi"}
        volume = {"name": "held", "emptyDir": {"medium": "Memory", "sizeLimit": f"{size + 1}Mi"}}
        mount = {"name": "held", "mountPath": "/hog"}
        hogging.inject(self.port, fault, mark, Hog(script, limits, "[ -f /hog/full ]", [volume], [mount]))

    def observe(self, fault: Fault) -> Evidence:
        return hogging.observe(self.port, fault)

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return hogging.revert(self.port, fault, mark)


def _millis(size: int) -> int:
    """Thousandths of a core that so many MiB take to be filled within the time that an effect has to show."""
    return min(1000, max(100, size // 10))


def _size(fault: Fault) -> int:
    return whole(fault, "megabytes", 1, 1_048_576, 256)
