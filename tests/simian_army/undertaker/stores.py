"""The stores that records may be kept in, for tests that ask the same of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simian_army import marks
from simian_army.model import Fault, Run, Target
from simian_army.records import Held

KEY, FLEET = b"undertaker-key-of-32-characters!", "test"
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def held(name: str = "a", hold: float = 60, ticks: float = 1000.0, run: str = "abcdefghij") -> Held:
    """A lever held for so many seconds from NOW."""
    target = Target("fake", "lever", name, name, "", "", NOW, {})
    fault = Fault("lever", target, undo={"pulled": False}, hold=timedelta(seconds=hold))
    end = NOW + fault.hold
    return Held(Run(run, "e", NOW, "seed"), fault, marks.sign(KEY, FLEET, run, fault, end), end, ticks + hold)
