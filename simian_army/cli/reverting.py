"""The verb revert: one run, or all, before its time; by the agent if there is one, else by ourselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import UsageError
from simian_army.model import ENDS, AuditEvent, Phase

WAIT = 0.2  # seconds between two looks
GRACE = 30.0  # seconds for the last reverts


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed; an empty ``run`` means all."""

    run: str
    reason: str
    as_json: bool = False

    @property
    def why(self) -> str:
        """What the audit says of it."""
        return f"asked by {wiring.actor()}: {self.reason}"


def alone(books: wiring.Books, wish: Wish) -> int:
    """Take up all that nobody looks after, also what only a mark or a record tells of, and revert what is meant."""
    seq, before = books.ledger.last_seq(), _open(books, wish.run)
    with wiring.house(books) as house:
        keeper = house.keeper
        keeper.start()
        house.recovery.recover()
        keeper.end(wish.run, wish.why)
        _until(books, lambda: not keeper.held(wish.run))
        left = len(keeper.held(wish.run))
        keeper.close()
    if wish.run and not (before or left or _heard(books, wish.run, seq)):
        raise _nothing(wish.run)
    return said(wish, max(left, len(_open(books, wish.run))))


def by_agent(books: wiring.Books, wish: Wish) -> int:
    """Ask the agent that leads, and wait until what it then held has ended."""
    before = _open(books, wish.run)
    asked = books.scribe.note(Phase.REQUESTED, verb="revert", which=wish.run, reason=wish.reason)
    (request,) = books.ledger.append(asked)
    _until(books, lambda: _answer(books, request) is not None and not _left(books, wish, request))
    answer = _answer(books, request)
    known = before or answer is None or answer.data.get("held") or _heard(books, wish.run, request.seq)
    if wish.run and not known:
        raise _nothing(wish.run)
    return said(wish, _left(books, wish, request))


def must_hold(books: wiring.Books, run: str) -> None:
    """Raise unless the ledger has something open of that run.

    Raises:
        UsageError: it has nothing.
    """
    if run not in {event.run for event, _ in books.ledger.open_faults()}:
        raise _nothing(run)


def said(wish: Wish, left: int) -> int:
    """Say how it ended; the exit code."""
    if wish.as_json:
        show.dump({"run": wish.run, "held": left})
        return 1 if left else 0
    show.say("reverted" if not left else f"{left} still held: see `simian status`", "green" if not left else "red")
    return 1 if left else 0


def _open(books: wiring.Books, run: str) -> set[tuple[str, str]]:
    found = [event for event, _ in books.ledger.open_faults() if run in ("", event.run)]
    return {(event.run, event.target) for event in found if event.data.get("undo") is not None}


def _left(books: wiring.Books, wish: Wish, request: AuditEvent) -> int:
    """How many are not reverted: those open in the ledger, and those that the agent knows from marks and records."""
    answer = _answer(books, request)
    named = answer.data.get("held", ()) if answer else ()
    ended = {(e.run, e.target) for e in books.ledger.query(after=request.seq) if e.phase in ENDS and e.target}
    return len(_open(books, wish.run) | ({_pair(one) for one in named} - ended))


def _pair(one: Mapping[str, Any]) -> tuple[str, str]:
    return str(one.get("run")), str(one.get("target"))


def _answer(books: wiring.Books, request: AuditEvent) -> AuditEvent | None:
    found = (e for e in books.ledger.query(after=request.seq) if e.data.get("request") == request.seq)
    return next(found, None)


def _heard(books: wiring.Books, run: str, seq: int) -> bool:
    return any(event.target for event in books.ledger.query(run=run, after=seq))


def _nothing(run: str) -> UsageError:
    return UsageError(f"run {run} holds nothing: `simian status` lists what is held, `simian audit` what was")


def _until(books: wiring.Books, done: Callable[[], bool]) -> None:
    stop = threading.Event()
    for _ in range(int(GRACE / WAIT)):
        if done():
            return
        books.clock.wait(stop, WAIT)
