"""The running agent: recovers, plans, fires, answers requests, and leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from simian_army.clock import Clock
from simian_army.contract import Entry, Ledger
from simian_army.engine import Engine
from simian_army.errors import LedgerError, SimianError
from simian_army.explain import named
from simian_army.keeper import Keeper
from simian_army.leader import FileLease
from simian_army.model import AuditEvent, Phase, Run
from simian_army.records import Held, Scribe
from simian_army.recovery import Recovery

GRACE = 30.0  # seconds that SIGTERM waits for the last revert
POLL = 0.25  # seconds between two looks for requests: they are carried out within a second
STALE = timedelta(seconds=30)  # a request older than this at start was made of another agent, and is not run late


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
    """One agent. ``clockwork`` makes the trigger from what to call at a fire, a miss, a failure and each heartbeat."""

    entries: Mapping[str, Entry]
    engine: Engine
    keeper: Keeper
    recovery: Recovery
    lease: FileLease
    ledger: Ledger
    clock: Clock
    scribe: Scribe
    clockwork: Callable[[Agent], Clockwork]
    stopping: threading.Event = field(default_factory=threading.Event)
    _hands: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, 4, thread_name_prefix="request"))

    def run(self) -> int:
        """Be the leader until ``stopping`` is set; returns how many faults could not be reverted.

        Raises:
            NotLeader: another agent runs.
            LedgerError: the ledger cannot be opened or read.
        """
        self.lease.take()
        left: list[Held] = []
        with ExitStack() as closing:  # whatever breaks on the way out, each step of it is still taken
            closing.callback(self.lease.give)
            closing.callback(lambda: left.extend(self.keeper.stop(GRACE)))
            self.keeper.start()
            self.recovery.recover()
            after = self._skip_stale()
            closing.callback(self._hands.shutdown, wait=True)
            clockwork = self.clockwork(self)
            closing.callback(clockwork.stop)
            clockwork.start()
            closing.callback(self.lease.refuse)  # first of all: what is under way begins nothing new
            while not self.clock.wait(self.stopping, POLL):
                after = self._answer(after)
        return len(left)

    def fire(self, name: str, at: datetime) -> None:
        """What the clockwork calls when an entry is due."""
        if self.stopping.is_set():
            return
        halt = self.ledger.halted()
        if halt:
            self.skip(name, at, f"halted by {halt.author}: {halt.reason}")
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

    def _skip_stale(self) -> int:
        """Where to read requests from: those made of an agent that is gone are not run late."""
        since = self.clock.now() - STALE
        asked = list(self.ledger.query(phase=Phase.REQUESTED, since=since))
        answered = {event.data.get("request") for event in self.ledger.query(since=since)}
        waiting = [event for event in asked if event.seq not in answered]
        for event in waiting:
            self._refuse(event, "the agent was started again after this was asked; ask once more")
        return max((event.seq for event in asked), default=self.ledger.last_seq())

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
            self.keeper.end(str(event.data.get("which", "")), f"asked by {event.actor}: {event.data.get('reason', '')}")
            return
        entry = self.entries.get(event.entry)
        if verb != "once" or entry is None:
            self._refuse(
                event, f"the agent's config has no monkey {event.entry!r}" if verb == "once" else f"no verb {verb!r}"
            )
            return
        self._hands.submit(self._once, entry, event)

    def _once(self, entry: Entry, event: AuditEvent) -> None:
        wanted = str(event.data.get("only", ""))
        try:
            only = named(wanted, entry.find()).id if wanted else ""
            done = self.engine.fire(entry, event.at, request=event.seq, only=only)
            self.ledger.append(self.scribe.note(Phase.CLOSED, done.run, **done.summary(), request=event.seq))
        except SimianError as error:
            with suppress(LedgerError):
                self._refuse(event, str(error))

    def _refuse(self, event: AuditEvent, reason: str) -> None:
        run = Run("", event.entry, event.at, "")
        self.ledger.append(self.scribe.note(Phase.SKIPPED, run, reason=reason, request=event.seq))
