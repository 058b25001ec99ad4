"""Whether: every guard of the house, as config sets them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
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
from safety.skew import Skew
from safety.stuck import Stuck
from simian_army.contract import FaultKind, Guard
from simian_army.model import Scene, Verdict
from simian_army.plugins import found

if TYPE_CHECKING:
    from config.load import Loaded
    from config.schema import Plug, Settings


def guards(loaded: Loaded, kinds: Mapping[str, FaultKind]) -> list[Guard]:
    """The built-in guards in the order they are shown, then config's; one that cannot be loaded denies."""
    settings = loaded.settings
    safety, limits = settings.safety, settings.safety.budget
    natures = {name: Nature(kind.reversible, kind.replaces) for name, kind in kinds.items()}
    windows = tuple(quiet.window() for quiet in safety.blackouts)
    own: list[Guard] = [
        OptIn(by_name(settings)),
        Protected(safety.protected),
        MinAge(safety.min_age),
        _myself(),
        Controlled(),
        Irreversible(natures, frozenset(safety.allow_irreversible)),
        Blackout(windows, ZoneInfo(settings.timezone)),
        Budget(limits.concurrent, limits.per_day, limits.per_group, limits.max_percent, limits.cooldown),
        Shared(safety.protected),
        KnownPlace(known(settings)),
        Skew(),
        Stuck(safety.max_stuck),
        Halted(),
    ]
    return own + [_plugged(plug) for plug in safety.guards]


def known(settings: Settings) -> dict[str, frozenset[str]]:
    """Where config says it may strike: cluster uid, accounts, endpoints."""
    said = settings.platforms
    return {
        "kubernetes": frozenset({said.kubernetes.cluster_uid} - {""} if said.kubernetes else ()),
        "aws": frozenset(said.aws.accounts if said.aws else ()),
        "toxiproxy": frozenset(said.toxiproxy.endpoints if said.toxiproxy else ()),
    }


def by_name(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Where the config, and no label, says who opted in: platform to name patterns."""
    said = settings.platforms.toxiproxy
    return {"toxiproxy": said.opt_in} if said else {}


def _plugged(plug: Plug) -> Guard:
    plugin = found("guard").get(plug.use)
    if plugin is None or plugin.make is None:
        return Missing(plug.use, plugin.error if plugin else "it is not installed")
    guard: Guard = plugin.make(**plug.with_)
    return guard


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for a guard that config asks for and that cannot be loaded: doubt means no, for every fault."""

    name: str
    error: str
    early: ClassVar[bool] = False

    def __call__(self, scene: Scene) -> Verdict:
        """Denies, and no other target would fare better."""
        del scene
        return Verdict(self.name, allowed=False, reason=f"this guard cannot be loaded: {self.error}", final=True)


def _myself() -> Myself:
    env = os.environ
    said = ("SIMIAN_POD_UID", "SIMIAN_NAMESPACE", "SIMIAN_NODE", "SIMIAN_INSTANCE")
    return Myself(*(env.get(name, "") for name in said))
