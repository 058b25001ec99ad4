"""Whether the group of a fault that is over is whole again in time: looked at until that is known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from simian_army.clock import Clock
from simian_army.contract import Ledger
from simian_army.ending import Outcome, Watch
from simian_army.judgement import BAD, CLEAN, Bench, Due, Key
from simian_army.model import AuditEvent, Health, Phase, Run, Target
from simian_army.records import LIMIT, fault_of

AGAIN = (1.0, 10.0)  # seconds between two looks at a group: a fifth of what has passed, within these
MOST = 50  # groups that are asked for in one go, those whose time is over first
NAMED = 5  # groups in the reach of a fault that are named
GIVE_WAY = 10.0  # seconds for which no group is asked for because faults are being reverted

Stand: TypeAlias = Callable[[str, Sequence[str]], Mapping[str, Health]]
"""How groups stand, by the name of the platform and theirs."""


@dataclass(slots=True)
class Aftermath:
    """Judges each fault once: clean if it was reverted and its group was then seen whole within ``limit``.

    Where nobody can ever tell (a node), a reverted fault is clean, once the groups in its reach are whole too, of which
    ``stand`` tells, by platform and their names. What nobody saw whole in time is bad, also when nobody looked: doubt
    means no. ``busy`` tells that faults are being reverted, which goes before any look.
    """

    ledger: Ledger
    bench: Bench
    clock: Clock
    health: Callable[[Target], Health]
    stand: Stand
    tell: Callable[..., None]
    limit: timedelta
    busy: Callable[[], bool]
    _due: dict[Key, Due] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looking: bool = False
    _closed: bool = False
    _gives_way: float | None = None

    def ended(self, outcomes: Sequence[Outcome]) -> list[AuditEvent]:
        """What can be said at once of faults that just ended or got stuck; the others are looked at from now on."""
        new = [one for one in outcomes if not one[0].judged]
        return [event for watch, phase, data in new for event in self._taken(watch, phase, data)]

    def overdue(self, watch: Watch) -> list[AuditEvent]:
        """That a momentary fault has had its time and its group is not whole, said once."""
        due = self._due_of(watch, watch.held.until)
        if watch.judged or self.clock.monotonic() - due.since <= due.limit:
            return []
        watch.judged = True
        return [self.bench.late(due, watch.trouble)]

    def catch_up(self) -> None:
        """Take up what the ledger says is over and not judged, and nobody here looks at.

        Raises:
            LedgerError: the ledger cannot be asked.
        """
        waiting = [(begun, ended) for begun, ended in self.ledger.unjudged() if ended]
        with self._lock:
            new = [pair for pair in waiting if (pair[0].run, pair[0].target) not in self._due]
        self.tell(*(event for begun, ended in new for event in self._taken_up(begun, ended)))

    def pending(self, run: str = "") -> int:
        """How many faults of that run, or of all, are over and not judged."""
        with self._lock:
            return sum(run in ("", due.run.id) for due in self._due.values())

    def unseen(self) -> bool:
        """Whether one of them was not looked at even once."""
        with self._lock:
            return any(not due.looked for due in self._due.values())

    def wanted(self) -> bool:
        """Whether there is something to look at now and nobody does; who is told so must then ``look``."""
        now = self.clock.monotonic()
        with self._lock:
            if self._looking or not any(now >= due.next_look for due in self._due.values()):
                return False
            self._looking = True
            return True

    def look(self) -> None:
        """Ask once for each group whose turn it is, and judge whom that decides; stops when reverts begin."""
        said: dict[Key, AuditEvent] = {}
        try:
            for group in self._turn():
                if self._closed or self._waits(self.clock.monotonic()):
                    break
                said |= self._judged(group)
        finally:
            self._settle(said)
            self._looking = False

    def close(self) -> None:
        """Ask for no further group; what is not judged is the next process's."""
        self._closed = True

    def _waits(self, now: float) -> bool:
        if not self.busy():
            self._gives_way = None
            return False
        self._gives_way = now if self._gives_way is None else self._gives_way
        return now - self._gives_way < GIVE_WAY  # a revert that is tried for ever keeps nothing from being judged

    def _turn(self) -> list[list[Due]]:
        now, groups = self.clock.monotonic(), dict[Key, list[Due]]()
        with self._lock:
            for due in sorted(self._due.values(), key=lambda one: one.since + one.limit):
                groups.setdefault(due.line, []).append(due)
        return [group for group in groups.values() if any(now >= due.next_look for due in group)][:MOST]

    def _judged(self, group: Sequence[Due]) -> dict[Key, AuditEvent]:
        try:
            health = self.health(group[0].target)
        except Exception as error:  # noqa: BLE001 - the guard border: a group that cannot be asked for is not seen whole
            health = Health(whole=False, ready=0, wanted=0, detail=f"it could not be asked for: {error}")
        stand = self._stood(group)
        return {due.key: event for due in group if (event := self._verdict(due, health, stand))}

    def _stood(self, group: Sequence[Due]) -> Mapping[str, Health]:
        """How the groups stand that are in the reach of any of these and not known to be whole."""
        missing = sorted({name for due in group for name in due.missing})
        try:
            return self.stand(group[0].target.platform, missing) if missing else {}
        except Exception as error:  # noqa: BLE001 - the guard border, as above
            return dict.fromkeys(
                missing, Health(whole=False, ready=0, wanted=0, detail=f"{missing[0]} could not be asked for: {error}")
            )

    def _settle(self, said: Mapping[Key, AuditEvent]) -> None:
        """Tell what was judged in one piece, and look at it no more."""
        self.tell(*said.values())
        with self._lock:
            for key in said:
                self._due.pop(key, None)

    def _verdict(self, due: Due, health: Health, stand: Mapping[str, Health]) -> AuditEvent | None:
        now = self.clock.monotonic()
        passed = now - due.since
        if passed > due.limit and (due.missing or health.whole is not None):
            blind = "" if due.looked else f", at the first look, {passed:.0f} s after its end"
            return self.bench.late(due, _told(due, health, stand) + blind)
        # nobody can ever tell of some, such as a bare Job: they keep nothing up
        whole = [name for name in due.missing if name in stand and stand[name].whole is not False]
        due.back |= dict.fromkeys(whole, max(0.0, passed))
        if health.whole is not False and not due.missing:
            return self._clean(due, health, passed)
        shortest, longest = AGAIN
        due.looked = True
        due.next_look = now + min(longest, max(shortest, passed / 5))
        return None

    def _clean(self, due: Due, health: Health, passed: float) -> AuditEvent:
        if health.whole:
            return self.bench.note(due, CLEAN, health.detail, passed)
        more = f", and {len(due.groups)} groups in its reach are whole" if due.groups else ""
        return self.bench.note(due, CLEAN, f"reverted, and nobody can tell whether it is whole: {health.detail}{more}")

    def _taken(self, watch: Watch, phase: Phase, data: Mapping[str, Any]) -> Iterator[AuditEvent]:
        watch.judged, due = True, self._due_of(watch, self.clock.monotonic())
        if phase is not Phase.REVERTED:
            yield self.bench.of_end(due, phase, data)
            return
        with self._lock:
            self._due[due.key] = due

    def _taken_up(self, begun: AuditEvent, ended: AuditEvent) -> Iterator[AuditEvent]:
        run, said = Run(begun.run, begun.entry, begun.at, ""), begun.data.get(LIMIT)
        limit = float(said) if isinstance(said, int | float) else self.limit.total_seconds()
        try:
            fault, _ = fault_of(begun)
        except (KeyError, TypeError, ValueError) as error:
            unread = Target("", "", begun.target, begun.target, "", "", None, {})
            yield self.bench.note(Due(run, unread, "", 0.0, limit), BAD, f"its record cannot be read: {error!r}")
            return
        # a wall clock set back while nobody ran must not give it more time than it had
        gone = max(0.0, (self.clock.now() - ended.at).total_seconds())
        due = Due(run, fault.target, fault.kind, self.clock.monotonic() - gone, limit, fault.groups)
        if ended.phase is not Phase.REVERTED:
            yield self.bench.of_end(due, ended.phase, ended.data)
            return
        with self._lock:
            self._due.setdefault(due.key, due)

    def _due_of(self, watch: Watch, since: float) -> Due:
        held = watch.held
        fault = held.fault
        return Due(held.run, fault.target, fault.kind, since, self.limit.total_seconds(), fault.groups)


def _told(due: Due, health: Health, stand: Mapping[str, Health]) -> str:
    """Which of its groups is not whole, and how those stand."""
    said = [health.detail] if health.whole is False or not due.missing else []
    said += [stand[name].detail if name in stand else f"{name}: no answer" for name in due.missing[:NAMED]]
    more = f"; and {len(due.missing) - NAMED} more groups in its reach" if len(due.missing) > NAMED else ""
    return "; ".join(said) + more
