"""What the API server's own log says of a soak: who was evicted, and how much was broken at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tests.cluster.audit import Call


class Moment(NamedTuple):
    """A pod left (``ready`` False) or became ready, as the log tells it."""

    at: datetime
    group: str
    pod: str
    ready: bool


@dataclass(frozen=True, slots=True)
class Most:
    """The largest numbers seen: groups that miss a pod at once, and pods that one group misses at once."""

    open: int
    in_one_group: int


def group_of(pod: str) -> str:
    """``app-1`` of ``app-1-5d4f-x7k``: the Deployment whose pod this is."""
    return pod.rsplit("-", 2)[0]


def evictions(calls: Iterable[Call], space: str) -> list[Call]:
    """The evictions in a namespace that were asked by us and granted."""
    return [c for c in calls if c.evicts and c.namespace == space and c.agent.startswith("simian-army/")]


def most(calls: Sequence[Call], space: str, there: Iterable[str], size: int) -> Most:
    """Replay the log from the pods that were ``there``, all ready, in groups of ``size``.

    An eviction is open from the API server's answer until its group has ``size`` ready pods again, as the statuses
    say that the kubelets wrote.
    """
    up: dict[str, set[str]] = {}
    for pod in there:
        up.setdefault(group_of(pod), set()).add(pod)
    largest, worst = 0, 0
    for moment in sorted(_moments(calls, space)):
        pods = up.setdefault(moment.group, set())
        pods.add(moment.pod) if moment.ready else pods.discard(moment.pod)
        missing = _missing(up, size)
        largest, worst = max(largest, sum(missing.values())), max(worst, *missing.values(), 0)
    return Most(largest, worst)


def _missing(up: Mapping[str, set[str]], size: int) -> dict[str, int]:
    return {group: max(0, size - len(pods)) for group, pods in up.items()}


def _moments(calls: Sequence[Call], space: str) -> Iterator[Moment]:
    for call in evictions(calls, space):
        yield Moment(call.done, group_of(call.name), call.name, ready=False)
    for call in calls:
        if call.namespace == space and call.resource == "pods/status" and _makes_ready(call):
            yield Moment(call.done, group_of(call.name), call.name, ready=True)


def _makes_ready(call: Call) -> bool:
    status = call.body.get("status", {}) if isinstance(call.body, dict) else {}
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions", []))
