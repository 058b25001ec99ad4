"""What our identity may do in a cluster, asked of the cluster itself; each no names the rule to add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from simian_army.errors import PlatformError, SimianError
from simian_army.model import Evidence, Selector
from simian_army.targets.kube.answers import grant, object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.facts import at
from simian_army.targets.kube.finding import kind_of
from simian_army.targets.kube.kinds import REVIEW, Kind
from simian_army.targets.kube.rights import Right, rights
from simian_army.targets.kube.wants import Wants
from simian_army.targets.kube.wire import Wire


@dataclass(frozen=True, slots=True)
class Checks:
    """Asks one cluster whether it grants what is wanted of it."""

    wire: Wire

    def version(self) -> Evidence:
        """Whether an API server answers."""
        call = Call("get", path="/version")
        try:
            answer = object_of(self.wire.host, call, self.wire.read(call))
        except SimianError as error:
            return Evidence(holds=False, detail=str(error))
        return Evidence(holds=True, detail=f"{self.wire.host} answers: Kubernetes {answer.get('gitVersion')}")

    def permissions(self, wants: Wants) -> Iterator[Evidence]:
        """One line for each right that an agent needs, in each place it needs it."""
        known: list[Selector] = []
        for selector in wants.finds:
            try:
                kind_of(selector.kind)
            except PlatformError as error:
                yield Evidence(holds=False, detail=str(error))
                continue
            known.append(selector)
        for right in rights("agent", replace(wants, finds=tuple(known))):
            yield self._ask(right)

    def _ask(self, right: Right) -> Evidence:
        scope, group, resource, verb, name = right
        plural, _, sub = resource.partition("/")
        wish = {"verb": verb, "group": group, "resource": plural, "subresource": sub, "namespace": scope, "name": name}
        review: dict[str, Any] = {
            "apiVersion": REVIEW.api_version,
            "kind": REVIEW.name,
            "spec": {"resourceAttributes": {key: value for key, value in wish.items() if value}},
        }
        call = Call("create", REVIEW, body=review)
        what = Call(verb, Kind(group, "", plural, ""), scope, name, sub)
        words = f"{verb} {resource}{name and f' {name}'} {f'in {scope}' if scope else 'in the whole cluster'}"
        try:
            answer = object_of(self.wire.host, call, self.wire.read(call))
        except SimianError as error:
            return Evidence(holds=False, detail=f"cannot tell whether we may {words}: {error}")
        if at(answer, "status.allowed") is True:
            return Evidence(holds=True, detail=f"may {words}")
        return Evidence(holds=False, detail=f"may not {words}: {grant(what)}")
