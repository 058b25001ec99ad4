"""Whether: does this machine's clock agree with that of the server about to be struck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from simian_army.model import Scene, Verdict
from simian_army.reading import Reading

LIMIT = timedelta(seconds=5)
OLD = timedelta(seconds=60)
FIX = "let NTP set it (`timedatectl set-ntp true`, or chrony)"


@dataclass(frozen=True, slots=True)
class Skew:
    """Denies while the two clocks are more than ``limit`` apart: windows, deadlines and ages would all be wrong by it.

    What the answer took is no skew, so it is never counted as such; the half second that a Date leaves open stays.
    """

    name: ClassVar[str] = "skew"
    early: ClassVar[bool] = False
    limit: timedelta = LIMIT

    def __call__(self, scene: Scene) -> Verdict:
        """Names both times, how far apart they are, and the fix; a server whose time is not known is a no."""
        here, platform = scene.identity, scene.fault.target.platform
        if here is None or here.clock is None:
            where = here.endpoint if here else platform
            return self._no(platform, f"{where} sends no Date, so nobody knows whether the clocks agree")
        reading = here.clock
        if reading.age > OLD:
            return self._no(platform, f"the latest Date of {here.endpoint} is {_seconds(reading.age)} old")
        if reading.doubt > self.limit:
            why = f"{here.endpoint} took {_seconds(2 * reading.doubt)} to answer"
            return self._no(platform, f"{why}, too long to tell whether the clocks agree within {_seconds(self.limit)}")
        apart = abs(reading.ours - reading.theirs)
        said = f"{_both(reading, here.endpoint)}; {_seconds(self.limit)} at most"
        if apart - reading.doubt > self.limit:
            return self._no(platform, f"{said}; {FIX}")
        return Verdict(self.name, allowed=True, reason=said)

    def _no(self, platform: str, reason: str) -> Verdict:
        # each toxiproxy may stand on a machine of its own; a cluster and AWS have one time for all targets
        return Verdict(self.name, allowed=False, reason=reason, final=platform != "toxiproxy")


def _both(reading: Reading, endpoint: str) -> str:
    apart = reading.ours - reading.theirs
    word = "behind" if apart < timedelta(0) else "ahead"
    ours, theirs = _said(reading.ours), _said(reading.theirs)
    return f"this machine's clock says {ours}, that of {endpoint} {theirs}: {_seconds(abs(apart))} {word}"


def _said(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="milliseconds")


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():.1f}".removesuffix(".0") + " s"
