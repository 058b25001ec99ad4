"""What this machine's clock and that of a server say at one moment: a noun of its own, on the standard library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Reading:
    """Two clocks at one moment: ``theirs`` is the server's, ``ours`` this machine's (both aware, in UTC).

    ``doubt`` is half of what its answer took, and so the most that the way may have added; ``age`` how long ago it
    came; ``at`` the moment in monotonic seconds.
    """

    theirs: datetime
    ours: datetime
    doubt: timedelta
    age: timedelta
    at: float
