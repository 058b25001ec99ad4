"""What the ledger says became of one fault on one target, and whether its mark may still be there."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from simian_army.model import ENDS, AuditEvent, Phase

MARK, RECORD = "mark", "record"
"""What an ADOPTED event, under ``by``, says the fault was known from."""


class Story(StrEnum):
    """How a fault stands, as the ledger tells it."""

    UNTOLD = "untold"  # no word of it
    OPEN = "open"  # begun, and not ended
    LOOSE = "loose"  # ended, but never both seen on its target and proved gone: its write may land late
    OVER = "over"  # seen on its target, and proved gone: whatever bears its mark now is a copy
    LEFT = "left"  # closed by a person, who was told what is left


def story(events: Iterable[AuditEvent]) -> Story:
    """What these events, of one run on one target and in order, tell."""
    begun = seen = proved = False
    ended: Phase | None = None
    for event in events:
        begun = begun or event.phase is Phase.INTENDED
        seen = seen or _shows(event)
        ended = event.phase if event.phase in ENDS else ended
        proved = proved or (seen and event.phase is Phase.REVERTED)
    if ended is Phase.CLOSED:
        return Story.LEFT
    if proved:
        return Story.OVER
    if ended:
        return Story.LOOSE
    return Story.OPEN if begun else Story.UNTOLD


def _shows(event: AuditEvent) -> bool:
    """Whether somebody knew then that the fault had reached its target."""
    return event.phase in (Phase.INJECTED, Phase.OBSERVED) or (
        event.phase is Phase.ADOPTED and event.data.get("by") == MARK
    )
