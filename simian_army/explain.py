"""Why, and what next: who would be hit by a coming fire, and every guard's answer for one target."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from simian_army.contract import Entry
from simian_army.due import Due
from simian_army.engine import Engine
from simian_army.model import Fault, Finding, Run, Target
from simian_army.outcome import Among, Draw, Troop
from simian_army.stages import Exposure
from simian_army.turns import drawn_of, in_order


@dataclass(frozen=True, slots=True)
class Forecast:
    """One coming fire: whom it would hit as the troop is now, who else was drawn and refused, where it is due, and how
    wide it may strike. ``exact`` tells that nothing foreseen before it changes the troop it draws from, ``looks`` that
    the monkey only looks; ``rates`` are how often each group is struck at it on average, None for evenly."""

    run: Run
    troop: Troop
    hit: Sequence[Draw]
    refused: Sequence[Draw]
    due: Due = field(default_factory=Due)
    exposure: Exposure = field(default_factory=Exposure)
    exact: bool = True
    looks: bool = False
    rates: Mapping[str, float] | None = None

    @property
    def entry(self) -> str:
        """The monkey that fires."""
        return self.run.entry

    @property
    def at(self) -> datetime:
        """When."""
        return self.run.at


class Around(Protocol):
    """Among whom each of a troop stands."""

    def peers(self, target: Target) -> Sequence[Target]:
        """The found members of its group."""
        ...

    def crowd(self, target: Target) -> int:
        """How many of its kind were found in its scope."""
        ...


class Seen(NamedTuple):
    """A troop as it is screened at some time, and among whom each of it stands."""

    troop: Troop
    among: Around


@dataclass(frozen=True, slots=True)
class Then:
    """A clock that stands at one moment to come."""

    at: datetime

    def now(self) -> datetime:
        """That moment."""
        return self.at

    def monotonic(self) -> float:
        """Nothing passes."""
        return 0.0

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Nothing is waited for."""
        del seconds
        return event.is_set()


def forecast(engine: Engine, entry: Entry, at: datetime, found: Sequence[Target]) -> Forecast:
    """Take the fire at ``at`` through the flow up to the act; reads, and writes nothing.

    Raises:
        PlatformError, LedgerError: as the flow.
    """
    judge = replace(engine.judge, clock=Then(at))  # a window that is open now may be closed by then
    troop = judge.screen(entry, in_order(found))
    return foretell(replace(engine, judge=judge), entry, at, Seen(troop, Among.of(troop)))


def foretell(
    engine: Engine, entry: Entry, at: datetime, seen: Seen, taken: Callable[[Run, Draw], None] | None = None
) -> Forecast:
    """The same for a troop that is screened, by a judge whose clock stands at ``at``; ``taken`` hears of each hit
    before the next is drawn.

    Raises:
        PlatformError, LedgerError: as the flow.
    """
    run, troop, among = engine.run(entry, at), seen.troop, seen.among
    chosen, looks = engine.choose(entry, run, troop, at), not entry.monkey.needs.faults

    def strike(fault: Fault) -> Draw:
        draw = engine.judge.consider(entry, fault, among.peers(fault.target), among.crowd(fault.target))
        if draw.taken and taken:
            taken(run, draw)
        return draw

    lots = ((lot.want, _faults(lot.proposals)) for lot in chosen.lots if not looks)
    draws = drawn_of(lots, chosen.want, strike)
    hit, refused = [draw for draw in draws if draw.taken], [draw for draw in draws if not draw.taken]
    return Forecast(run, chosen.troop, hit, refused, chosen.due, chosen.exposure, looks=looks, rates=chosen.rates)


def _faults(proposals: Iterable[Fault | Finding]) -> Iterator[Fault]:
    return (one for one in proposals if not isinstance(one, Finding))
