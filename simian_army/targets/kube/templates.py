"""What the pods that a workload makes say of themselves: its pod template, as a level above the workload's own word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simian_army.model import Json, Level
from simian_army.targets.kube.facts import pod_labels
from simian_army.targets.kube.owners import Family

MAKERS = frozenset({"deployment", "replicaset", "statefulset", "daemonset", "job", "cronjob"})
"""The kinds that make pods: they are listed whole, since a template may opt in, and out."""


def template_of(kind: str, obj: Json) -> Mapping[str, str]:
    """The labels of the pods that an object makes; none where it makes none."""
    return (pod_labels(kind, obj) or {}) if kind in MAKERS else {}


def with_template(family: Family, name: str, labels: Mapping[str, str]) -> Family:
    """The same family, the template nearest of all, where it says anything."""
    if not labels:
        return family
    return replace(family, levels=(Level("PodTemplate", name, labels), *family.levels))
