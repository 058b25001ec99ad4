"""Who reverts without a ledger: salvage, wired, and the spool where what it did waits to be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simian_army.clock import Clock, SystemClock
from simian_army.errors import LedgerError
from simian_army.model import Phase
from simian_army.records import Scribe
from simian_army.salvage import Salvage, Saved
from simian_army.sameness import key_of
from simian_army.undertaker.relics import SignedRelics
from simian_army.wiring.books import actor, spool_of
from simian_army.wiring.house import kinds_of
from simian_army.wiring.places import connect, wish
from simian_army.wiring.undertaking import records_of

if TYPE_CHECKING:
    from config.load import Loaded
    from simian_army.audit.spool import FileSpool


@dataclass(frozen=True, slots=True)
class Salvor:
    """Salvage, and who writes down what it did."""

    salvage: Salvage
    scribe: Scribe
    spool: FileSpool | None

    def note(self, saved: Saved, why: str) -> str:
        """Keep what was done until the ledger is there again; says why it could not be kept, else nothing."""
        if self.spool is None:
            return "nothing is kept of it: what `ledger` says in config is no ledger's URL"
        orphan = saved.orphan
        detail, kind, note = saved.proof.detail, orphan.fault.kind, self.scribe.note
        told = note(Phase.REVERTED, orphan.run, orphan.fault.target, why=why, detail=detail, kind=kind, late=True)
        try:
            self.spool.add(replace(told, key=key_of(told)))
        except LedgerError as error:
            return f"nothing is kept of it: {error}"
        return ""


@contextmanager
def salvaging(loaded: Loaded, clock: Clock | None = None) -> Iterator[Salvor]:
    """Everything that needs no ledger.

    Raises:
        ConfigError: the config names what cannot be used.
    """
    clock = clock or SystemClock()
    settings = loaded.settings
    with ExitStack() as closing:
        places = connect(wish(loaded, clock), closing)
        key = settings.key.get_secret_value().encode()
        relics = SignedRelics(key, settings.fleet, records_of(loaded, places), clock)
        spool = None
        with suppress(LedgerError):
            spool = spool_of(loaded, clock)
        scribe = Scribe(clock, actor(), loaded.digest, settings.platforms.embedded)
        yield Salvor(Salvage(places.platforms, kinds_of(places.platforms), relics, clock), scribe, spool)
