"""What a failing image does: a pod's containers stop and cannot start again, until they are given their images back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simian_army import marks
from simian_army.errors import Conflict, Refused
from simian_army.faults.k8s import in_place
from simian_army.faults.k8s.arguments import known, word
from simian_army.faults.k8s.giving_back import Back, give_back
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import KubernetesPort

NOWHERE = "simian-army.invalid/pod-failure:1"
"""An image that no registry has: no name server knows the host, now and ever (RFC 6761)."""

_MIRROR = "kubernetes.io/config.mirror"
_WAITS = ("ErrImage", "ImagePull", "InvalidImage", "RegistryUnavailable")


@dataclass(frozen=True, slots=True)
class PodFailure:
    """Gives containers of a pod another image in place and holds it so. The pod stays, on its node and by its name.

    The restart count stays higher afterwards: Kubernetes counts every start.
    """

    port: KubernetesPort
    name: ClassVar[str] = "pod-failure"
    platform: ClassVar[str] = "kubernetes"
    strikes: ClassVar[str] = "pod"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    restores: ClassVar[tuple[str, ...]] = ("spec.containers",)
    alone: ClassVar[str] = "it does not: the next start of an agent, or `simian revert --all`, gives the images back"
    params: ClassVar[Mapping[str, str]] = {
        "container": "which container; without it, all of them (init containers never)",
        "image": f"the image that it is given; without it, {NOWHERE}, which is nowhere",
    }
    undo: ClassVar[Mapping[str, str]] = {
        "images": "the image of each container that is given another, by its name",
        "image": "the image we gave them",
        "restarts": "how often each had been started again before",
    }
    permissions: ClassVar[tuple[tuple[str, str, str, str], ...]] = (("get", "", "pods", ""), ("patch", "", "pods", ""))
    reverting: ClassVar[tuple[tuple[str, str, str, str], ...]] = permissions

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        known(fault, self.params)
        container, image = word(fault, "container"), word(fault, "image", NOWHERE)
        pod = self._there(fault)
        there = {str(one.get("name")): str(one.get("image")) for one in _containers(pod)}
        images = {name: old for name, old in there.items() if container in ("", name)}
        if not images:
            raise Refused(f"{fault.target}: it has no container {container}; it has {', '.join(there)}")
        if image in images.values() or not image.strip() or image != image.strip():
            raise Refused(f"{fault.target}: {image!r} is no other image than it has, or none at all")
        counts = {name: int(one.get("restartCount", 0)) for name, one in _statuses(pod).items() if name in images}
        return {"images": images, "image": image, "restarts": counts}

    def inject(self, fault: Fault, mark: Mark) -> None:
        pod, image = self._there(fault), mark.undo["image"]
        at = _places(pod, mark.undo, was=True)
        if len(at) < len(mark.undo["images"]):
            raise Conflict(f"{fault.target}: its images are not what they were when it was looked at")
        swaps = [{"op": "replace", "path": path, "value": image} for path in at]
        self.port.patch(fault.target, [*self.port.mark(pod, mark), *swaps])

    def observe(self, fault: Fault) -> Evidence:
        undo, pod = fault.undo or {}, self.port.get(fault.target)
        if pod is None:
            return Evidence(holds=False, detail="the pod is gone")
        ours = len(_places(pod, undo, was=False))
        if ours < len(undo.get("images", {})) or not marks.bears(pod):
            return Evidence(holds=False, detail=f"{ours} containers have our image, or our mark is gone")
        statuses = _statuses(pod)
        running = [name for name in undo["images"] if not _fails(statuses.get(name, {}), undo, name)]
        if running:
            what = f"{', '.join(running)}: its kubelet has not made it stop yet"
            return Evidence(holds=False, detail=what, under_way=True)
        return Evidence(holds=True, detail="; ".join(_seen(name, statuses[name]) for name in undo["images"]))

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        undo = fault.undo or mark.undo
        return give_back(self.port, fault, mark, lambda pod: _back(pod, undo))

    def _there(self, fault: Fault) -> dict[str, Any]:
        pod = in_place.free(self.port, fault)
        if in_place.value_at(pod, ("metadata", "deletionTimestamp")):
            raise Refused(f"{fault.target}: being deleted already")
        if _MIRROR in (in_place.value_at(pod, ("metadata", "annotations")) or {}):
            raise Refused(f"{fault.target}: a file on its node stands for it, which nobody can change from here")
        return pod


def _back(pod: Json, undo: Json) -> Back:
    ours, images = _places(pod, undo, was=False), undo.get("images", {})
    restored = [{"op": "replace", "path": path, "value": images[name]} for path, name in ours.items()]
    others = sorted(set(images) - set(ours.values()))
    kept = f"; {', '.join(others)} changed by someone: kept" if others else ""
    return Back(list(restored), f"{len(ours)} of {len(images)} images given back{kept}")


def _places(pod: Json, undo: Json, *, was: bool) -> dict[str, str]:
    """Where the images stand that still are as they ``was`` before, or as we wrote them, with each container's name."""
    images = undo.get("images", {})
    found: dict[str, str] = {}
    for number, one in enumerate(_containers(pod)):
        name = str(one.get("name"))
        if name in images and one.get("image") == (images[name] if was else undo.get("image")):
            found[f"/spec/containers/{number}/image"] = name
    return found


def _fails(status: Json, undo: Json, name: str) -> bool:
    """Whether its kubelet has taken a container down: it waits for an image, or was started anew since."""
    reason = in_place.value_at(status, ("state", "waiting", "reason"))
    if isinstance(reason, str) and reason.startswith(_WAITS):
        return True
    count, before = status.get("restartCount"), undo.get("restarts", {}).get(name, 0)
    return isinstance(count, int) and count > before


def _seen(name: str, status: Json) -> str:
    reason = in_place.value_at(status, ("state", "waiting", "reason"))
    return f"{name} waits ({reason})" if reason else f"{name} was started anew ({status.get('restartCount')} restarts)"


def _containers(pod: Json) -> list[dict[str, Any]]:
    found = in_place.value_at(pod, ("spec", "containers"))
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _statuses(pod: Json) -> dict[str, dict[str, Any]]:
    found = in_place.value_at(pod, ("status", "containerStatuses"))
    return {str(one.get("name")): one for one in found if isinstance(one, dict)} if isinstance(found, list) else {}
