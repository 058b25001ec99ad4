"""What the rooms promise each other: guard, monkey, fault kind, platform and ledger, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol, TypeAlias

from simian_army.model import (
    AuditEvent,
    Evidence,
    Fault,
    Finding,
    Halt,
    Health,
    Identity,
    Json,
    Mark,
    Needs,
    Phase,
    Scene,
    Selector,
    Target,
    Verdict,
)
from simian_army.pace import Pace
from simian_army.standing import Attempt


class Guard(Protocol):
    """Whether a fault may happen. An ``early`` guard needs only the target and is asked of every candidate."""

    @property
    def name(self) -> str: ...

    @property
    def early(self) -> bool: ...

    def __call__(self, scene: Scene) -> Verdict: ...


class Monkey(Protocol):
    """Who proposes what. Pure: no I/O, no clock, no chance but ``rng``.

    ``propose`` yields every eligible target in draw order; the first ``want`` that all guards allow are taken.
    """

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> Needs: ...

    def want(self, troop: Sequence[Target], rng: Random) -> int: ...

    def propose(self, troop: Sequence[Target], rng: Random) -> Iterable[Fault | Finding]: ...


Reach: TypeAlias = Selector | Sequence[Selector] | None


class FaultKind(Protocol):
    """What can be done to a target and how it is undone; besides, it may be what ``extras`` names.

    ``params`` and ``undo`` map each field to a line that says its meaning and unit. ``restores`` are the fields
    compared after a revert. ``replaces`` tells that a controller makes good what a momentary fault destroys.
    """

    @property
    def name(self) -> str: ...

    @property
    def platform(self) -> str: ...

    @property
    def strikes(self) -> str: ...

    @property
    def reversible(self) -> bool: ...

    @property
    def replaces(self) -> bool: ...

    @property
    def restores(self) -> tuple[str, ...]: ...

    @property
    def params(self) -> Mapping[str, str]: ...

    @property
    def undo(self) -> Mapping[str, str]: ...

    @property
    def permissions(self) -> Sequence[Sequence[str]]:
        """What the platform must grant, in its own words; on Kubernetes verb, API group, resource, subresource."""
        ...

    def reach(self, fault: Fault) -> Reach:
        """All that is harmed besides the target, whatever of it matches one of these; None when that is nothing."""
        ...

    def prepare(self, fault: Fault) -> Json | None:
        """The undo, read just before the harm. Changes nothing.

        Raises:
            Refused: the fault makes no sense here (already so, gone, bad parameters).
        """
        ...

    def inject(self, fault: Fault, mark: Mark) -> None:
        """Do it, once. A held kind leaves ``mark`` on the target, in the same write where that is possible.

        Raises:
            Refused: the platform said no and nothing was changed.
            Unknown: nobody can say whether it happened.
        """
        ...

    def observe(self, fault: Fault) -> Evidence:
        """Whether the effect is there."""
        ...

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        """Compare and restore, idempotent; ``holds`` means nothing of ours is left and the pre-image is proved,
        or the target is gone or was changed by others, which the detail says."""
        ...


class Platform(Protocol):
    """Where targets live: one adapter a platform."""

    @property
    def name(self) -> str: ...

    def find(self, selector: Selector) -> Sequence[Target]:
        """All targets that match, whole and paged; objects that cannot be read are left out and logged."""
        ...

    def read(self, target: Target) -> Target | None:
        """The target as it is now, read whole with its levels; None when gone or replaced by a namesake."""
        ...

    def health(self, target: Target, *, floors: bool = False) -> Health:
        """Whether the target's group is whole; with ``floors`` who else has a word on how few it may have."""
        ...

    def identity(self, target: Target) -> Identity:
        """Where this target really is, and what the clock says there; asked of the platform itself."""
        ...

    def identities(self) -> Sequence[Identity]:
        """Every place this platform leads to: one cluster, each account and region, each server."""
        ...

    def marked(self, scopes: Collection[str] = ()) -> Iterable[tuple[Target, Mark | None]]:
        """Every target that bears our label, where config says and in ``scopes`` besides.

        None for a mark that this fleet did not write so for that very target; the target's fact ``mark`` then holds
        what is there as text, empty where there is only the label. Other fleets' marks are left out.

        Raises:
            PlatformError: some could not be had; all others were told before.
        """
        ...

    def check(self, kinds: Sequence[FaultKind], selectors: Sequence[Selector] = ()) -> Iterable[Evidence]:
        """What was tried (connectivity, the permissions that these faults and finds need); each that does not hold
        names its fix in the detail."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the config's ``monkeys``: who strikes where, and for how long a held fault stays.

    ``selectors`` has one for each kind of target that the monkey looks at. With ``approval`` what it draws waits so
    long for somebody's word. With ``pace`` it draws from each group by itself, so often.
    """

    name: str
    use: str
    monkey: Monkey
    platform: Platform
    selectors: tuple[Selector, ...]
    hold: timedelta
    leashed: bool = True
    approval: timedelta | None = None
    pace: Pace | None = None

    def find(self) -> list[Target]:
        """All its selectors find, each target once.

        Raises:
            PlatformError: one of the lists could not be had whole.
        """
        found = (target for selector in self.selectors for target in self.platform.find(selector))
        return list({target.id: target for target in found}.values())


Recheck: TypeAlias = Callable[[Sequence[Attempt], "Halt | None"], Sequence[Verdict]]


class Ledger(Protocol):
    """What happened: append-only, chained, durable on return."""

    def append(self, *events: AuditEvent) -> tuple[AuditEvent, ...]:
        """Append in one transaction; returns them with seq and hash.

        Raises:
            AlreadyThere: an event's key is taken.
            LedgerError: not written.
        """
        ...

    def reserve(
        self, intended: AuditEvent, recheck: Recheck, since: datetime | None = None
    ) -> tuple[AuditEvent | None, Sequence[Verdict]]:
        """Append INTENDED only if every verdict of ``recheck``, asked inside the transaction, allows it
        and no open fault is on its target; else (None, the denials). It is shown the attempts since ``since``, by
        itself since 8 days before."""
        ...

    def attempts(self, since: datetime) -> Sequence[Attempt]:
        """Every open attempt, every unleashed one begun at or after ``since``, and whatever stops a line, in order."""
        ...

    def open_faults(self) -> Sequence[tuple[AuditEvent, Phase]]:
        """The INTENDED event of every open attempt and its latest phase, oldest first."""
        ...

    def unjudged(self) -> Sequence[tuple[AuditEvent, AuditEvent | None]]:
        """The INTENDED event of every fault whose outcome is not known, with what ended it or got it stuck, if so."""
        ...

    def halted(self) -> Halt | None:
        """The halt in force, if any."""
        ...

    def query(
        self,
        *,
        run: str = "",
        entry: str = "",
        target: str = "",
        phase: str = "",
        since: datetime | None = None,
        after: int = 0,
    ) -> Iterable[AuditEvent]:
        """Events in order that match all that is given; ``target`` matches id or name, ``after`` is a seq."""
        ...

    def last_seq(self) -> int:
        """The number of the newest event; 0 when there is none. Cheap enough to ask four times a second."""
        ...

    def verify(self) -> Sequence[str]:
        """One line a fault found in the chain, naming the row; empty when whole."""
        ...
