"""How a held fault is ended: alone or with its like, tried until that is proved, and known as stuck past a limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from simian_army.clock import Clock
from simian_army.contract import FaultKind
from simian_army.extras import Wholesale
from simian_army.model import Evidence, Phase
from simian_army.records import Held

BACKOFF = (0.5, 30.0)  # seconds: the first wait after a failed revert, and the longest
STUCK_AFTER = 6  # failed reverts before the alarm; the trying goes on
UNDER_WAY_EVERY = 1.0  # seconds between two looks at a revert that the platform is still carrying out
PATIENCE = 600.0  # seconds for which that is no failure: AWS stops and starts an instance within minutes
BLIND = 30.0  # seconds for which a held fault's consent could not be looked at, after which it is reverted


@dataclass(slots=True)
class Watch:
    """One open fault and how its ending goes; times are monotonic seconds.

    ``alone`` tells that a revert with others broke as a whole, ``blind`` since when its consent could not be looked
    at (None while it can), ``trouble`` what the last look said that was
    no good. ``judged`` tells that it is said what the fault came to.
    """

    held: Held
    ending: str = ""
    tries: int = 0
    begun: float = 0.0
    next_try: float = 0.0
    next_look: float = 0.0
    reverting: bool = False
    looking: bool = False
    alone: bool = False
    blind: float | None = None
    trouble: str = ""
    judged: bool = False

    def unseen(self, now: float) -> str:
        """Why it has to end because nobody could see whether it may go on; empty while that is not so long."""
        if self.blind is None or now - self.blind < BLIND:
            return ""
        return f"its consent could not be looked at for {BLIND:g} s: {self.trouble or 'no answer yet'}"


@dataclass(slots=True)
class Vigil:
    """Whether we ran all the time: while we slept nobody looked whether what is held may go on, and its undertaker may
    have ended it. Its next sign of life, seen on waking, tells nothing of that.

    A machine that sleeps does not count: its monotonic clock does too, and the wall clock may only have been set right.
    """

    clock: Clock
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.clock.monotonic()

    def slept(self) -> str:
        """Why all that is held has to end, if between the last call and this one lay too much time; else empty."""
        now, last = self.clock.monotonic(), self._last
        self._last = now
        if now - last < BLIND:
            return ""
        return f"we did not run for {now - last:.0f} s, and nobody looked whether it may go on"


Outcome: TypeAlias = tuple[Watch, Phase, Mapping[str, Any]]
"""What is to be told of an open fault."""


def batches(due: Iterable[Watch], kinds: Mapping[str, FaultKind]) -> list[list[Watch]]:
    """What is reverted together: those of one kind in one scope (a server), if their kind has a way to; others alone.

    Those that failed least come first: should a batch not get to its end, none is kept waiting by one that never ends.
    """
    wholesale = {name for name, kind in kinds.items() if isinstance(kind, Wholesale)}
    found: defaultdict[tuple[bool, str, str], list[Watch]] = defaultdict(list)
    for watch in sorted(due, key=lambda one: one.tries):
        fault = watch.held.fault
        together = fault.kind in wholesale and not watch.alone
        found[(True, fault.kind, fault.target.scope) if together else (False, *watch.held.key)].append(watch)
    return list(found.values())


def tried(kind: FaultKind, batch: Sequence[Watch]) -> list[Evidence]:
    """One try for each, with what was then seen of it, in order; none at all when the batch broke as a whole."""
    faults = [(watch.held.fault, watch.held.mark) for watch in batch]
    together = len(faults) > 1
    try:
        if together and isinstance(kind, Wholesale):
            return _vetted(kind.revert_all(faults), len(faults))
        return _vetted([kind.revert(fault, mark) for fault, mark in faults], len(faults))
    except Exception as error:  # noqa: BLE001 - the revert border: nothing may end the trying
        return [] if together else [Evidence(holds=False, detail=f"{type(error).__name__}: {error}")]


def _vetted(proofs: Sequence[Evidence], wanted: int) -> list[Evidence]:
    if len(proofs) != wanted or not all(isinstance(proof, Evidence) for proof in proofs):
        raise TypeError(f"{wanted} pieces of evidence were wanted, and {proofs!r:.200} was answered")
    return list(proofs)


def outcome(watch: Watch, proof: Evidence, now: float) -> Outcome | None:
    """What is to be told after a try, if anything; without proof, the watch then knows when to try again."""
    said = {"why": watch.ending, "detail": proof.detail, "kind": watch.held.fault.kind}
    if proof.holds:
        return watch, Phase.REVERTED, {**said, "took": round(now - watch.begun, 3)}
    if proof.under_way and now - watch.begun < PATIENCE:
        watch.next_try = now + UNDER_WAY_EVERY
        return None
    watch.tries += 1
    first, longest = BACKOFF
    watch.next_try = now + min(longest, first * 2 ** min(watch.tries - 1, 10))
    return (watch, Phase.STUCK, {**said, "tries": watch.tries}) if watch.tries == STUCK_AFTER else None
