"""The running agent: stands by or leads; leading, it recovers, plans, fires and answers; it leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from simian_army.by_hand import narrowed
from simian_army.clock import Clock
from simian_army.contract import Entry, Ledger
from simian_army.engine import Engine
from simian_army.errors import LedgerError, SimianError, UsageError
from simian_army.forcing import Forcing
from simian_army.keeper import Keeper
from simian_army.leader import Lease
from simian_army.model import AuditEvent, Json, Phase, Run
from simian_army.pending import EVERY, Pending
from simian_army.records import Held, Scribe
from simian_army.recovery import Recovery
from simian_army.rounds import Rounds
from simian_army.whom import named

GRACE = 30.0  # seconds that SIGTERM waits for the last revert
STAND_BY = 1.0  # seconds between two tries for what is not to be had now: the lease, the ledger
POLL = 0.25  # seconds between two looks for requests: they are carried out within a second
ANSWER = timedelta(seconds=10)  # for so long does who asks wait for an agent to take up the request
LATE = timedelta(seconds=30)  # requests that another agent left, and that are this old, are not even answered


class Clockwork(Protocol):
    """What triggers the entries at their times."""

    def start(self) -> None:
        """Begin to fire."""
        ...

    def stop(self) -> None:
        """Fire no more; a firing under way is waited for."""
        ...


@dataclass(slots=True)
class Agent:
    """One agent. ``clockwork`` makes the trigger from what to call at a fire, a miss, a failure and each heartbeat,
    ``stepping`` what strikes for a step of a game day."""

    entries: Mapping[str, Entry]
    engine: Engine
    keeper: Keeper
    recovery: Recovery
    forcing: Forcing
    lease: Lease
    ledger: Ledger
    clock: Clock
    scribe: Scribe
    clockwork: Callable[[Agent], Clockwork]
    pending: Callable[[], Pending]
    stepping: Callable[[Json], Entry] | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    _hands: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 4, thread_name_prefix="request"))

    def run(self) -> int:
        """Stand by, lead, and stand by again until ``stopping`` is set; returns how many faults are still held.

        What is held is reverted in time in either state; without the lease nothing new is begun.
        """
        left: list[Held] = []
        with ExitStack() as closing:  # whatever breaks on the way out, each step of it is still taken
            closing.callback(self.lease.give)
            closing.callback(lambda: left.extend(self.keeper.stop(GRACE)))
            self.keeper.start()
            closing.callback(self._hands.shutdown, wait=True)
            while self._stand_by():
                self._lead()
                if self.stopping.is_set():
                    break
        return len(left)

    def _stand_by(self) -> bool:
        """Wait for the lease, and tell once why; False when it is not ours and we are to stop."""
        told: set[bool] = set()
        while not self.lease.try_take():
            unknown = bool(self.lease.trouble)
            if unknown not in told:
                told.add(unknown)
                _say("standing by", why=self.lease.trouble or f"{self._leader()} leads")
            if self.clock.wait(self.stopping, STAND_BY):
                return False
        if told:
            _say("leading")
        return True

    def _lead(self) -> None:
        """Be the leader until ``stopping`` is set or the lease is lost."""
        led = self.clock.now()
        with ExitStack() as closing:
            if not self._recover():
                return
            after = self._skip_stale(led)
            clockwork = self.clockwork(self)
            closing.callback(clockwork.stop)
            clockwork.start()
            words = Rounds(self.pending(), self.clock, EVERY, GRACE)
            for rounds in (Rounds(self.recovery, self.clock), words):
                closing.callback(rounds.stop)
                rounds.start()
            closing.callback(self.lease.refuse)  # first of all: what is under way begins nothing new
            while not self.clock.wait(self.stopping, POLL) and self.lease.left() > 0:
                after = self._answer(after)
        if not self.stopping.is_set():
            _say("the lease is lost", why=self.lease.trouble or "another agent has it, or our time ran out")

    def _recover(self) -> bool:
        """Take up what a crash left, once the ledger can be read; False when we lead no more before that."""
        told = False
        while True:
            try:
                self.recovery.recover()
            except LedgerError as error:
                if not told:
                    _say("nothing is begun before the ledger can be read", why=str(error))
                told = True
            else:
                return True
            if self.clock.wait(self.stopping, STAND_BY) or not self.lease.left():
                return False

    def _leader(self) -> str:
        try:
            return str(self.lease.holder().get("actor") or "nobody yet")
        except SimianError:
            return "somebody"

    def fire(self, name: str, at: datetime) -> None:
        """What the clockwork calls when an entry is due."""
        if self.stopping.is_set():
            return
        halt = self.engine.judge.halts.look().halt
        if halt:
            self.skip(name, at, str(halt))
            return
        self.engine.fire(self.entries[name], at)

    def skip(self, name: str, at: datetime, reason: str) -> None:
        """Write down a firing that does not happen, and why."""
        run = self.engine.run(self.entries[name], at)
        self.ledger.append(self.scribe.note(Phase.SKIPPED, run, reason=reason, at=at.isoformat()))

    def failed(self, name: str, at: datetime, error: BaseException) -> None:
        """Write down a firing that broke."""
        run = self.engine.run(self.entries[name], at)
        self.ledger.append(self.scribe.note(Phase.FAILED, run, error=f"{type(error).__name__}: {error}"))

    def _skip_stale(self, led: datetime) -> int:
        """Where to read requests from: those made before ``led``, of an agent that is gone, are not run late, nor is
        one whose asker has given up."""
        now, last = self.clock.now(), self.ledger.last_seq()
        since = min(led, now - LATE)
        asked = list(self.ledger.query(phase=Phase.REQUESTED, since=since))
        first = next((event.seq for event in asked if event.at >= max(led, now - ANSWER)), last + 1)
        answered = {event.data.get("request") for event in self.ledger.query(since=since)}
        for event in asked:
            if event.seq >= first or event.seq in answered:
                continue
            if event.data.get("verb") == "revert":  # never too late, and once more does no harm
                self._do(event)
                continue
            self._refuse(event, "the agent that was asked leads no more; ask once more")
        return first - 1

    def _answer(self, after: int) -> int:
        try:
            if self.ledger.last_seq() <= after:
                return after
            asked = list(self.ledger.query(phase=Phase.REQUESTED, after=after))
            last = max(after, *(event.seq for event in asked)) if asked else after
        except LedgerError:
            return after
        for event in asked:
            with suppress(LedgerError):  # an answer that cannot be written ends no agent
                self._do(event)
        return last

    def _do(self, event: AuditEvent) -> None:
        verb = event.data.get("verb", "")
        if verb == "revert":
            self._end(event)
            self._hands.submit(self._revert, event)
            return
        if verb == "force":
            self._hands.submit(self._force, event)
            return
        if verb != "once":
            self._refuse(event, f"no verb {verb!r}")
            return
        try:
            self._hands.submit(self._once, self._entry(event), event)
        except UsageError as error:
            self._refuse(event, str(error))

    def _entry(self, event: AuditEvent) -> Entry:
        """The monkey that a request names, or what strikes for the step that it holds."""
        step = event.data.get("step")
        if step is not None and self.stepping is not None:
            return self.stepping(step)
        if event.entry not in self.entries:
            raise UsageError(f"the agent's config has no monkey {event.entry!r}")
        return narrowed(self.entries[event.entry], str(event.data.get("fault", "")), self.engine.judge.kinds)

    def _once(self, entry: Entry, event: AuditEvent) -> None:
        wanted = str(event.data.get("only", ""))
        try:
            only = named(wanted, entry.find()).id if wanted else ""
            done = self.engine.fire(entry, event.at, request=event.seq, only=only)
            self.ledger.append(self.scribe.note(Phase.CLOSED, done.run, **done.summary(), request=event.seq))
        except SimianError as error:
            with suppress(LedgerError):
                self._refuse(event, str(error))

    def _end(self, event: AuditEvent) -> None:
        self.keeper.end(str(event.data.get("which", "")), f"asked by {event.actor}: {event.data.get('reason', '')}")

    def _revert(self, event: AuditEvent) -> None:
        """What no attempt in the ledger tells of is looked for too, and the answer says what is held still."""
        try:
            self.recovery.again()
            self._end(event)
            found = self.keeper.held(str(event.data.get("which", "")))
            held = [{"run": one.run.id, "target": one.fault.target.id} for one in found]
            self.ledger.append(self.scribe.note(Phase.CLOSED, held=held, request=event.seq))
        except SimianError as error:
            with suppress(LedgerError):
                self._refuse(event, str(error))

    def _force(self, event: AuditEvent) -> None:
        which, reason = str(event.data.get("which", "")), str(event.data.get("reason", ""))
        try:
            self.forcing.force(which, event.actor, reason, event.seq)
        except SimianError as error:
            with suppress(LedgerError):
                self._refuse(event, str(error))

    def _refuse(self, event: AuditEvent, reason: str) -> None:
        run = Run("", event.entry, event.at, "")
        self.ledger.append(self.scribe.note(Phase.SKIPPED, run, reason=reason, request=event.seq))


def _say(what: str, **words: str) -> None:
    import structlog

    structlog.get_logger().info(what, **words)
