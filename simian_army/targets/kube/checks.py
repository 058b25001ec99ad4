"""What our identity may do in a cluster, asked of the cluster itself; each no names the rule to add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simian_army.contract import FaultKind
from simian_army.errors import PlatformError, SimianError
from simian_army.model import Evidence, Selector
from simian_army.standing import REACH, TARGET, stops
from simian_army.targets.kube.answers import grant, object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.facts import BUDGETS, at
from simian_army.targets.kube.finding import PLATFORM, kind_of
from simian_army.targets.kube.floors import KINDS as FLOORS
from simian_army.targets.kube.fronts import WORDS as FRONTS
from simian_army.targets.kube.kinds import BUDGET, KINDS, REVIEW, SERVICE, Kind
from simian_army.targets.kube.templates import MAKERS
from simian_army.targets.kube.wire import Wire
from simian_army.targets.scopes import Scopes

Permission = tuple[str, str, str, str]
"""Verb, API group, resource, subresource: what RBAC grants."""

ALWAYS: tuple[Permission, ...] = (
    ("get", "", "pods", ""),
    ("list", "", "pods", ""),
    ("get", "", "namespaces", ""),
    *(
        (verb, kind.group, kind.plural, "")
        for name, kind in KINDS.items()
        if name in MAKERS
        for verb in ("get", "list")
    ),
)
"""What finding and reading targets needs, whatever the faults."""

LIST_NODES: tuple[Permission, ...] = (("list", "", "nodes", ""),)
"""What telling the zone or region of a pod needs."""

_WITHOUT_NAMESPACE = frozenset({"nodes", "namespaces", *(kind.plural for kind in FRONTS)})


@dataclass(frozen=True, slots=True)
class Checks:
    """Asks one cluster; ``namespaces`` are config's patterns, ``floors`` who has a word on how few may stay;
    ``zones`` tells that zones or regions are asked for, ``fronts`` that it is asked whom the API server asks."""

    wire: Wire
    namespaces: tuple[str, ...]
    floors: tuple[str, ...] = ()
    zones: bool = False
    fronts: bool = False

    def version(self) -> Evidence:
        """Whether an API server answers."""
        call = Call("get", path="/version")
        try:
            answer = object_of(self.wire.host, call, self.wire.read(call))
        except SimianError as error:
            return Evidence(holds=False, detail=str(error))
        return Evidence(holds=True, detail=f"{self.wire.host} answers: Kubernetes {answer.get('gitVersion')}")

    def permissions(self, kinds: Sequence[FaultKind], selectors: Sequence[Selector] = ()) -> Iterator[Evidence]:
        """One line for each thing that faults and finds need to be allowed, in each place they need it."""
        always = (*ALWAYS, *_of(kinds), *self._words(kinds), *(LIST_NODES if self.zones else ()), *self._front(kinds))
        wishes: list[tuple[Permission, tuple[str, ...]]] = [(permission, ("*",)) for permission in always]
        for selector in selectors:
            try:
                wishes += [(permission, selector.scopes) for permission in _to_find(selector)]
            except PlatformError as error:
                yield Evidence(holds=False, detail=str(error))
        needed = dict.fromkeys((wish, place) for wish, scopes in wishes for place in self._places(wish, scopes))
        for permission, place in needed:
            yield self._ask(permission, place)

    def _places(self, permission: Permission, scopes: tuple[str, ...]) -> tuple[str, ...]:
        exact = Scopes((self.namespaces, scopes)).exact()
        return ("",) if exact is None or permission[2] in _WITHOUT_NAMESPACE else exact

    def _words(self, kinds: Sequence[FaultKind]) -> Iterator[Permission]:
        """Asked only where a pod would be stopped."""
        if any(kind.platform == PLATFORM and stops(kind) in (TARGET, REACH) for kind in kinds):
            yield from (("list", FLOORS[word].group, FLOORS[word].plural, "") for word in self.floors)

    def _front(self, kinds: Sequence[FaultKind]) -> Iterator[Permission]:
        """Asked only where something may be struck."""
        if self.fronts and any(kind.platform == PLATFORM for kind in kinds):
            yield from (("list", kind.group, kind.plural, "") for kind in FRONTS)
            yield "get", SERVICE.group, SERVICE.plural, ""

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


def _to_find(selector: Selector) -> Iterator[Permission]:
    kind = kind_of(selector.kind)
    yield "list", kind.group, kind.plural, ""
    if BUDGETS in selector.facts:
        yield "list", BUDGET.group, BUDGET.plural, ""


def _of(kinds: Iterable[FaultKind]) -> Iterator[Permission]:
    for kind in kinds:
        if kind.platform == PLATFORM:
            yield from ((verb, group, resource, sub) for verb, group, resource, sub in kind.permissions)
