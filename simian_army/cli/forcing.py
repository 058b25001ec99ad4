"""The verb revert --force: close what cannot be reverted, and say what is left."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import UsageError
from simian_army.model import AuditEvent, Phase

WAIT = 0.2  # seconds between two looks for the agent's answer
ANSWER = 60.0  # seconds an agent has to look at the targets and answer


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    run: str
    reason: str
    as_json: bool = False


def force(books: wiring.Books, wish: Wish, *, led: bool) -> int:
    """Have the run's stuck faults closed, by the agent if there is one (``led``), else by ourselves."""
    with show.working("looking at what is left ..."):
        closed = _asked(books, wish) if led else _alone(books, wish)
    for event in closed:
        _tell(event, as_json=wish.as_json)
    return 0


def _alone(books: wiring.Books, wish: Wish) -> Sequence[AuditEvent]:
    with wiring.house(books) as house:
        return house.forcing.force(wish.run, wiring.actor(), wish.reason)


def _asked(books: wiring.Books, wish: Wish) -> Sequence[AuditEvent]:
    asked = books.scribe.note(Phase.REQUESTED, verb="force", which=wish.run, reason=wish.reason)
    (request,) = books.ledger.append(asked)
    stop = threading.Event()
    for _ in range(int(ANSWER / WAIT)):
        answers = [e for e in books.ledger.query(after=request.seq) if e.data.get("request") == request.seq]
        if any(event.phase is Phase.SKIPPED for event in answers):
            raise UsageError(f"the agent did not: {answers[0].data.get('reason')}")
        if answers:
            return answers
        books.clock.wait(stop, WAIT)
    raise UsageError(f"no answer in {ANSWER:.0f} s: is the agent alive? `simian status` tells")


def _tell(event: AuditEvent, *, as_json: bool) -> None:
    if as_json:
        from simian_army.audit.log import to_json

        show.dump(to_json(event))
        return
    about = event.data.get("target")
    name = about.get("name", "") if isinstance(about, dict) else event.target
    show.say(f"closed by force: {event.data.get('kind')} on {name}, which was {event.data.get('was')}", "bold")
    for line in event.data.get("left", ()):
        show.say(f"  {line}")
