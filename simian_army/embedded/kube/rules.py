"""What an object may not be: the checks the server makes before it stores one."""

from __future__ import annotations

import re
from typing import Any

from simian_army.embedded.kube.objects import copied, labels_of, meta, name_of, spec_of
from simian_army.embedded.kube.resources import CRD, POD, Resource
from simian_army.embedded.kube.selectors import object_selector
from simian_army.embedded.kube.status import invalid
from simian_army.selectors import KEY, VALUE

Json = dict[str, Any]

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
SELECTING = {"deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps"}


def check(resource: Resource, obj: Json) -> None:
    """Look at one object by itself.

    Raises:
        Problem: 422, naming the field.
    """
    name = name_of(obj)
    if len(name) > 253 or not NAME.fullmatch(name):
        raise invalid(resource, name, "metadata.name", f'Invalid value: "{name}": a lowercase RFC 1123 subdomain')
    for key, value in labels_of(obj).items():
        if not KEY.fullmatch(key) or not isinstance(value, str) or len(value) > 63 or not VALUE.fullmatch(value):
            raise invalid(resource, name, "metadata.labels", f'Invalid value: "{key}={value}": not a label')
    for key, value in (meta(obj).get("annotations") or {}).items():
        if not KEY.fullmatch(key.lower()) or not isinstance(value, str):
            raise invalid(resource, name, f"metadata.annotations.{key}", "Invalid value: not an annotation")
    if resource == POD:
        _containers(resource, name, spec_of(obj), "spec")
    if resource.id in SELECTING:
        _template(resource, obj)
    if resource == CRD:
        _definition(obj)


def _containers(resource: Resource, name: str, spec: Json, path: str) -> None:
    containers = spec.get("containers")
    if not containers:
        raise invalid(resource, name, f"{path}.containers", "Required value")
    for number, container in enumerate(containers):
        for field in ("name", "image"):
            if not container.get(field):
                raise invalid(resource, name, f"{path}.containers[{number}].{field}", "Required value")


def _template(resource: Resource, obj: Json) -> None:
    name, spec = name_of(obj), spec_of(obj)
    if not spec.get("selector"):
        raise invalid(resource, name, "spec.selector", "Required value")
    template = spec.get("template") or {}
    if not object_selector(spec["selector"])(labels_of(template)):
        why = "Invalid value: `selector` does not match template `labels`"
        raise invalid(resource, name, "spec.template.metadata.labels", why)
    _containers(resource, name, spec_of(template), "spec.template.spec")


def _definition(obj: Json) -> None:
    name, spec = name_of(obj), spec_of(obj)
    names = spec.get("names") or {}
    for field, value in (("group", spec.get("group")), ("versions", spec.get("versions"))):
        if not value:
            raise invalid(CRD, name, f"spec.{field}", "Required value")
    for field in ("plural", "kind"):
        if not names.get(field):
            raise invalid(CRD, name, f"spec.names.{field}", "Required value")
    if name != f"{names['plural']}.{spec['group']}":
        raise invalid(CRD, name, "metadata.name", "Invalid value: must be spec.names.plural+'.'+spec.group")


def check_step(resource: Resource, old: Json, new: Json) -> None:
    """Look at what an update changes.

    Raises:
        Problem: 422, it changes what is immutable.
    """
    name = name_of(old)
    if resource == POD and _fixed(spec_of(old)) != _fixed(spec_of(new)):
        why = "Forbidden: pod updates may not change fields other than `spec.containers[*].image`, "
        why += "`spec.activeDeadlineSeconds`, `spec.tolerations`, `spec.terminationGracePeriodSeconds`"
        raise invalid(resource, name, "spec", why)
    if resource.id in SELECTING and spec_of(old).get("selector") != spec_of(new).get("selector"):
        raise invalid(resource, name, "spec.selector", "Invalid value: field is immutable")
    check(resource, new)


def _fixed(spec: Json) -> Json:
    free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds")
    fixed: Json = copied({key: value for key, value in spec.items() if key not in free})
    for container in [*(fixed.get("containers") or ()), *(fixed.get("initContainers") or ())]:
        container.pop("image", None)
    return fixed
