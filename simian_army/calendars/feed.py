"""What a calendar said when it was last read: fetched in the background, trusted until it is stale."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simian_army.calendars.copies import Copy
from simian_army.calendars.edges import whole
from simian_army.calendars.events import Event, Events
from simian_army.calendars.spans import FAR
from simian_army.clock import Clock
from simian_army.errors import CalendarError

PATIENCE = 5.0  # seconds that a guard waits for a reading
AGAIN = 10.0  # seconds between two tries while it cannot be read
HUNG = 60.0  # seconds after which a reading under way is given up for lost


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and when: by the wall clock, and in seconds of the monotonic one."""

    events: Events
    digest: str
    at: datetime
    since: float


@dataclass(slots=True)
class Trial:
    """One try to read, begun at ``begun`` (monotonic seconds); ``done`` is set when it ended, ``trouble`` says how."""

    begun: float
    done: threading.Event = field(default_factory=threading.Event)
    trouble: str = ""

    @property
    def lasts(self) -> float:
        """For how many seconds from its beginning no other is begun."""
        if not self.done.is_set():
            return HUNG
        return AGAIN if self.trouble else 0.0


@dataclass(eq=False, slots=True)
class Feed:
    """The events of one iCalendar file or URL, called ``name``. ``copy`` is where the last reading outlives us."""

    name: str
    fetch: Callable[[], bytes]
    clock: Clock
    refresh: timedelta
    stale: timedelta
    copy: Copy | None = None
    _reading: Reading | None = None
    _trial: Trial | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether an event does; events cancelled do not, all others do, "free" and tentative ones too.

        Raises (as every method): CalendarError: it cannot be read, or was not for too long.
        """
        return bool(self._at(moment, zone))

    def ends(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When no event covers any more; None beyond 400 days."""
        probe, limit = moment, moment + FAR
        while now := self._at(probe, zone):
            probe = whole(max(event.end for event in now))
            if probe > limit:
                return None
        return probe

    def called(self, moment: datetime, zone: ZoneInfo) -> str:
        """Its name, and the summaries of the events that cover ``moment``."""
        now = sorted({event.name for event in self._at(moment, zone) if event.name})
        return f"{self} ({', '.join(now)})" if now else str(self)

    def __str__(self) -> str:
        """``ical freeze.ics``."""
        return f"ical {self.name}"

    def _at(self, moment: datetime, zone: ZoneInfo) -> list[Event]:
        try:
            return self._events().at(moment, zone)
        except CalendarError as error:
            raise CalendarError(f"{self}: {error}") from error

    def _events(self) -> Events:
        """The last reading that may be trusted; a new one is waited for when it is due."""
        with self._lock:
            self._recall()
            if self._younger(self.refresh):
                return self._reading.events  # type: ignore[union-attr]
            trial = self._begun()
        self.clock.wait(trial.done, trial.begun + PATIENCE - self.clock.monotonic())
        with self._lock:
            if self._younger(self.stale):
                return self._reading.events  # type: ignore[union-attr]
            age = self._age()
        trouble = trial.trouble or f"no answer within {PATIENCE:g} s"
        if age is None:
            raise CalendarError(f"{trouble}; while it cannot be read nothing begins")
        old = f"last read {_words(age)} ago, trusted for {_words(self.stale)}"
        raise CalendarError(f"{trouble}; {old}: until it can be read nothing begins")

    def _younger(self, limit: timedelta) -> bool:
        age = self._age()
        return age is not None and age < limit

    def _age(self) -> timedelta | None:
        """How old the reading is; a wall clock set back makes none younger."""
        if self._reading is None:
            return None
        lived = timedelta(seconds=self.clock.monotonic() - self._reading.since)
        return max(self.clock.now() - self._reading.at, lived)

    def _begun(self) -> Trial:
        """The try under way, or the last one if it ended just now, or else a new one."""
        now, last = self.clock.monotonic(), self._trial
        if last is not None and now - last.begun < last.lasts:
            return last
        self._trial = trial = Trial(now)
        threading.Thread(target=self._read, args=[trial], name="calendar", daemon=True).start()
        return trial

    def _read(self, trial: Trial) -> None:
        try:
            at, since = self.clock.now(), self.clock.monotonic()  # before: what changes meanwhile is not in it
            text = self.fetch()
            reading = self._understood(text, at, since)
            with self._lock:
                self._reading = reading
            if self.copy:
                self.copy.write(text, at)
        except (OSError, ValueError) as error:
            trial.trouble = str(error)
        except Exception as error:  # the plug-in border of what others publish: doubt means no
            trial.trouble = f"it cannot be read: {type(error).__name__}"
            logging.getLogger(__name__).exception("a calendar could not be read")
        finally:
            trial.done.set()

    def _understood(self, text: bytes, at: datetime, since: float) -> Reading:
        digest = _digest(text)
        known = self._reading
        events = known.events if known and known.digest == digest else Events.parse(text, at)
        return Reading(events, digest, at, since)

    def _recall(self) -> None:
        """What a process before us read, if it is not from the future."""
        if self._reading is not None or self.copy is None:
            return
        text, at = self.copy.read()
        now = self.clock.now()
        if at is None or not timedelta(0) <= now - at < self.stale:
            return
        try:
            self._reading = self._understood(text, at, self.clock.monotonic() - (now - at).total_seconds())
        except ValueError:
            return  # it is read anew, and that tells what is wrong


def _digest(text: bytes) -> str:
    """Of what it says: when it was asked for, many servers write into every event."""
    said = b"\n".join(line for line in text.splitlines() if not line.startswith(b"DTSTAMP"))
    return hashlib.sha256(said).hexdigest()


def _words(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"
