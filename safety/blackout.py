"""Whether: quiet hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from typing import ClassVar
from zoneinfo import ZoneInfo

from safety.shared import is_harmed
from simian_army.calendars.spans import FAR, Named, covering, free, some
from simian_army.errors import CalendarError
from simian_army.model import Scene, Target, Verdict
from simian_army.windows import Blackout as Window

CALENDAR = "simian-army/calendar"
"""The label by which a tenant names a calendar of the config: on what is struck, what owns it, or its namespace."""


@dataclass(frozen=True, slots=True)
class Blackout:
    """Allows faults only outside every one of ``windows``, by the local time of ``zone``, and outside the calendars
    (by name in ``calendars``) that the labels of the target, of whoever else is harmed, or above them name."""

    name: ClassVar[str] = "blackout"
    early: ClassVar[bool] = False
    windows: tuple[Window, ...]
    zone: ZoneInfo
    calendars: Mapping[str, Named] = field(default_factory=dict)

    def __call__(self, scene: Scene) -> Verdict:
        """A denial says which windows cover the moment and when all of them are over; if they are the fleet's own, it
        is final. A calendar that cannot be told, or that the config does not know, is a no."""
        fleet = tuple(window for window in self.windows if window.concerns(scene.entry))
        ours = self._judge(scene.now, fleet)
        if not ours.allowed:
            return ours
        named = {label: place for target in _struck(scene) for label, place in _labels(target)}
        unknown = next((label for label in named if label not in self.calendars), None)
        if unknown is not None:
            return Verdict(self.name, allowed=False, reason=self._unknown(unknown, named[unknown]))
        return self._judge(scene.now, [*fleet, *(self.calendars[name] for name in named)], named) if named else ours

    def _judge(
        self, now: datetime, windows: Sequence[Window | Named], named: Mapping[str, str] | None = None
    ) -> Verdict:
        """What these windows say; ``named`` tells for calendars of tenants where their label stands."""
        if not windows:
            return Verdict(self.name, allowed=True, reason="not applicable: there are no blackouts")
        local = f"{now.astimezone(self.zone):%a %Y-%m-%d %H:%M} {self.zone}"
        quiet = covering(windows, now, self.zone)
        if quiet:
            listed = " and ".join(f"[{one.called(now, self.zone)}]{_by(one, named)}" for one in quiet)
            reason = f"{local} is in the blackout {listed}, until {self._until(now, windows)}"
            return Verdict(self.name, allowed=False, reason=reason, final=named is None)
        try:
            some([partial(one.covers, now, self.zone) for one in windows])
        except CalendarError as error:
            return Verdict(self.name, allowed=False, reason=f"nobody can say: {error}", final=named is None)
        listed = " and ".join(f"[{one}]{_by(one, named)}" for one in windows)
        return Verdict(self.name, allowed=True, reason=f"{local} is outside the blackouts: {listed}")

    def _until(self, now: datetime, windows: Sequence[Window | Named]) -> str:
        """When the first moment comes that no window covers: the end of one may lie in another."""
        try:
            moment = free(windows, now, self.zone)
        except CalendarError as error:
            return f"nobody can say when: {error}"
        if moment is None:
            return f"more than {FAR.days} days from now"
        local = moment.astimezone(self.zone)
        twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
        return f"{local:%a %Y-%m-%d %H:%M}" + (f"{local:%z}" if twice else "")

    def _unknown(self, label: str, place: str) -> str:
        near = get_close_matches(label, self.calendars, n=1)
        hint = f", did you mean {near[0]}?" if near else ""
        known = ", ".join(sorted(self.calendars)) or "none"
        return f"{CALENDAR}={label} on {place} names no calendar of the config (calendars are: {known}){hint}"


def _by(window: Window | Named, named: Mapping[str, str] | None) -> str:
    return f" named by {named[window.name]}" if named and isinstance(window, Named) else ""


def _struck(scene: Scene) -> Iterator[Target]:
    """The target and whoever else is harmed; that the reach is known is asked by the guard of shared targets."""
    yield scene.fault.target
    yield from (other for other in scene.reach or () if is_harmed(other))


def _labels(target: Target) -> Iterator[tuple[str, str]]:
    """Each calendar named for ``target``, with where; an owner that cannot be read is the guard opt-in's to refuse."""
    if CALENDAR in target.labels:
        yield target.labels[CALENDAR], str(target)
    for level in target.levels:
        if level.labels and CALENDAR in level.labels:
            yield level.labels[CALENDAR], f"{level.kind} {level.name}"
