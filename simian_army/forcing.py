"""What a person closes by force: a fault that could not be reverted, and what is left of it on its target."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from simian_army.contract import FaultKind, Ledger, Platform
from simian_army.errors import Refused, SimianError
from simian_army.keeper import Keeper
from simian_army.model import AuditEvent, Evidence, Fault, Mark, Phase, Run
from simian_army.records import Held, Scribe, fault_of


class Getter(Protocol):
    """What every adapter offers its faults: the whole object as it is now, None when it is gone."""

    def get(self, target: Any) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Forcing:
    """Closes open faults in the ledger without reverting them; asks no guard and needs no lease."""

    kinds: Mapping[str, FaultKind]
    platforms: Mapping[str, Platform]
    ledger: Ledger
    keeper: Keeper
    scribe: Scribe

    def force(self, run: str, author: str, reason: str, request: int | None = None) -> Sequence[AuditEvent]:
        """Close what is STUCK of that run, or if nothing is, whatever is open; the events say what is left of each.

        Raises:
            Refused: the run has nothing open; LedgerError: nothing was closed.
        """
        mine = [(event, phase) for event, phase in self.ledger.open_faults() if event.run == run]
        chosen = [pair for pair in mine if pair[1] is Phase.STUCK] or mine
        if not chosen:
            raise Refused(f"run {run} holds nothing: `simian status` lists what is held, `simian audit` what was")
        said = {"forced": True, "author": author, "reason": reason, "request": request}
        told = self.ledger.append(*(self._closed(event, phase, said) for event, phase in chosen))
        for event, _ in chosen:
            self._let_go(event)
        return told

    def _closed(self, event: AuditEvent, phase: Phase, said: Mapping[str, Any]) -> AuditEvent:
        run, kind = Run(event.run, event.entry, event.at, ""), event.data.get("kind")
        note = self.scribe.note(Phase.CLOSED, run, kind=kind, was=str(phase), left=list(self._left(event)), **said)
        about = event.data.get("target")
        return replace(note, target=event.target, data={**note.data, **({"target": about} if about else {})})

    def _left(self, event: AuditEvent) -> Iterator[str]:
        try:
            fault, _ = fault_of(event)
        except (KeyError, TypeError, ValueError) as error:
            yield f"the record of the fault cannot be read ({error!r}): look at {event.target} by hand"
            return
        kind, platform = self.kinds.get(fault.kind), self.platforms.get(fault.target.platform)
        if kind is None or platform is None:
            yield f"the fault {fault.kind} or its platform {fault.target.platform} is not at hand: look by hand"
            return
        yield from left(kind, platform, fault, event.run)

    def _let_go(self, event: AuditEvent) -> None:
        try:
            fault, deadline = fault_of(event)
            run, unsigned = Run(event.run, event.entry, event.at, ""), Mark("", event.run, fault.kind, deadline, {}, "")
            self.keeper.drop(Held(run, fault, unsigned, deadline, 0.0))
        except (KeyError, TypeError, ValueError):
            return  # nobody could take up such a record, so nobody holds it


def left(kind: FaultKind, platform: Platform, fault: Fault, run: str) -> Iterator[str]:
    """What is left of a fault on its target, in words for people; what cannot be told is said too."""
    try:
        obj = cast("Getter", platform).get(fault.target)
        if obj is None:
            yield f"{fault.target} is gone, and all that was done to it"
            return
        seen = kind.observe(fault)
    except SimianError as error:
        yield f"{fault.target} could not be looked at: {error}"
        return
    yield f"the effect is {'still' if seen.holds else 'not'} there: {seen.detail}"
    for path in kind.restores:
        yield _field(path, obj, fault, seen)
    yield _mark(platform, fault, run)


def _field(path: str, obj: Mapping[str, Any], fault: Fault, seen: Evidence) -> str:
    undo = fault.undo or {}
    key = path if path in undo else path.rpartition(".")[2]
    now = _at(obj, path)
    if key not in undo:
        return f"{path} is {_text(now)}"
    before = undo[key]
    if now == before or (now is None and before in (False, None)):
        return f"{path} is as it was before: {_text(before)}"
    whose = "still as the fault left it" if seen.holds else "neither as it was nor as the fault left it"
    return f"{path} is {_text(now)}, {whose}; before it was {_text(before)}"


def _mark(platform: Platform, fault: Fault, run: str) -> str:
    try:
        marks = [mark for target, mark in platform.marked() if target.id == fault.target.id]
    except SimianError as error:
        return f"whether our mark is on it could not be told: {error}"
    if not marks:
        return "no mark of ours is on it"
    mark = marks[0]
    if mark is None:
        return "it bears a mark that this fleet did not write so, or that cannot be read"
    return "our mark is still on it" if mark.run == run else f"it bears the mark of another run, {mark.run}"


def _at(obj: Any, path: str) -> Any:
    for step in path.split("."):
        obj = obj.get(step) if isinstance(obj, Mapping) else None
    return obj


def _text(value: Any) -> str:
    return "not set" if value is None else json.dumps(value, default=str)
