"""How a fault is written down so that a stranger can undo it, and read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from simian_army.clock import Clock
from simian_army.model import AuditEvent, Fault, Json, Mark, Phase, Run, Target, Verdict
from simian_army.standing import places_of

REACHED = "reached"
"""How a fault that is written down calls the groups in its reach that it may stop members of."""

LIMIT = "recovery_limit"
"""How an INTENDED event calls the seconds its group has to be whole again; without them a fault is not judged."""

NO_RUN = Run("", "", datetime.min.replace(tzinfo=UTC), "")


@dataclass(frozen=True, slots=True)
class Held:
    """An open fault and all that is needed to end it. ``end`` is UTC; ``until`` is the same on the monotonic clock."""

    run: Run
    fault: Fault
    mark: Mark
    end: datetime
    until: float
    injected: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """What the fault is known by in the ledger: run and target id."""
        return self.run.id, self.fault.target.id


class Trustee(Protocol):
    """Who ends a held fault when this process cannot."""

    def ready(self) -> None:
        """See to it that there is somebody, before the time of a fault begins to run.

        Raises:
            Refused: there is nobody; nothing may be held.
        """
        ...

    def entrust(self, held: Held) -> None:
        """Have the fault looked after before it is injected.

        Raises:
            Refused: nobody acknowledged it; nothing may be injected.
        """
        ...

    def release(self, held: Held) -> None:
        """The fault is over."""
        ...

    def take_over(self, held: Held) -> None:
        """Have a fault that a process before us began looked after again; waits for nobody."""
        ...

    def lost(self) -> str:
        """Why nobody can be relied upon now; empty while somebody can."""
        ...


@dataclass(frozen=True, slots=True)
class Relic:
    """A record as it lies there. ``held`` is None when this fleet did not write it exactly so; ``ended`` is how its
    undertaker says it ended the fault, empty while it did not. That word is not signed."""

    name: str
    text: str
    held: Held | None
    ended: str = ""


class Relics(Protocol):
    """Every record there is. Raises SimianError when they cannot be had."""

    def all(self) -> Sequence[Relic]:
        """Whatever fault they are of."""
        ...

    def drop(self, name: str) -> None:
        """Forget one."""
        ...

    def latest(self) -> datetime | None:
        """When an agent or undertaker showed life last, by its own clock; None when none ever did."""
        ...


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes events in one hand: the actor, the config's digest and the world they happened in."""

    clock: Clock
    actor: str
    config: str = ""
    embedded: bool = False

    def note(
        self, phase: Phase, run: Run = NO_RUN, target: Target | None = None, *, key: str = "", **data: Any
    ) -> AuditEvent:
        """An event as it happens now; ``data`` must be JSON."""
        about = {"platform": target.platform, "kind": target.kind, "name": str(target)} if target else {}
        return AuditEvent(
            at=self.clock.now(),
            run=run.id,
            phase=phase,
            actor=self.actor,
            entry=run.entry,
            target=target.id if target else "",
            leashed=run.leashed,
            embedded=self.embedded,
            config=self.config,
            key=key,
            data={**({"target": about} if about else {}), **data},
        )


def verdicts_json(verdicts: Iterable[Verdict]) -> list[Json]:
    """The verdicts as the ledger keeps them."""
    return [{"guard": v.guard, "allowed": v.allowed, "reason": v.reason} for v in verdicts]


def fault_json(fault: Fault, deadline: datetime) -> dict[str, Any]:
    """The whole fault, for an INTENDED event."""
    target = fault.target
    return {
        "kind": fault.kind,
        "platform": target.platform,
        "strikes": target.kind,
        "name": target.name,
        "scope": target.scope,
        "group": target.group,
        "places": {kind: list(names) for kind, names in places_of(target.facts).items()},
        "born": target.born and target.born.isoformat(),
        "params": dict(fault.params),
        "undo": None if fault.undo is None else dict(fault.undo),
        "hold": fault.hold.total_seconds(),
        "deadline": deadline.isoformat(),
        **({REACHED: list(fault.groups)} if fault.groups else {}),
    }


def fault_of(event: AuditEvent) -> tuple[Fault, datetime]:
    """The fault an INTENDED event holds, and its deadline in UTC.

    Raises:
        KeyError, TypeError, ValueError: the event is not of that form.
    """
    return fault_of_json(event.target, event.data)


def fault_of_json(target_id: str, data: Json) -> tuple[Fault, datetime]:
    """The fault that ``fault_json`` wrote down for the target of that id, and its deadline in UTC.

    Raises:
        KeyError, TypeError, ValueError: it is not of that form.
    """
    target = Target(
        platform=data["platform"],
        kind=data["strikes"],
        id=target_id,
        name=data["name"],
        scope=data["scope"],
        group=data["group"],
        born=datetime.fromisoformat(data["born"]) if data["born"] else None,
        labels={},
    )
    reached, hold = tuple(map(str, data.get(REACHED, ()))), timedelta(seconds=data["hold"])
    fault = Fault(data["kind"], target, data["params"], data["undo"], hold, groups=reached)
    return fault, datetime.fromisoformat(data["deadline"])
