"""What is known of one source: what it last said, since when it cannot be read, and what is being read now."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from simian_army.errors import SimianError
from simian_army.halts.sources import Source
from simian_army.model import Halt

TIMEOUT = 5.0
"""Seconds that a source has to answer; one that takes longer cannot be read."""
INTEREST = 10.0
"""Seconds for which a scope is looked at once it was asked for."""
FLEET = frozenset({""})


@dataclass(slots=True)
class Reading:
    """One read of a source, begun at ``begun`` (monotonic seconds); ``scopes`` None are all there are."""

    source: Source
    scopes: frozenset[str] | None
    begun: float
    found: Mapping[str, Halt] = field(default_factory=dict)
    error: str = ""
    done: threading.Event = field(default_factory=threading.Event)

    def carry_out(self) -> None:
        """Read; whatever breaks is the error."""
        try:
            self.found = self.source.read(self.scopes)
        except SimianError as error:
            self.error = str(error)
        except Exception as error:  # noqa: BLE001 - the guard border: doubt means no
            self.error = f"{type(error).__name__}: {error}"

    @property
    def trouble(self) -> str:
        """Why nothing is known from it; empty when it was read."""
        return self.error if self.done.is_set() else f"no answer within {TIMEOUT:g} s"


@dataclass(slots=True)
class State:
    """One source; times are monotonic seconds. Whoever changes it holds the lock of its owner.

    ``read`` tells when the newest reading of each scope was begun.
    """

    source: Source
    found: dict[str, Halt] = field(default_factory=dict)
    read: dict[str, float] = field(default_factory=dict)
    interest: dict[str, float] = field(default_factory=dict)
    error: str = ""
    since: float = 0.0
    under_way: Reading | None = None
    next_look: float = 0.0

    def learn(self, reading: Reading, now: float) -> None:
        """Take in what was read."""
        if self.under_way is reading:
            self.under_way = None
            self.next_look = now + self.source.every
        if reading.error:
            self.since = self.since if self.error else reading.begun
            self.error = reading.error
            return
        self.error = ""
        # one that is slow may end after a newer one, which knows better
        told = {scope for scope in self._asked(reading) | set(reading.found) if self._is_newest(reading, scope)}
        gone = {scope: self.found.pop(scope) for scope in told if scope in self.found}
        self.found.update({s: _same(gone.get(s), halt) for s, halt in reading.found.items() if s in told})
        self.read.update(dict.fromkeys(told, reading.begun))

    def _is_newest(self, reading: Reading, scope: str) -> bool:
        return self.read.get(scope, reading.begun) <= reading.begun

    def _asked(self, reading: Reading) -> frozenset[str]:
        if not self.source.platform:
            return FLEET
        return frozenset({*self.read, *self.found}) if reading.scopes is None else reading.scopes

    def due(self, now: float) -> frozenset[str]:
        """The scopes to look at now; none when it is not time, or nobody is interested."""
        if self.under_way or now < self.next_look:
            return frozenset()
        if not self.source.platform:
            return FLEET
        self.interest = {scope: at for scope, at in self.interest.items() if now - at <= INTEREST}
        if not self.interest:
            self.error = ""  # what nobody asks for is in no doubt
        return frozenset(self.interest)

    def trouble(self, now: float) -> tuple[str, float]:
        """Why it cannot be read, and for how many seconds already; empty while it can."""
        hangs = self.under_way is not None and now - self.under_way.begun > TIMEOUT
        if self.under_way and hangs:
            return self.error or self.under_way.trouble, now - (self.since if self.error else self.under_way.begun)
        return self.error, now - self.since if self.error else 0.0


def _same(old: Halt | None, new: Halt) -> Halt:
    """The halt as it was first seen: not every source can tell since when it stands."""
    return old if old and (old.author, old.reason) == (new.author, new.reason) else new
