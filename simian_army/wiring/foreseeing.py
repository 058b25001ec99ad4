"""How this house looks ahead: which guards depend on the time, and on more than lists tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from simian_army.asked import Ahead, Asked
from simian_army.foresight import Foresight, Ways
from simian_army.hands import Hands
from simian_army.targets.kube.place import IN_CLUSTER

if TYPE_CHECKING:
    from config.schema import Settings
    from simian_army.contract import Entry
    from simian_army.wiring.house import House

WAYS = Ways(
    timeless=("opt-in", "protected", "myself", "controlled", "irreversible", "segment"),
    metadata=("blackout", "budget", "stuck", "line", "halt"),
    present=("look",),
)


STEADY = frozenset({*WAYS.timeless, *WAYS.present})
"""The guards that are not asked again about a time to come."""

PASSING = frozenset({*WAYS.metadata, *WAYS.present, "min-age", "lock"})
"""The guards, and the ledger's lock, whose no is over when its time is."""


def asked(house: House) -> Asked:
    """Everything there is to ask about, and the fires to come."""
    return Asked(house.engine, house.entries, Ahead(house.upcoming, STEADY))


def hands(settings: Settings) -> Hands:
    """By which commands people of this fleet change what guards look at."""
    kubernetes, proxies = settings.platforms.kubernetes, settings.platforms.toxiproxy
    context = kubernetes.context if kubernetes and kubernetes.context != IN_CLUSTER else ""
    return Hands(context, proxies.opt_in if proxies else ())


def foresight(house: House, now: datetime, entries: Mapping[str, Entry] | None = None) -> Foresight:
    """What lists every target once and then takes fires to come through the flow; of all entries if none are given.

    Raises:
        PlatformError: a list could not be had; LedgerError: nor the past.
    """
    return Foresight.of(house.engine, house.entries if entries is None else entries, WAYS, now)
