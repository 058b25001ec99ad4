"""How things stand: what was tried before and where, how many of a group may still go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:  # the model is built on these
    from simian_army.model import Phase

Places: TypeAlias = Mapping[str, tuple[str, ...]]
"""Where something stands: its ``node``, ``zone`` and ``region``, each several where it spreads over them. An empty one
says that it has none, one left out that nobody knows."""

TARGET, NOBODY, REACH = "target", "nobody", "reach"


def stops(kind: object, fault: object = None) -> str:
    """Whom a fault kind takes out of service, as its attribute ``stops`` says: its ``target``, which is meant too where
    it has none; ``nobody``; everybody in its ``reach``; or others, in words.

    A kind whose ``params`` decide has a method ``stops_by(fault)`` besides, for one ``fault``.
    """
    by = getattr(kind, "stops_by", None)
    return str(getattr(kind, "stops", TARGET)) if fault is None or by is None else str(by(fault))


def unsettles(kind: object, fault: object) -> bool:
    """Whether the groups in reach of a fault have to recover from it: it stops them, or may, as its kind's attribute
    ``unsettles`` says."""
    return stops(kind, fault) == REACH or getattr(kind, "unsettles", False) is True


def bears(kind: object) -> tuple[str, ...]:
    """What kinds of object a fault kind marks besides what it strikes: its attribute ``bears``."""
    return tuple(getattr(kind, "bears", ()))


def struck(kind: object) -> tuple[str, ...]:
    """The kinds of target that a fault kind strikes: the one its attribute ``strikes`` names, and those of ``also``."""
    return (str(getattr(kind, "strikes", "")), *map(str, getattr(kind, "also", ())))


def anew(kind: object) -> bool:
    """Whether the targets of a momentary kind make anew themselves what it destroys, as its attribute ``anew`` says."""
    return getattr(kind, "anew", False) is True


def at_most(kind: object, fault: object) -> int | None:
    """How many of each group in its reach a fault takes out of service, as its kind's method ``at_most(fault)`` says;
    None where it has none: all of them."""
    most = getattr(kind, "at_most", None)
    return None if most is None else int(most(fault))


SWEPT = "swept"
"""The fact of a DaemonSet's pod in reach that it goes too: under most faults such pods stay where they are."""


def swept(kind: object, fault: Any, others: Sequence[Any]) -> list[Any]:
    """Those in reach of a fault, who goes though its DaemonSet keeps it with ``SWEPT`` among its facts, as its kind's
    method ``sweeps(fault, other)`` says; a kind without one sweeps nobody away."""
    sweeps = getattr(kind, "sweeps", None)
    if sweeps is None:
        return list(others)
    return [replace(one, facts={**one.facts, SWEPT: True}) if sweeps(fault, one) else one for one in others]


def note_key(annotation: str) -> str:
    """Under which key an annotation that config names stands among the labels of a target and its levels; no label of
    Kubernetes can be called so."""
    return f"annotation:{annotation}"


PLACES = "places"
"""The fact of a target, and the key of an INTENDED event, that tells them: a list for each."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Somebody's word on how few members a group may have: a PodDisruptionBudget, an autoscaler, an ASG's MinSize.

    ``room`` is how many more may go now, None when it could not be told; ``detail`` says who and how, with numbers.
    """

    name: str
    room: int | None
    detail: str


LEVELS = 5
"""How many whys an analysis has at most."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A line that is stopped until the run that stopped it is analysed: since when, and what that run came to.

    ``groups`` are those in the reach of its fault that were not seen whole: their lines are stopped too.
    """

    since: datetime
    outcome: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fault the ledger remembers: begun by INTENDED at ``at``, now in ``phase``; open until one of ENDS.

    ``name`` is the target's as people read it; ``since`` is when the fault got STUCK, None while it is not. ``places``
    is where the target stood then. ``line`` tells that it stopped its group's line, and nobody analysed that yet.
    """

    run: str
    entry: str
    kind: str
    target: str
    group: str
    scope: str
    at: datetime
    phase: Phase
    open: bool
    name: str = ""
    since: datetime | None = None
    places: Places = field(default_factory=dict)
    line: Stopped | None = None


@runtime_checkable
class LooksBack(Protocol):
    """What a guard has besides, if the attempts of the last days are not enough for it."""

    def looks_back_to(self, now: datetime) -> datetime:
        """From when on it must see what was tried."""
        ...


def places_of(data: Mapping[str, Any]) -> Places:
    """Where a target's facts, or an INTENDED event's data, say that it stands."""
    said = data.get(PLACES)
    if not isinstance(said, Mapping):
        return {}
    return {str(kind): tuple(map(str, names)) for kind, names in said.items() if isinstance(names, (list, tuple))}
