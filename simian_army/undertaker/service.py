"""The undertaker itself: acknowledges records, and ends their faults at the deadline or when no agent lives."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from simian_army.clock import Clock
from simian_army.contract import FaultKind
from simian_army.model import Evidence
from simian_army.undertaker.record import Record, from_text
from simian_army.undertaker.store import GONE, Kept, Pulse, Records, RecordsError, latest

BEAT = 1.0  # seconds between two signs of life
HEAD_START = 1.5  # seconds after the deadline that are the agent's own, so that both rarely do the same
SILENCE = 60.0  # seconds without a sign of life of any agent after which everything is ended
BACKOFF = (0.5, 30.0)  # seconds: the first wait after a failed revert, and the longest
WORKERS = 8
SLACK = timedelta(seconds=5)  # as much as the clocks of two machines may differ (the guard skew)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Ward:
    """One record being looked after, since ``since``; times are monotonic seconds."""

    record: Record
    until: float
    since: float
    tries: int = 0
    next_try: float = 0.0
    busy: bool = False


@dataclass(slots=True)
class Undertaker:
    """Looks after the records of one fleet. ``stays`` keeps it running when there is nothing left to look after;
    ``silence`` is for how many seconds it waits for a sign of life of any agent; ``sign`` is called at each look.

    It needs the platforms and the fleet key; no ledger, no lease, no guard.
    """

    fleet: str
    key: bytes
    records: Records
    kinds: Mapping[str, FaultKind]
    clock: Clock
    stays: bool = False
    silence: float = SILENCE
    sign: Callable[[], None] = lambda: None
    stopping: threading.Event = field(default_factory=threading.Event)
    _wards: dict[str, Ward] = field(default_factory=dict)
    _refused: set[str] = field(default_factory=set)
    _agent: Pulse = field(init=False)
    _beats: itertools.count[int] = field(default_factory=itertools.count)
    _next_beat: float = 0.0
    _found: datetime | None = None
    _begun: bool = False

    def __post_init__(self) -> None:
        self._agent = Pulse("agent", self.clock)

    def run(self) -> None:
        """Work until ``stopping`` is set, or nothing is left to do and no agent lives."""
        with ThreadPoolExecutor(WORKERS, "undertaker") as pool:
            while not (self.stopping.is_set() or self._over(pool.submit)):
                self.clock.wait(self.stopping, self.records.pace)
        with suppress(RecordsError):
            self.records.beat("undertaker", GONE)

    def _over(self, do: Callable[[Callable[[], None]], object]) -> bool:
        try:
            self.sign()
            return self.look(do)
        except Exception:  # the revert border: whatever breaks, what is known is looked after
            log.exception("a look at the records broke: they are looked at again soon")
            return False

    def look(self, do: Callable[[Callable[[], None]], object]) -> bool:
        """One look at everything; ``do`` carries out a revert. True when this process is no longer needed.

        Raises:
            RecordsError: the records could not be read; what is known is looked after all the same.
        """
        now = self.clock.monotonic()
        try:
            self._begin()
            self._beat(now)
            kept = self.records.all()
            self._agent.feel(self.records.beaten("agent"))
            self._take_up(kept, now)
            self._found = None  # what comes from now on was begun while we listened
        finally:
            for name, ward in list(self._wards.items()):
                if not ward.busy and self._due(ward, now) and now >= ward.next_try:
                    ward.busy = True
                    do(partial(self._revert, name, ward))
        return not (self._wards or self.stays) and (self._agent.left or self._agent.age() > self.silence)

    def _begin(self) -> None:
        """Before the first beat of ours: what the last ones told is the least that a clock of ours must say."""
        if not self._begun:
            self._found = latest(self.records)
            self._begun = True

    def _beat(self, now: float) -> None:
        if now >= self._next_beat:
            self._next_beat = now + max(BEAT, self.records.pace * 4)
            self.records.beat("undertaker", f"{self.clock.now().isoformat()} {next(self._beats)}")

    def _take_up(self, kept: Sequence[Kept], now: float) -> None:
        there = {one.name: one for one in kept if not one.ended}
        for name in set(self._wards) - set(there):
            if not self._wards[name].busy:
                del self._wards[name]
        for name, one in there.items():
            if name not in self._wards and name not in self._refused:
                self._admit(one, now)

    def _admit(self, one: Kept, now: float) -> None:
        record = from_text(self.key, self.fleet, one.text)
        if record is None or record.name != one.name or record.fault.kind not in self.kinds:
            why = "its fault kind is not known here" if record else "this fleet did not write it so"
            log.warning("the record %s is not looked after: %s", one.name, why)
            self._refused.add(one.name)
            return
        self._wards[one.name] = Ward(record, now + self._left(record, known=one.acknowledged), now)
        if not one.acknowledged:
            self.records.acknowledge(one.name)

    def _left(self, record: Record, *, known: bool) -> float:
        """Seconds until its deadline. Whatever the wall clock says, a fault is never held longer than it was meant to
        be; one ``known`` to an undertaker before us has been held already, for how long the last beats may tell."""
        hold, now = record.fault.hold, self.clock.now()
        if known:
            now = max(now, self._found or now)
        if known and now < record.deadline - hold - SLACK:
            return 0.0  # the clock was set back, and nobody can say for how long it was held
        return min((record.deadline - now).total_seconds(), hold.total_seconds())

    def _due(self, ward: Ward, now: float) -> bool:
        late = (self.clock.now() - ward.record.deadline).total_seconds()
        # a record that just came was written by somebody, though no second beat of his was heard yet
        silent = min(self._agent.age(), now - ward.since) > self.silence
        return now >= ward.until + HEAD_START or late >= HEAD_START or silent

    def _revert(self, name: str, ward: Ward) -> None:
        record = ward.record
        try:
            proof = self.kinds[record.fault.kind].revert(record.fault, record.mark)
        except Exception as error:  # noqa: BLE001 - the revert border: nothing may end the trying
            proof = Evidence(holds=False, detail=f"{type(error).__name__}: {error}")
        try:
            if proof.holds:
                self.records.end(name, proof.detail)
                self._wards.pop(name, None)
                log.warning("ended %s on %s: %s", record.fault.kind, record.fault.target, proof.detail)
                return
        except RecordsError:
            log.exception("ended, but it could not be written down: done again, which changes nothing")
        finally:
            ward.busy = False
        first, longest = BACKOFF
        ward.tries += 1
        wait = 1.0 if proof.under_way else min(longest, first * 2 ** min(ward.tries - 1, 10))
        ward.next_try = self.clock.monotonic() + wait
        log.warning("not ended yet: %s on %s: %s", record.fault.kind, record.fault.target, proof.detail)
