"""Which PodDisruptionBudgets protect the pods of a workload."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from simian_army.errors import PlatformError
from simian_army.selectors import Test, object_selector
from simian_army.targets.kube.bulk import side_by_side
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import Entry
from simian_army.targets.kube.facts import at
from simian_army.targets.kube.kinds import BUDGET
from simian_army.targets.kube.lists import Lists
from simian_army.targets.telling import warn


@dataclass(frozen=True, slots=True)
class Budget:
    """One budget; ``selects`` is None when its selector makes no sense."""

    scope: str
    name: str
    selects: Test | None


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets by namespace; one that is not in ``known`` could not be asked."""

    known: Mapping[str, Sequence[Budget]]

    def over(self, scope: str, labels: Mapping[str, str] | None) -> list[str] | None:
        """The names, sorted, of those that select pods with ``labels``; None when nobody can tell."""
        if labels is None or scope not in self.known:
            return None
        found = self.known[scope]
        names = sorted(budget.name for budget in found if budget.selects and budget.selects(labels))
        # one that makes no sense might have been the one that protects them
        doubtful = any(budget.selects is None for budget in found)
        return None if doubtful and not names else names


def budgets_of(lists: Lists, scopes: Collection[str], *, wide: bool) -> Budgets:
    """The budgets of namespaces, had with one list over all of them (``wide``) or one of each."""
    places = ([""] if wide else sorted(scopes)) if scopes else []
    answers = side_by_side(lambda place: _listed(lists, place), places)
    reached = [place for place, found in zip(places, answers, strict=True) if found is not None]
    known: dict[str, list[Budget]] = {scope: [] for scope in (scopes if reached == [""] else reached)}
    for budget in (budget for found in answers for budget in found or ()):
        known.setdefault(budget.scope, []).append(budget)
    return Budgets(known)


def _listed(lists: Lists, place: str) -> list[Budget] | None:
    try:
        return [_budget(entry) for entry in lists.all(Call("list", BUDGET, place))]
    except PlatformError as error:
        warn("unreadable", resource=BUDGET.plural, name=place or "all", reason=str(error))
        return None


def _budget(entry: Entry) -> Budget:
    scope, name = entry.metadata.namespace, entry.metadata.name
    try:
        # policy/v1: an empty selector means every pod of the namespace, none at all means no pod
        return Budget(scope, name, object_selector(at(entry.whole or {}, "spec.selector")))
    except ValueError as error:
        warn("unreadable", resource=BUDGET.plural, name=f"{scope}/{name}", reason=str(error))
        return Budget(scope, name, None)
