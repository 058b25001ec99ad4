"""For how long the lease is surely ours: counted from before each renewal was sent, by two clocks of our own."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from simian_army.clock import Clock
from simian_army.errors import NotLeader, SimianError

LOOK = 0.25  # seconds between two looks while the time of a holder that shows no life runs out


class Seat(Protocol):
    """Where the lease is kept, for one process at most. Every call is one attempt and ends within a request timeout.

    Raises (every method but ``intact``): SimianError: nobody can say.
    """

    @property
    def place(self) -> str:
        """What it is, for people."""
        ...

    def claim(self) -> bool:
        """Get it; False when another process has it, or may still believe so."""
        ...

    def renew(self) -> bool:
        """Keep it for the whole duration from now; False when it is not ours any more."""
        ...

    def intact(self) -> bool:
        """A look that costs next to nothing: False when it is plain that it is not ours any more."""
        ...

    def leave(self) -> None:
        """Have it no more, and let others know."""
        ...

    def holder(self) -> dict[str, Any]:
        """Who has or last had it."""
        ...

    def occupied(self) -> bool | None:
        """Whether another process has it; None while that must be watched for longer."""
        ...


@dataclass(slots=True)
class Term:
    """From a claim to its end. ``ends`` is monotonic, ``wall`` the same moment by the wall clock."""

    ends: float
    wall: datetime
    over: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


@dataclass(slots=True)
class Leader:
    """A lease on any seat: renewed in a thread of its own, lost for good once its time has run out.

    ``duration`` is how long one renewal lasts, ``every`` the time between two; seconds.
    """

    seat: Seat
    clock: Clock
    duration: float = 15.0
    every: float = 2.0
    trouble: str = ""
    _term: Term | None = None
    _refused: bool = False
    _hand: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def try_take(self) -> bool:
        """Take it, in one attempt; True when it is ours, also from before."""
        if self.left() > 0:
            return True
        with self._hand:
            self._close()
            ends, wall = self._lasting()
            try:
                got = self.seat.claim()
            except SimianError as error:
                self.trouble = str(error)
                return False
            self.trouble = ""
            if got:
                self._begin(Term(ends, wall))
        return got

    def take(self) -> None:
        """Take it, or say who has it.

        Raises:
            NotLeader: another process holds it, or nobody can say.
        """
        limit = self.clock.monotonic() + self.duration + 2 * self.every
        while not self.try_take():
            if self.trouble:
                raise NotLeader(f"{self.seat.place} cannot be had: {self.trouble}")
            if self._occupied() is True or self.clock.monotonic() > limit:
                raise NotLeader(f"{self._name()} holds {self.seat.place}")
            self.clock.wait(threading.Event(), LOOK)

    def left(self) -> float:
        """Seconds for which it is surely ours."""
        term = self._term
        if term is None or self._refused:
            return 0.0
        left = self._rest(term)
        return left if left > 0 and self.seat.intact() else 0.0

    def refuse(self) -> None:
        """Grant no injection any more; it stays ours until it is given back."""
        self._refused = True

    def beat(self) -> None:
        """Renew it now."""
        term = self._term
        if term:
            self._renew(term)

    def give(self) -> None:
        """Give it back; harmless when it is not held."""
        term = self._term
        with self._hand:
            self._close()
            with suppress(SimianError):
                self.seat.leave()  # whoever only stood by may have something to close too
        if term and term.thread:
            term.thread.join()

    def holder(self) -> dict[str, Any]:
        """Who holds or last held it."""
        return self.seat.holder()

    def held_by_anyone(self) -> bool:
        """Whether some process holds it now, ourselves included."""
        if self._term:
            return True
        limit = self.clock.monotonic() + self.duration + 2 * self.every
        while (seen := self.seat.occupied()) is None and self.clock.monotonic() < limit:
            self.clock.wait(threading.Event(), LOOK)
        return seen is not False

    def _lasting(self) -> tuple[float, datetime]:
        """When a term ends that is asked for now: to be called before the asking."""
        return self.clock.monotonic() + self.duration, self.clock.now() + timedelta(seconds=self.duration)

    def _rest(self, term: Term) -> float:
        # the monotonic clock stands still while a machine sleeps, and then only the wall clock knows of it; set back
        # it gains nothing, set forward it only loses us the lease
        return min(term.ends - self.clock.monotonic(), (term.wall - self.clock.now()).total_seconds())

    def _begin(self, term: Term) -> None:
        self._refused = False
        self._term = term
        term.thread = threading.Thread(target=self._keep, args=(term,), name="lease", daemon=True)
        term.thread.start()

    def _keep(self, term: Term) -> None:
        while not self.clock.wait(term.over, self.every) and self._renew(term):
            pass

    def _renew(self, term: Term) -> bool:
        """One renewal; False when the term is over."""
        with self._hand:
            if term.over.is_set():
                return False
            ends, wall = self._lasting()
            try:
                ours = self.seat.renew()
                self.trouble = ""
            except SimianError as error:  # no answer is no loss yet: the time runs on, and runs out
                self.trouble = str(error)
                ends, wall, ours = term.ends, term.wall, True
            if ours and self._rest(term) > 0:
                # in this order: a look between the two finds the earlier of both moments
                term.ends, term.wall = ends, wall
                return True
            self._close()  # one that has run out is never revived: it must be taken anew, as by anybody
            return False

    def _close(self) -> None:
        """End the term there is: first for ourselves, then for others."""
        term, self._term = self._term, None
        if term is None:
            return
        term.over.set()
        with suppress(SimianError):
            self.seat.leave()

    def _occupied(self) -> bool | None:
        try:
            return self.seat.occupied()
        except SimianError as error:
            raise NotLeader(f"{self.seat.place} cannot be had: {error}") from error

    def _name(self) -> str:
        try:
            return str(self.seat.holder().get("actor") or "another process")
        except SimianError:
            return "another process"
