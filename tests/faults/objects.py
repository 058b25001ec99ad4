"""Every kind that changes an object in place, with such an object, the target that it is, and what it is told."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from simian_army import marks
from simian_army.contract import FaultKind
from simian_army.faults.k8s.config_fault import ConfigFault
from simian_army.faults.k8s.dns_fault import DnsFault
from simian_army.faults.k8s.job_suspend import JobSuspend
from simian_army.faults.k8s.pod_failure import PodFailure
from simian_army.faults.k8s.scale_down import ScaleDown
from simian_army.faults.k8s.secret_fault import SecretFault
from simian_army.model import Fault, Json, Mark, Target
from simian_army.targets.kube.facts import facts_of
from tests.faults.nearby import NearPort

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"key"
Obj = dict[str, Any]


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@dataclass(frozen=True)
class Held:
    """One kind. ``path`` leads to the field it changes: keys, and numbers into lists; ``others`` are values that
    strangers may write there."""

    make: Callable[[Any], FaultKind]
    strikes: str
    obj: Json
    path: tuple[str | int, ...]
    others: tuple[Any, ...]
    params: Json = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.make.name)  # type: ignore[attr-defined]

    def port(self, **metadata: Any) -> NearPort:
        obj = copy.deepcopy(dict(self.obj))
        obj["metadata"] = {"name": "one", "namespace": "shop", "uid": "u1", "resourceVersion": "1", **metadata}
        return NearPort(obj)

    def prepared(self, port: NearPort, params: Json | None = None) -> tuple[FaultKind, Fault]:
        assert port.obj is not None
        facts = facts_of(self.strikes, port.obj)
        target = Target("kubernetes", self.strikes, "u1", "one", "shop", "", NOW, {}, facts=facts)
        fault = Fault(self.name, target, self.params if params is None else params, hold=timedelta(minutes=5))
        kind = self.make(port)
        return kind, Fault(fault.kind, target, fault.params, kind.prepare(fault), fault.hold)


def mark_of(fault: Fault, run: str = "run-1") -> Mark:
    return marks.sign(KEY, "fleet", run, fault, NOW)


def seen(obj: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path:
        if isinstance(step, int):
            obj = obj[step] if isinstance(obj, list) and step < len(obj) else None
        else:
            obj = obj.get(step) if isinstance(obj, Mapping) else None
    return obj


def put(obj: Any, path: tuple[str | int, ...], value: Any) -> None:
    """As a stranger would write it; None removes it."""
    *above, last = path
    for step in above:
        obj = obj[step] if isinstance(step, int) else obj.setdefault(step, {})
    if value is None and isinstance(obj, dict):
        obj.pop(last, None)
    else:
        obj[last] = value


_POD = {"containers": [{"name": "app", "image": "app:1"}, {"name": "side", "image": "side:1"}]}
_SELECTOR = {"matchLabels": {"app": "one"}}
_SEEN = {"observedGeneration": 0}
HELD = (
    Held(ScaleDown, "deployment", {"spec": {"replicas": 4, "selector": _SELECTOR}, "status": _SEEN}, ("spec", "replicas"), (4, 2, 9, 0), {"to": 1}),
    Held(ScaleDown, "statefulset", {"spec": {"replicas": 3, "selector": _SELECTOR}}, ("spec", "replicas"), (3, 2, 0), {"to": 1}),
    Held(JobSuspend, "job", {"spec": {"selector": _SELECTOR, "suspend": False}}, ("spec", "suspend"), (False, None)),
    Held(JobSuspend, "job", {"spec": {"selector": _SELECTOR}}, ("spec", "suspend"), (False, None)),
    Held(PodFailure, "pod", {"spec": _POD}, ("spec", "containers", 0, "image"), ("app:1", "app:2"), {"container": "app"}),
    Held(DnsFault, "service", {"spec": {"type": "ExternalName", "externalName": "db.example"}}, ("spec", "externalName"), ("db.example", "x.example")),
    Held(ConfigFault, "configmap", {"data": {"a": "1", "b": "2"}}, ("data", "a"), ("1", "3", "", None), {"key": "a", "value": "wrong"}),
    Held(ConfigFault, "configmap", {"data": {"a": "1"}}, ("data", "a"), ("1", "3", ""), {"key": "a", "change": "remove"}),
    Held(ConfigFault, "configmap", {"binaryData": {"a": "AAEC"}}, ("binaryData", "a"), ("AAEC", "AAED", None), {"key": "a"}),
    Held(SecretFault, "secret", {"type": "Opaque", "data": {"a": coded("true"), "b": "Yg=="}}, ("data", "a"), (coded("true"), coded("new"), None), {"key": "a"}),
    Held(SecretFault, "secret", {"data": {"a": coded("true")}}, ("data", "a"), (coded("true"), coded("new"), ""), {"key": "a", "change": "remove"}),
)  # fmt: skip
"""Kinds, more than once where there is more than one way."""

IDS = [f"{one.name}-{one.strikes}-{number}" for number, one in enumerate(HELD)]
