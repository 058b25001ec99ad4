"""Who says which workloads are not fit for a fault: the conformity monkey, which strikes nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from simian_army import Finding, Json, Needs, Target

USE = "simian-army/conformity"
OPT_OUT = "simian-army/opt-out"
REPLICAS, BUDGETS = "replicas", "budgets"
CONTAINERS = "spec.template.spec.containers"
POD_RESOURCES = "spec.template.spec.resources"
POD_LABELS = "spec.template.metadata.labels"
WANTED = frozenset({"cpu", "memory"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What a workload ought to be. ``broken`` tells from its facts what is wrong and what to write to mend it; it is
    empty when all is well, and when the facts do not tell."""

    name: str
    severity: str
    broken: Callable[[Json], str]


class ConformityMonkey:
    """Looks at Deployments and StatefulSets and says which break a rule; one finding for each rule and workload.

    The rules: ``replicas`` (more than one pod; none at all is scaled down on purpose), ``disruption-budget`` (where
    there are several pods, a PodDisruptionBudget selects them), ``readiness-probe`` and ``resource-requests`` (of cpu
    and memory) on every container. All are warnings but ``readiness-probe``: budgets, rollouts and every check
    whether a workload is whole count ready pods, and without a probe a pod counts as soon as it runs.

    A workload is left out when ``simian-army/opt-out`` on its pod template, on itself or on anything above it is not
    ``false``, and where the nearest of these levels with a value says ``simian-army/conformity: disabled``, or of one
    rule ``simian-army/conformity.<rule>: disabled``. A level that cannot be read silences nothing: words harm nobody.

    Args:
        rules: the rules to look at, by name.

    Raises:
        ValueError: a parameter cannot be used; the text names it, its value and what is allowed.
    """

    name: ClassVar[str] = "conformity"
    needs: ClassVar[Needs] = Needs(
        kinds=("deployment", "statefulset"), facts=(REPLICAS, BUDGETS, CONTAINERS, POD_RESOURCES, POD_LABELS)
    )

    def __init__(
        self, rules: Sequence[str] = ("replicas", "disruption-budget", "readiness-probe", "resource-requests")
    ) -> None:
        known = [rule.name for rule in RULES]
        if not isinstance(rules, list | tuple) or not rules:
            raise ValueError(f"rules: {rules!r} is not a list of some of {', '.join(known)}")
        unknown = [name for name in rules if name not in known]
        if unknown:
            raise ValueError(f"rules: {unknown[0]!r} is not one of {', '.join(known)}")
        self._rules = tuple(rule for rule in RULES if rule.name in rules)

    def want(self, troop: Sequence[Target], rng: Random) -> int:
        """None: it never strikes."""
        del troop, rng
        return 0

    def propose(self, troop: Sequence[Target], rng: Random) -> Sequence[Finding]:
        """All that is wrong, by the name of the target and then in the order of the rules."""
        del rng
        return [
            Finding(self.name, target, rule.name, rule.severity, f"{wrong}{_unread(target)}")
            for target in sorted(troop, key=_place)
            for rule in self._rules
            if not _silenced(rule.name, target) and (wrong := rule.broken(target.facts))
        ]


def too_few(facts: Json) -> str:
    """Rule ``replicas``."""
    if _count(facts) != 1:
        return ""
    return "it has one pod, so any fault takes all of it down; write spec.replicas: 2 or more"


def unprotected(facts: Json) -> str:
    """Rule ``disruption-budget``."""
    count = _count(facts)
    if count is None or count <= 1 or facts.get(BUDGETS) != []:
        return ""
    return (
        f"no PodDisruptionBudget selects its pods, so a drain may take all {count} at once; create one in its "
        "namespace whose spec.selector matches the labels of its pods, with spec.maxUnavailable: 1"
    )


def unprobed(facts: Json) -> str:
    """Rule ``readiness-probe``; init containers, sidecars among them, are not asked."""
    names = [_name(container) for container in _containers(facts) if not container.get("readinessProbe")]
    if not names:
        return ""
    where = "these containers" if len(names) > 1 else "this container"
    return (
        f"no readiness probe: {', '.join(names)}; write readinessProbe on {where}, so that a pod counts once it serves"
    )


def unreserved(facts: Json) -> str:
    """Rule ``resource-requests``. A limit counts, for the API server makes it the request of what has none, and so
    does what is written for the pod as a whole."""
    shared = _reserved(facts.get(POD_RESOURCES))
    missing = [(_name(one), WANTED - shared - _reserved(one.get("resources"))) for one in _containers(facts)]
    lacks = [f"{name} ({' and '.join(sorted(words))})" for name, words in missing if words]
    if not lacks:
        return ""
    words = sorted({word for _, words in missing for word in words})
    write = " and ".join(f"resources.requests.{word}" for word in words)
    return f"no resource requests: {', '.join(lacks)}; write {write} there, so that nodes keep room for its pods"


RULES = (
    Rule("replicas", "warning", too_few),
    Rule("disruption-budget", "warning", unprotected),
    Rule("readiness-probe", "error", unprobed),
    Rule("resource-requests", "warning", unreserved),
)


def _count(facts: Json) -> int | None:
    count = facts.get(REPLICAS)
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def _containers(facts: Json) -> list[Mapping[str, Any]]:
    found = facts.get(CONTAINERS)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _name(container: Mapping[str, Any]) -> str:
    return str(container.get("name"))


def _reserved(resources: object) -> set[str]:
    parts = [resources.get(part) for part in ("requests", "limits")] if isinstance(resources, Mapping) else []
    return {word for part in parts if isinstance(part, Mapping) for word, much in part.items() if much is not None}


def _silenced(rule: str, target: Target) -> bool:
    levels = list(_levels(target))
    if any(labels.get(OPT_OUT, "false") != "false" for labels in levels):
        return True
    said = ([labels[key] for key in (USE, f"{USE}.{rule}") if key in labels] for labels in levels)
    return "disabled" in next(filter(None, said), ())


def _levels(target: Target) -> Iterator[Mapping[str, str]]:
    """What is written on the pod template, the workload and everything above that could be read, nearest first."""
    template = target.facts.get(POD_LABELS)
    if isinstance(template, Mapping):
        yield template
    yield target.labels
    yield from (level.labels for level in target.levels if level.labels is not None)


def _unread(target: Target) -> str:
    hidden = [f"{level.kind} {level.name}" for level in target.levels if level.labels is None]
    return f" (whether {' or '.join(hidden)} opts out cannot be read)" if hidden else ""


def _place(target: Target) -> tuple[str, str, str, str]:
    return target.name, target.scope, target.kind, target.id
