"""Which JSON Patch operations put a mark on a Kubernetes object and take it off again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from simian_army import marks
from simian_army.errors import Refused
from simian_army.model import Json, Mark
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import Entry
from simian_army.targets.kube.kinds import NODE, POD, Kind
from simian_army.targets.scopes import Scopes

_LABEL = "/metadata/labels/" + marks.HELD.replace("/", "~1")
_ANNOTATION = "/metadata/annotations/" + marks.FAULT.replace("/", "~1")


def put(obj: Json, mark: Mark) -> list[Json]:
    """Label and annotation, if the object is still exactly as it was read.

    Raises:
        Refused: it bears a mark already.
    """
    if marks.bears(obj):
        raise Refused(f"another fault holds it: {marks.found(obj) or 'label ' + marks.HELD}")
    metadata = obj["metadata"]
    operations: list[Json] = [_same_version(obj)]
    if metadata.get("labels") is None:
        operations.append({"op": "add", "path": "/metadata/labels", "value": {}})
    operations.append({"op": "add", "path": _LABEL, "value": "true"})
    if metadata.get("annotations") is None:
        operations.append({"op": "add", "path": "/metadata/annotations", "value": {}})
    operations.append({"op": "add", "path": _ANNOTATION, "value": marks.to_text(mark)})
    return operations


def take_off(obj: Json, mark: Mark, genuine: Callable[[Mark], bool] = lambda _: True) -> list[Json]:
    """What is left of the mark of that run; a damaged mark counts as it, a mark of another run does not, if its fleet
    wrote it for that object (``genuine``)."""
    text = marks.found(obj)
    there = marks.from_text(text) if text is not None else None
    if there is not None and (there.fleet != mark.fleet or (not _same(there, mark) and genuine(there))):
        return []
    removals: list[Json] = []
    if text is not None:
        removals.append({"op": "remove", "path": _ANNOTATION})
    if marks.labelled(obj):
        removals.append({"op": "remove", "path": _LABEL})
    return [_same_version(obj), *removals] if removals else []


def placed(kind: str, scope: str, name: str) -> str:
    """How an undo names an object that we make."""
    return f"{kind}/{scope}/{name}"


def place_of(obj: Json) -> str:
    """The same of an object that was read by itself."""
    metadata = obj["metadata"]
    return placed(str(obj.get("kind", "")).lower(), str(metadata.get("namespace", "")), str(metadata.get("name", "")))


def calls(namespaces: tuple[str, ...], more: Collection[str], kinds: Sequence[Kind] = ()) -> list[Call]:
    """The lists that have every marked node, and every marked pod, and object of ``kinds``, of config's namespaces and
    of those in ``more``."""
    exact = Scopes((namespaces,)).exact()
    places = ("",) if exact is None else sorted({*exact, *more})
    query = (("labelSelector", marks.HELD),)
    return [Call("list", kind, place, query=query, partial=True) for kind, place in _each(places, kinds)]


def meant(call: Call, entries: Sequence[Entry], namespaces: tuple[str, ...], more: Collection[str]) -> list[Entry]:
    """Those entries of one of these lists that are ours to look at."""
    scopes = Scopes((namespaces,))
    near = {entry.metadata.namespace for entry in entries}
    allowed = scopes.among(near) | set(more)
    return [entry for entry in entries if call.kind is NODE or entry.metadata.namespace in allowed]


def _each(places: Iterable[str], kinds: Sequence[Kind]) -> Iterator[tuple[Kind, str]]:
    yield NODE, ""
    for place in places:
        yield POD, place
        yield from ((kind, place) for kind in kinds if kind not in (NODE, POD))


def _same(there: Mark, mark: Mark) -> bool:
    return (there.run, there.kind) == (mark.run, mark.kind)


def _same_version(obj: Json) -> dict[str, Any]:
    return {"op": "test", "path": "/metadata/resourceVersion", "value": obj["metadata"]["resourceVersion"]}
