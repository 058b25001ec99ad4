"""By when a held fault must be over: at its deadline by whoever lives, and sooner where somebody asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from simian_army.ending import BACKOFF
from simian_army.undertaker.service import SILENCE
from simian_army.undertaker.trust import STALE
from tests.simian_army.fakes import FakeClock
from tests.stateful.park import Park, target_of
from tests.stateful.stranger import OPT_OUT
from tests.stateful.witness import NEVER, Hurt

IN_TIME = 5.0  # seconds that an end may take
ROUNDS = 130.0  # seconds in which recovery goes round twice: what the ledger lost sight of is found
AWAY = float("inf")


@dataclass
class Life:
    """Since when each has lived or answered without a break; ``AWAY`` while it does not."""

    clock: FakeClock
    agent: float = AWAY
    undertaker: float = AWAY
    carrier: float = AWAY
    fair: float = NEVER
    books: float = NEVER
    woke: float = NEVER
    halted: float = AWAY
    opted_out: dict[str, float] = field(default_factory=dict)
    agent_gone: float = AWAY
    undertaker_gone: float = AWAY

    def note(self, **there: bool) -> None:
        """Who lives or answers now."""
        now = self.clock.monotonic()
        for name, lives in there.items():
            since = getattr(self, name)
            setattr(self, name, min(since, now) if lives else AWAY)
        self.agent_gone = self._gone("agent", self.agent_gone, now)
        self.undertaker_gone = self._gone("undertaker", self.undertaker_gone, now)

    def _gone(self, name: str, since: float, now: float) -> float:
        if getattr(self, name) != AWAY:
            return AWAY
        return min(since, now)

    def overdue(self, hurts: Mapping[str, Hurt], park: Park) -> list[str]:
        """What should have been over by now."""
        now = self.clock.monotonic()
        found = []
        for uid, hurt in hurts.items():
            late = [f"{why} at {due:.2f}" for why, due in self._dues(uid, hurt, park) if now > due + IN_TIME]
            if late and hurt.owed:
                hurt.owed = False  # told once
                found.append(f"at {now:.2f}: {hurt.run} ({hurt.kind}) still holds {uid}: {'; '.join(late)}")
        return found

    def _dues(self, uid: str, hurt: Hurt, park: Park) -> Iterator[tuple[str, float]]:
        """Why it should be over, and since when; whatever keeps everyone from it puts that off."""
        ready = max(self.fair, self.woke, hurt.failed + BACKOFF[1], hurt.landed)
        agent = max(ready, self.agent)
        if hurt.late:
            yield "it landed late", max(agent, self.books, hurt.landed) + ROUNDS
            return
        yield "its deadline was", max(ready, self.carrier, hurt.until)
        yield "the fleet was halted", max(agent, self.halted)
        gate = park.of(uid)
        if gate and target_of(gate).labels.get(OPT_OUT) == "true":
            yield "its owner opted out", max(agent, self.opted_out.get(uid, AWAY))
        yield "its undertaker was lost", max(agent, self.undertaker_gone) + STALE
        yield "its agent was lost", max(ready, self.undertaker, self.agent_gone) + SILENCE
