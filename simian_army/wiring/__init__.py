"""Who knows everyone: the one place where config, plug-ins, platforms, guards and ledger become a working house."""

from simian_army.wiring.books import Books, actor, books, read_config
from simian_army.wiring.exposure import exposing
from simian_army.wiring.foreseeing import PASSING, asked, foresight, hands
from simian_army.wiring.gamedays import entry_for, known, must_find
from simian_army.wiring.granting import Asked, chart_table
from simian_army.wiring.halting import file_of, halting
from simian_army.wiring.house import House, entry_of, house, must_know_the_place, target_of
from simian_army.wiring.leaving import leaving
from simian_army.wiring.looking import looked
from simian_army.wiring.manifests import Account, as_yaml, manifests
from simian_army.wiring.quieting import calendars_read
from simian_army.wiring.rules import strangers
from simian_army.wiring.salvaging import salvaging
from simian_army.wiring.undertaking import undertake
from simian_army.wiring.watch import Watch, watch

__all__ = [
    "PASSING",
    "Account",
    "Asked",
    "Books",
    "House",
    "Watch",
    "actor",
    "as_yaml",
    "asked",
    "books",
    "calendars_read",
    "chart_table",
    "entry_for",
    "entry_of",
    "exposing",
    "file_of",
    "foresight",
    "halting",
    "hands",
    "house",
    "known",
    "leaving",
    "looked",
    "manifests",
    "must_find",
    "must_know_the_place",
    "read_config",
    "salvaging",
    "strangers",
    "target_of",
    "undertake",
    "watch",
]
