"""Which events people are told: those that config names, each to everyone who asked for it, nobody waited for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simian_army.model import AuditEvent, Phase
from simian_army.notices.channel import Channel
from simian_army.notices.words import notice_of


@dataclass(frozen=True, slots=True)
class Line:
    """One line of config: a way to people, and the phases they want to hear of."""

    channel: Channel
    on: frozenset[Phase]


@dataclass(frozen=True, slots=True)
class Telling:
    """Turns events into notices."""

    fleet: str
    lines: Sequence[Line]

    def start(self) -> None:
        """Begin to send."""
        for line in self.lines:
            line.channel.start()

    def hear(self, event: AuditEvent) -> None:
        """Have the event told to whoever asked for it; returns at once."""
        if is_quiet(event):
            return
        wanted = [line for line in self.lines if event.phase in line.on]
        if not wanted:
            return
        notice = notice_of(event, self.fleet)
        for line in wanted:
            line.channel.put(notice)

    def close(self) -> None:
        """Send what waits, for a few seconds."""
        for line in self.lines:
            line.channel.close()


def is_quiet(event: AuditEvent) -> bool:
    """Whether nobody needs to hear of it whatever he asked for: a run that came out clean."""
    return event.phase is Phase.JUDGED and event.data.get("outcome") == "clean"
