"""Probes: what a Lease does that agents lead by."""

from __future__ import annotations

from tests.embedded.probes import Json, Table
from tests.embedded.scene import Scene

probe = Table()
CONFLICT = [409, "Conflict"]
AT = "2026-11-25T10:00:00.000001Z"
SPEC = {"holderIdentity": "me", "leaseDurationSeconds": 15, "renewTime": AT, "acquireTime": AT, "leaseTransitions": 1}


@probe("a Lease keeps holder, times to the microsecond and counts as they are written", [True, True])
def _(at: Scene) -> Json:
    made = at.make("leases", "a", spec=SPEC)
    return [made["spec"] == SPEC, at.get("leases/a").body["spec"] == SPEC]


@probe("a Lease may be without a holder, and its holder may be emptied", [None, 200, ""])
def _(at: Scene) -> Json:
    first = at.make("leases", "a", spec={"leaseDurationSeconds": 15})
    answer = at.put("leases/a", {**first, "spec": {**SPEC, "holderIdentity": ""}})
    return [first["spec"].get("holderIdentity"), answer.said, answer.body["spec"].get("holderIdentity")]


@probe("of two who replace the same version of a Lease one is told of a conflict", [200, CONFLICT, "me"])
def _(at: Scene) -> Json:
    seen = at.make("leases", "a", spec={"leaseDurationSeconds": 15})
    answers = [at.put("leases/a", {**seen, "spec": {**SPEC, "holderIdentity": who}}).said for who in ("me", "you")]
    return [*answers, at.get("leases/a").body["spec"]["holderIdentity"]]


@probe("a Lease that was deleted is not made again by one who replaces it with its uid", [True, 404])
def _(at: Scene) -> Json:
    seen = at.make("leases", "a", spec=SPEC)
    at.delete("leases/a")
    return [at.put("leases/a", seen).code in (404, 409), at.get("leases/a").code]


@probe("a Lease that was deleted and made again is not replaced with the uid of the first", [409, "you"])
def _(at: Scene) -> Json:
    seen = at.make("leases", "a", spec=SPEC)
    at.delete("leases/a")
    at.make("leases", "a", spec={**SPEC, "holderIdentity": "you"})
    return [at.put("leases/a", seen).code, at.get("leases/a").body["spec"]["holderIdentity"]]


@probe("a Lease is patched at the version that is tested, and at no other", [200, [422, "Invalid"], "you"])
def _(at: Scene) -> Json:
    seen = at.make("leases", "a", spec=SPEC)
    same = {"op": "test", "path": "/metadata/resourceVersion", "value": seen["metadata"]["resourceVersion"]}
    answers = [
        at.patch("leases/a", [same, {"op": "replace", "path": "/spec/holderIdentity", "value": who}]).said
        for who in ("you", "them")
    ]
    return [*answers, at.get("leases/a").body["spec"]["holderIdentity"]]
