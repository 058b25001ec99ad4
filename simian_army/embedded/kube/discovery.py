"""What the server serves: versions, groups and the resources in each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simian_army.embedded.kube.resources import REVIEW, Catalogue, Resource
from simian_army.embedded.kube.status import unknown_path

Json = dict[str, Any]

VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.0+simian-embedded",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "embedded",
}
VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
PARTS = ["get", "patch", "update"]


def discovered(path: str, kinds: Catalogue) -> Json | None:
    """The answer to a discovery path; None when the path is none.

    Raises:
        Problem: 404, a group or version that is not served.
    """
    steps = path.strip("/").split("/")
    if steps == ["version"]:
        return VERSION
    if steps == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if steps == ["apis"]:
        groups = [_group(name, kinds) for name in dict.fromkeys(r.group for r in kinds.all() if r.group)]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    if steps[0] == "api" and len(steps) == 2:
        return _resources("", steps[1], kinds)
    if steps[0] == "apis" and len(steps) == 2:
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(steps[1], kinds)}
    if steps[0] == "apis" and len(steps) == 3:
        return _resources(steps[1], steps[2], kinds)
    return None


def _group(name: str, kinds: Catalogue) -> Json:
    found = dict.fromkeys(r.version for r in kinds.all() if r.group == name)
    if not found:
        raise unknown_path()
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in found]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(group: str, version: str, kinds: Catalogue) -> Json:
    found = [r for r in kinds.all() if (r.group, r.version) == (group, version)]
    if not found:
        raise unknown_path()
    entries = [entry for resource in found for entry in _entries(resource)]
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": found[0].api_version}
    return {**head, "resources": entries}


def _entries(resource: Resource) -> Iterable[Json]:
    base = {"namespaced": resource.namespaced, "kind": resource.kind}
    whole = {"name": resource.plural, "singularName": resource.kind.lower(), **base}
    if resource == REVIEW:
        yield {**whole, "verbs": ["create"]}
        return
    yield {**whole, "verbs": VERBS, **({"shortNames": list(resource.short)} if resource.short else {})}
    if resource.status:
        yield {**base, "name": f"{resource.plural}/status", "singularName": "", "verbs": PARTS}
    if resource.scale:
        scale = {"group": "autoscaling", "version": "v1", "kind": "Scale", "namespaced": resource.namespaced}
        yield {**scale, "name": f"{resource.plural}/scale", "singularName": "", "verbs": PARTS}
    if resource.id == "pods":
        eviction = {"group": "policy", "version": "v1", "kind": "Eviction", "namespaced": True}
        yield {**eviction, "name": "pods/eviction", "singularName": "", "verbs": ["create"]}
