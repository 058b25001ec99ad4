"""What a game day is made of: its file, and its steps in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from simian_army.model import Json

BY_HAND = "gameday"
"""The name of the monkey whose faults are those that a step names itself."""

HIT, REFUSED, ANY = "hit", "refused", "any"
"""What may be expected of a step: that it strikes and its fault comes out clean, that nobody is struck, or either."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a monkey of the config acts once, or one fault strikes one target.

    ``hold`` is None for the monkey's own. ``pause`` is how long to wait before the next step; ``overlap`` lets that
    begin while this one's faults are still held.
    """

    name: str
    monkey: str = ""
    fault: str = ""
    target: str = ""
    use: str = "chaos"
    params: Json = field(default_factory=dict)
    hold: timedelta | None = None
    pause: timedelta = timedelta(0)
    overlap: bool = False
    expect: str = HIT

    @property
    def what(self) -> str:
        """``node-cordon on node node-c``: what is done, in words."""
        return f"{self.monkey or self.fault} on {self.target or 'whom it draws'}"

    @property
    def entry(self) -> str:
        """The name of the entry that strikes."""
        return self.monkey or (BY_HAND if self.use == "chaos" else f"{BY_HAND}-{self.use}")

    def json(self) -> dict[str, Any]:
        """What an agent needs in order to act it out."""
        hold = None if self.hold is None else self.hold.total_seconds()
        return {"monkey": self.monkey, "fault": self.fault, "use": self.use, "params": self.params, "hold": hold}


def step_of(said: Mapping[str, Any]) -> Step:
    """The step that was written down so.

    Raises:
        KeyError, TypeError, ValueError: it is not of that form.
    """
    hold = None if said["hold"] is None else timedelta(seconds=float(said["hold"]))
    monkey, fault, use = (str(said[word]) for word in ("monkey", "fault", "use"))
    return Step("", monkey, fault, use=use, params=dict(said["params"]), hold=hold)


@dataclass(frozen=True, slots=True)
class Plan:
    """A game day as its file says it; ``digest`` is the SHA-256 of the file."""

    name: str
    file: str
    digest: str
    steps: tuple[Step, ...]
