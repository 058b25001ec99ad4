"""Which call of a life meets which trouble: each call of a clean one, and all that may befall it, or a share of that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle

from tests.api_faults.clean import CLEAN, calls
from tests.api_faults.stage import HUNG, KINDS, TIMEOUT
from tests.crash.plan import ALL
from tests.doors.door import Door, How, Trouble, said

READS = ("get ", "list ", "GET ", "Describe", "Get")
TRIES = 3
"""How often a read is sent at most, on every platform."""

CODES = {409: "ResourceInUse", 410: "Gone", 429: "Throttling", 500: "InternalError", 503: "Unavailable"}
STATUSES = (409, 410, 429, 500, 503)
DOUBTS = (How.HANG, How.HALF_OPEN, How.RESET)
HOWS: tuple[str, ...] = (*map(str, STATUSES), *DOUBTS)
DONE: tuple[str, ...] = ("500", "503", *DOUBTS)
"""What an act may meet that was carried out: who says 409, 410 or 429 has done nothing."""

LASTING = ("429", "500", How.HALF_OPEN)
"""What befalls every try of a read, so that it fails."""

RETRIED = ("503", How.HANG, How.RESET)
"""What befalls one try of a read, so that the life goes on as if nothing had been."""


ONCE = (
    "list validatingwebhookconfigurations",
    "list mutatingwebhookconfigurations",
    "list apiservices",
    "list customresourcedefinitions",
)
"""Reads that are sent once: whoever could not look says no to this draw, and looks again at the next."""


@dataclass(frozen=True)
class Case:
    """The ``nth`` call of that name, counted from the beginning of a life, meets ``how``; ``after`` it was carried
    out."""

    kind: str
    step: str
    what: str
    nth: int
    how: str
    after: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-{self.step}-{self.what}-{self.nth}-{self.how}{'-done' if self.after else ''}"

    @property
    def read(self) -> bool:
        return self.what.startswith(READS)

    @property
    def borne(self) -> bool:
        """Whether nobody notices."""
        return self.read and self.how in RETRIED and self.what not in ONCE

    @property
    def timeout(self) -> int:
        """Seconds for each request."""
        return HUNG if self.how == How.HANG else TIMEOUT

    def set(self, door: Door) -> None:
        """Have the door do this and nothing else."""
        door.open()
        tries = TRIES if self.read and self.how in LASTING and not self._final else 1
        for more in range(tries):
            door.meet(self.what, self._trouble(), self.nth + more)

    @property
    def _final(self) -> bool:
        """A plain no that is not asked for again: toxiproxy throttles nobody."""
        return self.how == "429" and KINDS[self.kind].platform == "toxiproxy"

    def _trouble(self) -> Trouble:
        if self.how.isdigit():
            told = said(int(self.how), _words(KINDS[self.kind].platform, int(self.how)))
            return Trouble(told.how, self.after, told.answer)
        # of an answer that breaks off, the half is the real one's
        return Trouble(How(self.how), self.after or (self.how == How.RESET and self.read))


def cases() -> Iterator[Case]:
    """All of them with `make crash`, else a share."""
    yield from whole() if ALL else share()


def whole() -> Iterator[Case]:
    """Every call with everything that may befall it."""
    for call in _calls():
        yield from (replace(call, how=how) for how in HOWS)
        if not call.read:
            yield from (replace(call, how=how, after=True) for how in DONE)


def share() -> Iterator[Case]:
    """Every call once, the next trouble for each in turn; an act once that was not carried out, and once that was."""
    hows, done = cycle(HOWS), cycle(DONE)
    for call in _calls():
        yield replace(call, how=next(hows))
        if not call.read:
            yield replace(call, how=next(done), after=True)


def _calls() -> Iterator[Case]:
    for kind in CLEAN:
        counts: Counter[str] = Counter()
        for step, what in calls(kind):
            counts[what] += 1
            yield Case(kind, step, what, counts[what], "")


def _words(platform: str, status: int) -> str:
    if platform == "kubernetes":
        return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no", "code": status})
    if platform == "toxiproxy":
        return json.dumps({"error": "no", "status": status})
    error = f"<Error><Code>{CODES[status]}</Code><Message>no</Message></Error>"
    return f"<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"
