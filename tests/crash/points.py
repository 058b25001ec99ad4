"""Where an agent is killed, in the order of the flow, and what must be so at that moment and after the next start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Seen(StrEnum):
    """How much of the fault stands on its target when the agent dies."""

    NOTHING = "nothing"
    HALF = "half"  # the first request of an injection that needs two: the mark
    BACK = "back"  # the first request of a revert that needs two: the mark is still there
    WHOLE = "whole"
    ANY = "any"  # a request was sent and nobody waited for its answer


class Made(StrEnum):
    """What the next start makes of it."""

    NONE = "none"  # no intent was written: nothing ever happened
    ENDED = "ended"  # it is ended at once: a crash came before its outcome was told
    ADOPTED = "adopted"  # it has time left, and is held on
    OVER = "over"  # it was told before that all is over


@dataclass(frozen=True)
class Point:
    """One boundary: the name by which a process is told to die there."""

    name: str
    seen: Seen
    made: Made


HELD = (
    Point("before-intended", Seen.NOTHING, Made.NONE),
    Point("after-intended", Seen.NOTHING, Made.ENDED),
    Point("after-record", Seen.NOTHING, Made.ENDED),  # put, and not yet seen to be acknowledged
    Point("after-entrusted", Seen.NOTHING, Made.ENDED),
    Point("before-inject", Seen.NOTHING, Made.ENDED),
    Point("inject-sent", Seen.ANY, Made.ENDED),  # the first request that writes has left, its answer is not read
    Point("mid-inject", Seen.HALF, Made.ENDED),  # its answer is read; where there is a second one, it is not sent
    Point("after-inject", Seen.WHOLE, Made.ENDED),
    Point("after-injected", Seen.WHOLE, Made.ADOPTED),
    Point("after-observed", Seen.WHOLE, Made.ADOPTED),
    Point("held", Seen.WHOLE, Made.ADOPTED),
    Point("before-revert", Seen.WHOLE, Made.ADOPTED),
    Point("revert-sent", Seen.ANY, Made.ADOPTED),
    Point("mid-revert", Seen.BACK, Made.ADOPTED),
    Point("after-revert", Seen.NOTHING, Made.ADOPTED),  # proved, and not told
    Point("after-told", Seen.NOTHING, Made.OVER),  # told, and its record is still there
    Point("after-released", Seen.NOTHING, Made.OVER),
)
"""The points of a fault that is held and given back."""

MOMENTARY = (
    Point("before-intended", Seen.NOTHING, Made.NONE),
    Point("after-intended", Seen.NOTHING, Made.ENDED),
    Point("before-inject", Seen.NOTHING, Made.ENDED),
    Point("inject-sent", Seen.ANY, Made.ENDED),
    Point("mid-inject", Seen.WHOLE, Made.ENDED),
    Point("after-inject", Seen.WHOLE, Made.ENDED),
    Point("after-injected", Seen.WHOLE, Made.ADOPTED),
    Point("after-observed", Seen.WHOLE, Made.ADOPTED),
    Point("held", Seen.WHOLE, Made.ADOPTED),
    Point("before-told", Seen.WHOLE, Made.ADOPTED),
    Point("after-told", Seen.WHOLE, Made.OVER),
)
"""The points of a fault that cannot be undone: what stands then is one act."""

RECORDED = frozenset(point.name for point in HELD[HELD.index(Point("after-record", Seen.NOTHING, Made.ENDED)) : -1])
"""Where a record of the fault is left to the undertaker."""

FEW = ("mid-inject", "held", "mid-revert")
"""The points at which every kind is killed in each test run; those of one kind a platform are killed at all."""

FEW_MOMENTARY = ("after-intended", "mid-inject", "after-injected")


@dataclass(frozen=True)
class Case:
    """One fault kind: its platform, the use it strikes for, and the fields of its target that it changes.

    ``fields`` are those changed while it stands, ``first`` those that its first request changes and its last one gives
    back; the same for a kind that does all in one request. A kind that cannot be undone has none. ``first_of`` tells the
    kinds that are killed at every point in each test run. ``params`` is what it is given. ``besides`` counts the requests,
    of an injection or a revert, that write what no view shows: who owns a field, a copy of the mark.
    """

    kind: str
    platform: str
    fields: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    use: str = "chaos"
    first_of: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)
    besides: int = 0
    lingers: bool = False

    @property
    def points(self) -> tuple[Point, ...]:
        return HELD if self.fields else MOMENTARY

    @property
    def requests(self) -> int:
        """How many requests one injection takes."""
        return 1 if self.first == self.fields else 2

    def seen(self, point: Point) -> Seen:
        """How much stands at that point; what ``lingers`` may be there still when its revert was answered."""
        return Seen.ANY if self.lingers and point.seen is Seen.BACK else point.seen

    def changed(self, seen: Seen) -> frozenset[str]:
        """What is changed then; of ANY, the most that may be."""
        table: Mapping[Seen, frozenset[str]] = {
            Seen.NOTHING: frozenset(),
            Seen.HALF: self.first,
            Seen.BACK: self.first if self.requests > 1 else frozenset(),
            Seen.WHOLE: self.fields,
            Seen.ANY: self.fields,
        }
        return table[seen]


_MARK = frozenset({"metadata.labels", "metadata.annotations"})
_CORDON = frozenset({"spec.unschedulable", "metadata.labels", "metadata.annotations"})
_TAINT = frozenset({"spec.taints", "metadata.labels", "metadata.annotations"})
_TAGS, _TOXICS = frozenset({"Tags"}), frozenset({"toxics"})
CASES = (
    Case("node-cordon", "kubernetes", _CORDON, _CORDON, first_of=True),
    Case("node-drain", "kubernetes", _CORDON, _CORDON),
    Case("zone-outage", "kubernetes", _CORDON, _CORDON, params={"max_percent": 100}),
    Case("node-taint", "kubernetes", _TAINT, _TAINT),
    Case("scale-down", "kubernetes", _MARK | {"spec.replicas"}, _MARK | {"spec.replicas"}, params={"to": 2}, besides=2),
    Case("job-suspend", "kubernetes", _MARK | {"spec.suspend"}, _MARK | {"spec.suspend"}, besides=1),
    Case("pod-failure", "kubernetes", _MARK | {"spec.containers"}, _MARK | {"spec.containers"}),
    Case("dns-fault", "kubernetes", _MARK | {"spec.externalName"}, _MARK | {"spec.externalName"}, besides=1),
    Case("config-fault", "kubernetes", _MARK | {"data"}, _MARK | {"data"}, params={"key": "a"}, besides=1),
    Case("secret-fault", "kubernetes", _MARK | {"data"}, params={"key": "a"}),  # kept first, in a Secret of ours
    Case("network-partition", "kubernetes", _MARK),  # its policy is made first, which changes nothing of the pod
    Case("cpu-hog", "kubernetes", _MARK, _MARK, lingers=True),  # what differs is the pod that is made
    Case("memory-hog", "kubernetes", _MARK, _MARK, lingers=True),
    Case("rollout-restart", "kubernetes"),
    Case("pod-evict", "kubernetes"),
    Case("pod-delete", "kubernetes"),
    Case("instance-stop", "aws", _TAGS | {"State.Name"}, _TAGS, first_of=True),
    Case("asg-suspend", "aws", _TAGS | {"SuspendedProcesses"}, _TAGS),
    Case("instance-terminate", "aws"),
    Case("proxy-latency", "toxiproxy", _TOXICS, _TOXICS, use="latency", first_of=True),
)
ELSEWHERE = frozenset({"container-kill", "exec"})
"""The kinds that no ground here can serve: nobody here runs a command in a container."""
