"""Who takes up what a crash left: recovery, wired, and its eyes on records and marks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simian_army.alarms import Alarms
from simian_army.estate import Estate
from simian_army.orphans import Orphans
from simian_army.recovery import Recovery
from simian_army.sweep import Sweep
from simian_army.undertaker.relics import SignedRelics

if TYPE_CHECKING:
    from simian_army.contract import FaultKind, Platform
    from simian_army.engine import Engine
    from simian_army.undertaker.store import Records
    from simian_army.wiring.books import Books


@dataclass(frozen=True, slots=True)
class Ground:
    """Where it looks: the platforms, with what can be done there, and the records."""

    platforms: Mapping[str, Platform]
    kinds: Mapping[str, FaultKind]
    records: Records


def recovery(at: Books, engine: Engine, ground: Ground) -> Recovery:
    """Recovery that hands what it finds to the keeper of ``engine``."""
    keeper, ledger, clock, scribe = engine.keeper, at.ledger, at.clock, at.scribe
    orphans = Orphans(ground.kinds, ledger, keeper, clock, scribe, Alarms(ledger, scribe, clock))
    relics = SignedRelics(at.key, engine.fleet, ground.records, clock)
    return Recovery(
        kinds=ground.kinds,
        ledger=ledger,
        keeper=keeper,
        clock=clock,
        scribe=scribe,
        sign=engine.sign,
        flights=engine.flights,
        estate=Estate(relics, orphans, ledger),
        sweep=Sweep(ground.platforms, orphans, ledger, engine.sign),
    )
