"""What our identity may do in a cluster, asked of the cluster itself; each no names the rule to add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simian_army.contract import FaultKind
from simian_army.errors import SimianError
from simian_army.model import Evidence
from simian_army.targets.answers import grant, object_of
from simian_army.targets.call import Call
from simian_army.targets.facts import at
from simian_army.targets.finding import PLATFORM
from simian_army.targets.kinds import KINDS, REVIEW, Kind
from simian_army.targets.scopes import Scopes
from simian_army.targets.wire import Wire

Permission = tuple[str, str, str, str]
"""Verb, API group, resource, subresource: what RBAC grants."""

ALWAYS: tuple[Permission, ...] = (
    ("get", "", "pods", ""),
    ("list", "", "pods", ""),
    ("get", "", "namespaces", ""),
    *((verb, kind.group, kind.plural, "") for kind in KINDS.values() if kind.group for verb in ("get", "list")),
)
"""What finding and reading targets needs, whatever the faults."""

_WITHOUT_NAMESPACE = frozenset({"nodes", "namespaces"})


@dataclass(frozen=True, slots=True)
class Checks:
    """Asks one cluster; ``namespaces`` are config's patterns."""

    wire: Wire
    namespaces: tuple[str, ...]

    def version(self) -> Evidence:
        """Whether an API server answers."""
        call = Call("get", path="/version")
        try:
            answer = object_of(self.wire.host, call, self.wire.read(call))
        except SimianError as error:
            return Evidence(holds=False, detail=str(error))
        return Evidence(holds=True, detail=f"{self.wire.host} answers: Kubernetes {answer.get('gitVersion')}")

    def permissions(self, kinds: Sequence[FaultKind]) -> Iterator[Evidence]:
        """One line for each thing we need to be allowed, in each place we need it."""
        needed: dict[tuple[Permission, str], None] = {}
        for permission in (*ALWAYS, *_of(kinds)):
            for scope in self._places(permission):
                needed[permission, scope] = None
        for permission, scope in needed:
            yield self._ask(permission, scope)

    def _places(self, permission: Permission) -> tuple[str, ...]:
        exact = Scopes((self.namespaces,)).exact()
        return ("",) if exact is None or permission[2] in _WITHOUT_NAMESPACE else exact

    def _ask(self, permission: Permission, scope: str) -> Evidence:
        verb, group, resource, sub = permission
        wish = {"verb": verb, "group": group, "resource": resource, "subresource": sub, "namespace": scope}
        review: dict[str, Any] = {
            "apiVersion": REVIEW.api_version,
            "kind": REVIEW.name,
            "spec": {"resourceAttributes": {key: value for key, value in wish.items() if value}},
        }
        call = Call("create", REVIEW, body=review)
        what = Call(verb, Kind(group, "", resource, ""), scope, sub=sub)
        place = f"in {scope}" if scope else "in the whole cluster"
        try:
            answer = object_of(self.wire.host, call, self.wire.read(call))
        except SimianError as error:
            return Evidence(holds=False, detail=f"cannot tell whether we may {verb} {what.resource} {place}: {error}")
        if at(answer, "status.allowed") is True:
            return Evidence(holds=True, detail=f"may {verb} {what.resource} {place}")
        return Evidence(holds=False, detail=f"may not {verb} {what.resource} {place}: {grant(what)}")


def _of(kinds: Iterable[FaultKind]) -> Iterator[Permission]:
    for kind in kinds:
        if kind.platform == PLATFORM:
            yield from ((verb, group, resource, sub) for verb, group, resource, sub in kind.permissions)
