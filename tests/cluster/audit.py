"""What the API server itself wrote down: its audit log, read as frozen calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOAKS = ("soak", "soak-day")
"""The namespaces in which the log also tells when the kubelets' pods became ready."""

PARTS = ["etcd-client", "apiserver", "controller-manager", "scheduler", "kwok"]

# The parts' own calls are left out: a hundred thousand lines that no test asks for. An eviction is written with its
# body, which holds the uid it was meant for; the deletion that it causes is no request of its own.
POLICY: dict[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {
            "level": "Request",
            "users": ["part:kwok"],
            "namespaces": list(SOAKS),
            "resources": [{"group": "", "resources": ["pods/status"]}],
        },
        {"level": "None", "users": [f"part:{part}" for part in PARTS]},
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "None", "nonResourceURLs": ["/readyz*", "/livez*", "/healthz*"]},
        {"level": "RequestResponse", "resources": [{"group": "", "resources": ["pods/eviction"]}]},
        {"level": "Request", "verbs": ["delete", "patch", "update"]},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True, slots=True)
class Call:
    """One answered request. ``at`` is when it came, ``done`` when it was answered, both aware, in UTC.

    ``uid`` is that of the precondition in the body (eviction, delete), else empty. ``body`` is what was sent,
    for evictions and writes of what exists; else empty. ``resource`` holds the sub-resource: ``pods/eviction``.
    """

    at: datetime
    done: datetime
    user: str
    agent: str
    verb: str
    resource: str
    namespace: str
    name: str
    code: int
    uid: str
    uri: str
    body: Any

    @property
    def writes(self) -> bool:
        """Whether it could change something: not a read, a dry run or a question about permissions."""
        asks = self.resource.startswith(("selfsubject", "subjectaccess", "localsubject", "tokenreviews"))
        return self.verb not in {"get", "list", "watch"} and "dryRun=" not in self.uri and not asks

    @property
    def evicts(self) -> bool:
        """Whether it is an eviction that was granted (code 200 or 201)."""
        return self.verb == "create" and self.resource == "pods/eviction" and self.code in {200, 201}


def calls(log: Path, offset: int = 0) -> Iterator[Call]:
    """Every answered request in the log, in its order, from byte ``offset`` on."""
    if not log.exists():
        return
    with log.open("rb") as lines:
        lines.seek(offset)
        for line in lines:
            if not line.endswith(b"\n"):
                return
            event = json.loads(line)
            if event["stage"] in {"ResponseComplete", "Panic"}:
                yield _call(event)


def _call(event: dict[str, Any]) -> Call:
    what = event.get("objectRef", {})
    body = event.get("requestObject") or {}
    options = {**body, **body.get("deleteOptions", {})} if isinstance(body, dict) else {}
    sub = what.get("subresource", "")
    return Call(
        at=datetime.fromisoformat(event["requestReceivedTimestamp"]),
        done=datetime.fromisoformat(event["stageTimestamp"]),
        user=event["user"].get("username", ""),
        agent=event.get("userAgent", ""),
        verb=event["verb"],
        resource=what.get("resource", "") + (f"/{sub}" if sub else ""),
        namespace=what.get("namespace", ""),
        name=what.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
        uid=options.get("preconditions", {}).get("uid", "") or what.get("uid", ""),
        uri=event.get("requestURI", ""),
        body=body,
    )
