"""What clients ask first: which version this is, and which groups and kinds it serves."""

from __future__ import annotations

from typing import Any

from simian_army.embedded.kube.resources import Catalogue, Resource

Json = dict[str, Any]
VERSION = {"major": "1", "minor": "36", "gitVersion": "v1.36.0+simian-embedded", "platform": "embedded"}
READS = ["get", "list", "watch"]
WRITES = ["create", "delete", "deletecollection", "patch", "update"]


def discovered(path: str, kinds: Catalogue) -> Json | str | None:
    """The answer to a discovery path; None when it is none."""
    steps = path.strip("/").split("/")
    if steps in (["readyz"], ["livez"], ["healthz"]):
        return "ok"
    if steps == ["version"]:
        return dict(VERSION)
    if steps == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if steps == ["apis"]:
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name, kinds) for name in _groups(kinds)]}
    if len(steps) == 2 and steps[0] == "apis" and steps[1] in _groups(kinds):
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(steps[1], kinds)}
    group, version = ("", steps[1]) if steps[0] == "api" and len(steps) == 2 else ("/".join(steps[1:2]), steps[-1])
    served = [r for r in kinds.all() if (r.group, r.version) == (group, version)]
    if not served or steps not in (["api", version], ["apis", group, version]):
        return None
    rows = [row for resource in served for row in _rows(resource)]
    name = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": rows}


def _groups(kinds: Catalogue) -> list[str]:
    return list(dict.fromkeys(r.group for r in kinds.all() if r.group))


def _group(name: str, kinds: Catalogue) -> Json:
    versions = dict.fromkeys(r.version for r in kinds.all() if r.group == name)
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _rows(resource: Resource) -> list[Json]:
    verbs = ["create"] if resource.id.startswith("selfsubjectaccessreviews") else [*READS, *WRITES]
    row = {"name": resource.plural, "singularName": resource.kind.lower(), "namespaced": resource.namespaced}
    rows: list[Json] = [{**row, "kind": resource.kind, "verbs": sorted(verbs)}]
    for name, there, kind in (
        ("status", resource.status, resource.kind),
        ("scale", resource.scale, "Scale"),
        ("eviction", resource.id == "pods", "Eviction"),
    ):
        if there:
            said = ["create"] if name == "eviction" else ["get", "patch", "update"]
            rows.append({**row, "name": f"{resource.plural}/{name}", "kind": kind, "verbs": said})
    return rows
