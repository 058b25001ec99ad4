"""Whether: every guard of the house, as config sets them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from safety.blackout import Blackout
from safety.budget import Budget
from safety.controlled import Controlled
from safety.halt import Halted
from safety.identity import KnownPlace
from safety.irreversible import Irreversible, Nature
from safety.min_age import MinAge
from safety.myself import Myself
from safety.opt_in import OptIn
from safety.protected import Protected
from safety.shared import Shared
from simian_army.contract import FaultKind, Guard
from simian_army.plugins import pick

if TYPE_CHECKING:
    from config.load import Loaded


def guards(loaded: Loaded, kinds: Mapping[str, FaultKind]) -> list[Guard]:
    """The built-in guards in the order they are shown, then those that config adds.

    Raises:
        PluginError: one of those cannot be loaded.
    """
    settings = loaded.settings
    safety, limits = settings.safety, settings.safety.budget
    known = frozenset({settings.platforms.kubernetes.cluster_uid} - {""})
    natures = {name: Nature(kind.reversible, kind.replaces) for name, kind in kinds.items()}
    windows = tuple(quiet.window() for quiet in safety.blackouts)
    own: list[Guard] = [
        OptIn(),
        Protected(safety.protected),
        MinAge(safety.min_age),
        _myself(),
        Controlled(),
        Irreversible(natures, frozenset(safety.allow_irreversible)),
        Blackout(windows, ZoneInfo(settings.timezone)),
        Budget(limits.concurrent, limits.per_day, limits.per_group, limits.max_percent, limits.cooldown),
        Shared(safety.protected),
        KnownPlace({"kubernetes": known}),
        Halted(),
    ]
    return own + [pick("guard", plug.use).make(**plug.with_) for plug in safety.guards]  # type: ignore[misc]


def _myself() -> Myself:
    env = os.environ
    return Myself(env.get("SIMIAN_POD_UID", ""), env.get("SIMIAN_NAMESPACE", ""), env.get("SIMIAN_NODE", ""))
