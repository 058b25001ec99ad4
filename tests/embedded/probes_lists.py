"""Probes: lists in pages, snapshots that hold, and the versions one may ask for."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, unquote

from tests.embedded.probes import Json, Table
from tests.embedded.scene import Scene

probe = Table()
forgotten = Table()
"""Only of the embedded server can a test ask that it forgets the past; a real one does so after five minutes."""
NO = [400, "BadRequest"]
INVALID = [422, "Invalid"]
FUTURE = 10**12
BEGAN = 2


def five(at: Scene) -> None:
    for name in "abcde":
        at.make("leases", name)


def token(at: Scene) -> str:
    """Where the first page of two ended."""
    found: str = at.get("leases?limit=2").body["metadata"]["continue"]
    return quote(found)


def aged(text: str) -> str:
    """The same token, from the time when the cluster began."""
    inside = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return quote(base64.urlsafe_b64encode(json.dumps({**inside, "rv": BEGAN}).encode()).decode().rstrip("="))


@probe(
    "pages hold every object once, in order of the name, and count what is left", [["a", "b"], 3, ["c", "d"], 1, ["e"]]
)
def _(at: Scene) -> Json:
    five(at)
    told: list[Json] = []
    where = "leases?limit=2"
    while where:
        answer = at.get(where).body
        told.append([item["metadata"]["name"] for item in answer["items"]])
        if "remainingItemCount" in answer["metadata"]:
            told.append(answer["metadata"]["remainingItemCount"])
        more = answer["metadata"].get("continue")
        where = f"leases?limit=2&continue={quote(more)}" if more else ""
    return told


@probe("pages are of one moment, whatever happens between them", [["c", "d"], ["e"], True])
def _(at: Scene) -> Json:
    five(at)
    first = at.get("leases?limit=2").body
    at.delete("leases/d")
    at.make("leases", "cc")
    second = at.get(f"leases?limit=2&continue={quote(first['metadata']['continue'])}").body
    third = at.get(f"leases?limit=2&continue={quote(second['metadata']['continue'])}").body
    pages = [[item["metadata"]["name"] for item in page["items"]] for page in (second, third)]
    versions = {page["metadata"]["resourceVersion"] for page in (first, second, third)}
    return [*pages, len(versions) == 1]


@probe("an object in a later page is as it was at the first", "old")
def _(at: Scene) -> Json:
    five(at)
    at.patch("leases/e", {"metadata": {"labels": {"is": "old"}}})
    where = token(at)
    at.patch("leases/e", {"metadata": {"labels": {"is": "new"}}})
    return at.get(f"leases?limit=5&continue={where}").body["items"][-1]["metadata"]["labels"]["is"]


@probe("with a selector, pages are full and what is left is not counted", [["a", "c"], True, False, ["e"], False])
def _(at: Scene) -> Json:
    for name, odd in zip("abcde", "10101", strict=True):
        at.make("leases", name, labels={"odd": odd})
    first = at.get("leases?limit=2&labelSelector=odd=1").body
    head = first["metadata"]
    then = at.get(f"leases?limit=2&labelSelector=odd=1&continue={quote(head['continue'])}").body
    names = [[item["metadata"]["name"] for item in page["items"]] for page in (first, then)]
    return [names[0], "continue" in head, "remainingItemCount" in head, names[1], "continue" in then["metadata"]]


@probe("pages go over all namespaces too", ["a", "b", "c", "d", "e"])
def _(at: Scene) -> Json:
    for name in "abcde":
        at.make("leases", name, labels={"of": at.scope})
    base = f"/apis/coordination.k8s.io/v1/leases?labelSelector=of={at.scope}&limit=2"
    answer, names = at.get(base).body, []
    while True:
        names += [item["metadata"]["name"] for item in answer["items"]]
        if not answer["metadata"].get("continue"):
            return names
        answer = at.get(f"{base}&continue={quote(answer['metadata']['continue'])}").body


@forgotten(
    "a continue token from before a compaction is answered 410 with a token to go on from",
    [[410, "Expired"], True, ["c", "cc"]],
)
def _(at: Scene) -> Json:
    five(at)
    where = aged(unquote(token(at)))
    at.make("leases", "cc")
    at.forget()
    answer = at.get(f"leases?limit=2&continue={where}")
    fresh = answer.body.get("metadata", {}).get("continue", "")
    return [answer.said, bool(fresh), at.names(f"leases?limit=2&continue={quote(fresh)}")]


PLAIN = {
    "leases?limit=0": ["a", "b", "c", "d", "e"],
    "leases?limit=5": ["a", "b", "c", "d", "e"],
    "leases?limit=9": ["a", "b", "c", "d", "e"],
    "leases?limit=x": NO,
    "leases?continue=nonsense": NO,
    "leases?continue=bm9uc2Vuc2U": NO,
    "leases?limit=2&continue=": ["a", "b"],
    "leases?resourceVersion=0": ["a", "b", "c", "d", "e"],
    "leases?resourceVersion=1": ["a", "b", "c", "d", "e"],
    "leases?resourceVersion=x": NO,
    f"leases?resourceVersion={FUTURE}": [504, "Timeout"],
    f"leases?resourceVersion={FUTURE}&resourceVersionMatch=Exact": [504, "Timeout"],
    "leases?resourceVersion=0&resourceVersionMatch=NotOlderThan": ["a", "b", "c", "d", "e"],
    "leases?resourceVersion=0&resourceVersionMatch=Exact": INVALID,
    "leases?resourceVersionMatch=Exact": INVALID,
    "leases?resourceVersionMatch=NotOlderThan": INVALID,
    "leases?resourceVersion=1&resourceVersionMatch=Newest": INVALID,
    "leases?sendInitialEvents=true": INVALID,
    "leases?allowWatchBookmarks=true": ["a", "b", "c", "d", "e"],
    "leases?timeoutSeconds=5": ["a", "b", "c", "d", "e"],
    "leases?watch=false": ["a", "b", "c", "d", "e"],
    "leases/a?resourceVersion=0": 200,
    f"leases/a?resourceVersion={FUTURE}": [504, "Timeout"],
    "leases/a?pretty=true": 200,
    "leases/nobody": [404, "NotFound"],
    "/apis/coordination.k8s.io/v1/namespaces/nowhere/leases": [],
    "/apis/coordination.k8s.io/v1/namespaces/nowhere/leases/a": [404, "NotFound"],
}


def _asked(where: str) -> Json:
    def act(at: Scene) -> Json:
        five(at)
        answer = at.get(where)
        return [item["metadata"]["name"] for item in answer.body["items"]] if "items" in answer.body else answer.said

    return act


for text, said in PLAIN.items():
    probe.add(f"asked for '{text}' it says {said}", _asked(text), said)


@probe("a token may not come with a resourceVersion", NO)
def _(at: Scene) -> Json:
    five(at)
    return at.get(f"leases?limit=2&resourceVersion=1&continue={token(at)}").said


@probe("a list at an exact version is what was there then", [["a"], True])
def _(at: Scene) -> Json:
    at.make("leases", "a")
    then = at.get("leases").body["metadata"]["resourceVersion"]
    at.make("leases", "b")
    answer = at.get(f"leases?resourceVersionMatch=Exact&resourceVersion={then}").body
    return [[item["metadata"]["name"] for item in answer["items"]], answer["metadata"]["resourceVersion"] == then]


@forgotten("a list at an exact version from before a compaction is answered 410", [410, "Expired"])
def _(at: Scene) -> Json:
    at.make("leases", "a")
    at.forget()
    return at.get(f"leases?resourceVersionMatch=Exact&resourceVersion={BEGAN}").said


@probe("a list's version is at least that of each object in it, and grows with each write", [True, True])
def _(at: Scene) -> Json:
    made = int(at.make("leases", "a")["metadata"]["resourceVersion"])
    first = int(at.get("leases").body["metadata"]["resourceVersion"])
    again = int(at.make("leases", "b")["metadata"]["resourceVersion"])
    return [first >= made, again > first]


@probe("a list tells its kind, its items do not", ["LeaseList", "coordination.k8s.io/v1", None])
def _(at: Scene) -> Json:
    at.make("leases", "a")
    answer = at.get("leases").body
    return [answer["kind"], answer["apiVersion"], answer["items"][0].get("kind")]


@probe("a query parameter nobody knows")
def _(at: Scene) -> Json:
    return at.get("leases?favourite=cheese").said


@probe("a query parameter that is given twice")
def _(at: Scene) -> Json:
    at.make("leases", "a", labels={"app": "x"})
    at.make("leases", "b", labels={"app": "y"})
    return at.names("leases?labelSelector=app=x&labelSelector=app=y")


@probe("a query parameter nobody knows, in a write")
def _(at: Scene) -> Json:
    return at.post("leases?favourite=cheese", {"metadata": {"name": "a"}}).said


@probe("an object at a version that is none")
def _(at: Scene) -> Json:
    at.make("leases", "a")
    return at.get("leases/a?resourceVersion=x").said
