"""What everything is called: the nouns of the house, on the standard library alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from simian_army.reading import Reading
from simian_army.standing import Attempt, Floor

Json: TypeAlias = Mapping[str, Any]
"""A JSON object: string keys, and values of JSON's own types only."""

NOTHING: Json = {}


class Phase(StrEnum):
    """What an audit event says has happened; the order of a fault's life is the order here."""

    REQUESTED = "requested"
    FIRED = "fired"
    DENIED = "denied"
    PENDING = "pending"
    INTENDED = "intended"
    INJECTED = "injected"
    OBSERVED = "observed"
    NO_EFFECT = "no_effect"
    REVERTED = "reverted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    STUCK = "stuck"
    ADOPTED = "adopted"
    CLOSED = "closed"
    JUDGED = "judged"
    ANALYSED = "analysed"
    FOUND = "found"
    HALTED = "halted"
    RESUMED = "resumed"
    SKIPPED = "skipped"
    GAMEDAY = "gameday"


ENDS = frozenset({Phase.REVERTED, Phase.FAILED, Phase.UNKNOWN, Phase.CLOSED, Phase.DENIED})
"""The phases that end an attempt begun by INTENDED: after one of them the fault is no longer open."""


@dataclass(frozen=True, slots=True)
class Level:
    """One place above a target where consent may be written: an owner or the namespace.

    ``labels`` is None when the place exists but could not be read; guards take that as a no.
    """

    kind: str
    name: str
    labels: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Target:
    """One thing a fault can strike.

    ``id`` is the uid or ARN, never only a name. ``scope`` is the namespace, or account/region; empty for
    what has none (a node). ``group`` names the top owner as ``scope/Kind/name``; empty when nothing owns it.
    ``born`` is aware, in UTC; None when the platform does not tell. ``levels`` are the places above, nearest first.
    ``facts`` holds what the monkey's needs name and, once the target was read whole, what the adapter says of it.
    ``replaced`` tells that a controller (a workload, an Auto Scaling Group) makes a new one when it is destroyed.
    """

    platform: str
    kind: str
    id: str
    name: str
    scope: str
    group: str
    born: datetime | None
    labels: Mapping[str, str]
    levels: tuple[Level, ...] = ()
    facts: Json = field(default_factory=dict)
    replaced: bool = False

    def __str__(self) -> str:
        """``pod shop/web-1``: the form people read and type."""
        return f"{self.kind} {self.scope}/{self.name}" if self.scope else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Selector:
    """Which targets to find: one kind, in scopes matching any pattern (``*`` as in a shell; a leading ``!`` excludes).

    ``labels`` is a label query as Kubernetes writes it (on AWS over tags), ``fields`` pairs the server matches,
    ``names`` patterns like those of ``scopes`` (empty = all), ``stands`` such ones over its ``node`` and ``zone``,
    ``facts`` what to fill in ``Target.facts`` beyond the metadata.
    """

    kind: str
    scopes: tuple[str, ...] = ("*",)
    labels: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    stands: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to be done to one target, with data enough for a stranger to undo it.

    ``undo`` is None until prepared, and for momentary faults. In one run at most one fault per ``slot`` is
    taken; an empty slot means the target's id, so a run's targets are distinct. ``others`` is whom else it harms, as
    the guards were shown them just before; it is written down nowhere, but for the ``groups`` it may stop members of.
    ``instead`` are other faults on this target: of all these the first that applies to it is meant.
    """

    kind: str
    target: Target
    params: Json = field(default_factory=dict)
    undo: Json | None = None
    hold: timedelta = timedelta(0)
    slot: str = ""
    others: Sequence[Target] = field(default=(), compare=False, repr=False)
    groups: tuple[str, ...] = ()
    instead: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a read-only monkey says of a target; severity is ``info``, ``warning`` or ``error``."""

    monkey: str
    target: Target
    rule: str
    severity: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One guard's answer. ``final`` on a denial means no other target would fare better in this run."""

    guard: str
    allowed: bool
    reason: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Halt:
    """The fleet is stopped, or with a ``scope`` only what strikes there: who said so, when and why.

    ``source`` is where it was said, ``ends`` in words what ends it. ``doubt`` tells that a source cannot be read, so
    that nobody knows; ``reason`` then names source and error, and nothing new begins.
    """

    author: str
    reason: str
    at: datetime
    source: str = "ledger"
    scope: str = ""
    ends: str = "`simian resume` ends it"
    doubt: bool = False

    def __str__(self) -> str:
        """``halted by ann: incident 7``: why something ends or does not begin."""
        place = f" in {self.scope}" if self.scope else ""
        return self.reason if self.doubt else f"halted{place} by {self.author}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Where a platform really is: ``id`` is the cluster uid or account, ``endpoint`` its URL.

    ``clock`` compares the server's with ours, where one target was asked for; None when nobody knows.
    """

    platform: str
    id: str
    endpoint: str
    embedded: bool = False
    clock: Reading | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a group is whole: ready members of those wanted; ``whole`` is None when nobody can tell.

    ``up`` are the ids of the ready ones, ``floors`` the words on how few it may have, ``moving`` what of it is in
    motion (a roll-out), empty if nothing.
    """

    whole: bool | None
    ready: int
    wanted: int
    detail: str
    floors: tuple[Floor, ...] = ()
    moving: str = ""
    up: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a guard may see. ``peers`` are the found members of the target's group, itself included;
    ``reach`` is everything else the fault harms, None when it could not be computed. ``teams`` are the halts of
    single scopes among those of target and reach. ``health`` is the group's, None when it was not asked for. ``crowd``
    is how many of the target's kind were found in its scope, None when nobody counted them. ``stand`` is how each group
    in reach stands, None when it was not asked for; ``at_most`` how many of each go, None = all."""

    now: datetime
    fleet: str
    use: str
    entry: str
    fault: Fault
    peers: Sequence[Target] = ()
    recent: Sequence[Attempt] = ()
    reach: Sequence[Target] | None = ()
    identity: Identity | None = None
    halt: Halt | None = None
    leashed: bool = True
    teams: tuple[Halt, ...] = ()
    health: Health | None = None
    crowd: int | None = None
    stand: Mapping[str, Health] | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One firing of one entry: the same seed and candidates choose the same targets.

    ``digest`` is the SHA-256 over the sorted candidate ids. ``request`` is the ledger row that asked for it by hand.
    """

    id: str
    entry: str
    at: datetime
    seed: str
    digest: str = ""
    request: int | None = None
    leashed: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen on the target: ``holds`` says whether that which was looked for is so.

    ``under_way`` on one that does not hold says that the platform is at it: look again, nothing has failed.
    """

    holds: bool
    detail: str
    facts: Json = field(default_factory=dict)
    under_way: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """The signed record a held fault leaves on its target (DESIGN: rule 3): who to ask, until when, how to undo."""

    fleet: str
    run: str
    kind: str
    deadline: datetime
    undo: Json
    mac: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One row of the ledger. ``seq``, ``previous`` and ``hash`` are the ledger's to fill.

    ``key`` makes an event unique in the ledger when it is not empty: a second one with it is refused.
    ``target`` is the target's id, empty where there is none. ``embedded`` tells the throw-away world from a real one.
    """

    at: datetime
    run: str
    phase: Phase
    actor: str
    entry: str = ""
    target: str = ""
    leashed: bool = True
    embedded: bool = False
    config: str = ""
    key: str = ""
    data: Json = field(default_factory=dict)
    seq: int = 0
    previous: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a monkey must be given: the fault kinds it may propose, else the target kinds it looks at, and the facts."""

    faults: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
