"""The agent's side: no held fault without an undertaker that has acknowledged it and shows life."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from simian_army.clock import Clock
from simian_army.errors import Refused
from simian_army.records import Held
from simian_army.undertaker.record import Record, name_of, to_text
from simian_army.undertaker.store import GONE, Pulse, Records, RecordsError

STALE = 10.0  # seconds: an undertaker that showed no life for longer is not relied upon
PATIENCE = 15.0  # seconds for an undertaker to come up and to acknowledge; on a busy machine a process takes several
BEAT = 1.0  # seconds between two signs of life of ours


@dataclass(slots=True)
class Trust:
    """Writes records, waits for their acknowledgement, and listens whether the undertaker lives.

    ``wake`` starts an undertaker where that is ours to do; in a cluster somebody else does.
    """

    key: bytes
    records: Records
    clock: Clock
    wake: Callable[[], None]
    _pulse: Pulse = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _beats: itertools.count[int] = field(default_factory=itertools.count)
    _trouble: str = ""

    def __post_init__(self) -> None:
        self._pulse = Pulse("undertaker", self.clock)

    def start(self) -> None:
        """Begin to show life and to listen; the first fault that is entrusted does it too."""
        if self._thread:
            return
        self._pulse = Pulse("undertaker", self.clock)  # its silence counts from when we listen
        self._thread = threading.Thread(target=self._listen, name="trust", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say that we end in order; an undertaker without anything left to look after ends too."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            with suppress(RecordsError):
                self.records.beat("agent", GONE)

    def lost(self) -> str:
        """Why no undertaker can be relied upon now; empty while one can, and while nothing was ever entrusted."""
        if not self._thread:
            return ""
        if self._trouble:
            return self._trouble
        if self._pulse.left:
            return f"the undertaker of {self.records.place} has ended"
        if self._pulse.age() > STALE:
            return f"the undertaker of {self.records.place} showed no life for {self._pulse.age():.0f} s"
        return ""

    def ready(self) -> None:
        """Have an undertaker live; a first one may take seconds to come up.

        Raises:
            Refused: none does.
        """
        try:
            self._must_live()
        except RecordsError as error:
            raise Refused(f"no undertaker: {error}") from error

    def entrust(self, held: Held) -> None:
        """Have the fault looked after before it is injected.

        Raises:
            Refused: no undertaker acknowledged it in time; nothing may be injected.
        """
        record = Record(held.run, held.fault, held.mark, held.end)
        try:
            self._must_live()
            self.records.put(record.name, to_text(self.key, record))
            self._must_acknowledge(record.name)
        except RecordsError as error:
            self.release(held)
            raise Refused(f"no undertaker: {error}") from error
        except Refused:
            self.release(held)
            raise

    def take_over(self, held: Held) -> None:
        """Have a fault that a process before us began looked after again; waits for nobody.

        If no undertaker comes, ``lost`` says so in time, and the fault is reverted.
        """
        if not self._thread:
            self.start()
            with suppress(OSError):  # then none comes
                self.wake()
        record = Record(held.run, held.fault, held.mark, held.end)
        with suppress(RecordsError):
            if self.records.get(record.name) is None:
                self.records.put(record.name, to_text(self.key, record))

    def release(self, held: Held) -> None:
        """The fault is over: its record is not needed any more."""
        with suppress(RecordsError):  # the undertaker then ends it once more, which changes nothing
            self.records.drop(name_of(held.run.id, held.fault.target.id))

    def _must_live(self) -> None:
        self.start()
        if self._pulse.alive and not self.lost():
            return
        self.wake()
        if not self._until(lambda: self._pulse.alive and not self.lost()):
            hint = "start one with `simian undertaker`"
            raise Refused(f"no undertaker lives ({self.lost() or 'none was heard'}), so nothing is held: {hint}")

    def _must_acknowledge(self, name: str) -> None:
        if not self._until(lambda: bool((kept := self.records.get(name)) and kept.acknowledged)):
            raise Refused(f"the undertaker of {self.records.place} did not acknowledge the fault in {PATIENCE:g} s")

    def _until(self, done: Callable[[], bool]) -> bool:
        ends = self.clock.monotonic() + PATIENCE
        while not done():
            if self.clock.monotonic() > ends:
                return False
            self.clock.wait(threading.Event(), self.records.pace / 2)
        return True

    def _listen(self) -> None:
        next_beat = 0.0
        while not self._stop.is_set():
            now = self.clock.monotonic()
            try:
                if now >= next_beat:
                    next_beat = now + max(BEAT, self.records.pace * 4)
                    self.records.beat("agent", f"{self.clock.now().isoformat()} {next(self._beats)}")
                self._pulse.feel(self.records.beaten("undertaker"))
                self._trouble = ""
            except RecordsError as error:
                self._trouble = str(error)
            self.clock.wait(self._stop, self.records.pace * 2)
