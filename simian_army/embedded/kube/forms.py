"""In which form an answer is wanted: whole objects or only their metadata, as the Accept header says."""

from __future__ import annotations

from typing import Any

from simian_army.embedded.kube.objects import meta
from simian_army.embedded.kube.resources import Resource
from simian_army.embedded.kube.status import not_acceptable

Json = dict[str, Any]

PARTIAL, PARTIAL_LIST = "PartialObjectMetadata", "PartialObjectMetadataList"
ANY = frozenset({"", "*/*", "application/*", "application/json"})


def form(accept: str) -> str:
    """``whole``, or the name of one of the two metadata forms: the first wanted one that can be given.

    Raises:
        Problem: 406, none of them can.
    """
    for choice in accept.split(","):
        media, *rest = (part.strip() for part in choice.split(";"))
        wanted = dict(part.partition("=")[::2] for part in rest)
        if media not in ANY:
            continue
        kind = wanted.get("as", "")
        if not kind and "g" not in wanted:
            return "whole"
        if kind in (PARTIAL, PARTIAL_LIST) and wanted.get("g") == "meta.k8s.io" and wanted.get("v") == "v1":
            return kind
    raise not_acceptable("only these forms are served: application/json, and as=PartialObjectMetadata(List);v=v1")


def shaped(obj: Json, wanted: str, resource: Resource) -> Json:
    """One object in the wanted form.

    Raises:
        Problem: 406, the list form of something that is no list.
    """
    if wanted == PARTIAL:
        return {"kind": PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": meta(obj)}
    if wanted == PARTIAL_LIST:
        raise not_acceptable(f"you requested {PARTIAL_LIST}, but the requested object is not a list")
    return versioned(obj, resource)


def versioned(obj: Json, resource: Resource) -> Json:
    """A custom object as the version asked for; its content is the same in all of them."""
    return obj if obj.get("apiVersion") == resource.api_version else {**obj, "apiVersion": resource.api_version}


def listed(items: list[Json], wanted: str, resource: Resource, head: Json) -> Json:
    """A list in the wanted form; ``head`` is its metadata.

    Raises:
        Problem: 406, the single form of a list.
    """
    if wanted == PARTIAL:
        raise not_acceptable(f"you requested {PARTIAL}, but the requested object is a list")
    if wanted == PARTIAL_LIST:
        parts = [{"kind": PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]} for item in items]
        return {"kind": PARTIAL_LIST, "apiVersion": "meta.k8s.io/v1", "metadata": head, "items": parts}
    hidden = () if resource.custom else ("kind", "apiVersion")  # as a real one: the list says it for all of them
    items = [{k: v for k, v in versioned(item, resource).items() if k not in hidden} for item in items]
    return {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": head, "items": items}
