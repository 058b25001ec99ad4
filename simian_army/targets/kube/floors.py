"""Who else has a word on how few pods a workload may have: PodDisruptionBudgets and autoscalers, as they stand now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simian_army.errors import Gone, PlatformError
from simian_army.model import Json
from simian_army.selectors import object_selector
from simian_army.standing import Floor
from simian_army.targets.kube.bulk import side_by_side
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.facts import at
from simian_army.targets.kube.kinds import AUTOSCALER, BUDGET, Kind
from simian_army.targets.kube.lists import Lists

PDB, HPA = "pdb", "hpa"
KINDS: Mapping[str, Kind] = {PDB: BUDGET, HPA: AUTOSCALER}
"""Whom config lets us ask, and what must be listed for it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose floors are asked for: the labels of a pod and whether it is ready, and its top owner's kind and name."""

    scope: str
    kind: str
    name: str
    labels: Mapping[str, str]
    ready: bool


@dataclass(frozen=True, slots=True)
class Word:
    """What could be listed of one kind, or why it could not."""

    kind: str
    found: Sequence[Json] = ()
    trouble: str = ""


def ask(lists: Lists, scope: str, kinds: Sequence[str]) -> list[Word]:
    """The objects of a namespace that may have a word, of each kind; none of them raises."""
    return side_by_side(lambda kind: _listed(lists, scope, kind), list(kinds))


def floors(words: Sequence[Word], subject: Subject, ready: int | None) -> tuple[Floor, ...]:
    """What they say of the subject, ``ready`` pods of its workload being ready now; None when nobody knows."""
    told: list[Floor] = []
    for word in words:
        if word.trouble:
            kind = KINDS[word.kind].name
            without = f"to go without, write safety.quorum: {{{word.kind}: false}}"
            told.append(Floor(kind, None, f"{kind}s cannot be read: {word.trouble}; {without}"))
            continue
        told += _budgets(word.found, subject) if word.kind == PDB else _autoscalers(word.found, subject, ready)
    return tuple(told)


def _listed(lists: Lists, scope: str, kind: str) -> Word:
    try:
        entries = lists.all(Call("list", KINDS[kind], scope))
    except Gone:
        return Word(kind)  # not served here, so there are none
    except PlatformError as error:
        return Word(kind, trouble=str(error))
    return Word(kind, [entry.whole for entry in entries if entry.whole])


def _budgets(found: Sequence[Json], subject: Subject) -> list[Floor]:
    over = [(f"PDB {subject.scope}/{at(budget, 'metadata.name')}", budget) for budget in found]
    meant = [(name, budget) for name, budget in over if _selects(budget, subject)]
    if len(meant) < 2:
        return [_budget(name, budget, subject) for name, budget in meant]
    names = " and ".join(name for name, _ in meant)
    why = "the eviction API refuses a pod with more than one: let one of them select it"
    return [Floor(names, 0, f"{names}: all of them select it, and {why}")]


def _selects(budget: Json, subject: Subject) -> bool:
    try:
        return object_selector(at(budget, "spec.selector"))(subject.labels)
    except ValueError:
        return True  # it might have been meant: _budget says what is wrong with it


def _budget(name: str, budget: Json, subject: Subject) -> Floor:
    """In the order in which the eviction API asks."""
    try:
        object_selector(at(budget, "spec.selector"))
    except ValueError as error:
        return Floor(name, None, f"{name}: its selector makes no sense: {error}")
    counts = [at(budget, f"status.{word}") for word in ("disruptionsAllowed", "currentHealthy", "desiredHealthy")]
    if not all(isinstance(count, int) for count in counts):
        return Floor(name, None, f"{name}: its status does not say how many may go")
    allowed, healthy, needed = counts
    words = f"{name}: {allowed} disruptions allowed, {healthy} healthy, {needed} needed"
    if not subject.ready and _lets_the_unready_go(budget, healthy, needed):
        return Floor(name, max(allowed, 1), f"{words}, but it lets a pod go that is not ready")
    said, seen = at(budget, "metadata.generation") or 0, at(budget, "status.observedGeneration") or 0
    if seen < said:
        return Floor(name, 0, f"{name}: not counted since it was changed (generation {said}, counted {seen})")
    return Floor(name, allowed, words)


def _lets_the_unready_go(budget: Json, healthy: int, needed: int) -> bool:
    return at(budget, "spec.unhealthyPodEvictionPolicy") == "AlwaysAllow" or 0 < needed <= healthy


def _autoscalers(found: Sequence[Json], subject: Subject, ready: int | None) -> list[Floor]:
    whom = [(at(one, "spec.scaleTargetRef.kind"), at(one, "spec.scaleTargetRef.name")) for one in found]
    meant = [one for one, who in zip(found, whom, strict=True) if who == (subject.kind, subject.name)]
    return [_autoscaler(one, subject, ready) for one in meant]


def _autoscaler(one: Json, subject: Subject, ready: int | None) -> Floor:
    name, least = f"HPA {subject.scope}/{at(one, 'metadata.name')}", at(one, "spec.minReplicas")
    if not isinstance(least, int):
        return Floor(name, None, f"{name}: it does not say how few it keeps (spec.minReplicas)")
    if ready is None:
        return Floor(name, None, f"{name}: keeps at least {least} (minReplicas), and nobody knows how many are ready")
    return Floor(name, ready - least, f"{name}: keeps at least {least} (minReplicas), {ready} are ready")
