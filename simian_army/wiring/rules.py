"""Whether: every guard of the house, as config sets them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from safety.behind import Behind
from safety.consent import Also
from safety.controlled import Controlled
from safety.halt import Halted
from safety.identity import KnownPlace
from safety.irreversible import Irreversible, Nature
from safety.line import Line
from safety.looking import LookBothWays
from safety.min_age import MinAge
from safety.myself import Myself
from safety.opt_in import OptIn
from safety.protected import Protected
from safety.quorum import Quorum
from safety.segment import Segments, Zones
from safety.shared import Shared
from safety.skew import Skew
from safety.spared import Spared
from safety.stuck import Stuck
from simian_army.contract import FaultKind, Guard
from simian_army.model import Evidence, Scene, Verdict
from simian_army.plugins import found
from simian_army.standing import anew, stops
from simian_army.strangers import Stranger
from simian_army.wiring.exposure import segments
from simian_army.wiring.leading import own_namespace
from simian_army.wiring.limiting import budget
from simian_army.wiring.quieting import blackout
from simian_army.wiring.selecting import selected

if TYPE_CHECKING:
    from config.consenting import OptIn as OptInSaid
    from config.quorum import Quorum as QuorumSaid
    from config.safety import Plug
    from config.schema import Settings
    from simian_army.wiring.books import Books
    from simian_army.wiring.house import House


LIMITS = ("budget", "stuck", "line", "skew", "halt", "quorum")
"""The guards that are asked again inside the ledger's transaction: they see what it says, and ask nobody outside."""

HELD = ("opt-in", "shared", "halt", "blackout", "look")
"""The guards that are asked again and again while a fault is held; the first no ends it."""


def guards(at: Books, kinds: Mapping[str, FaultKind], look: LookBothWays, behind: Behind | None = None) -> list[Guard]:
    """The built-in guards in the order they are shown, then config's; one that cannot be loaded denies."""
    settings = at.loaded.settings
    safety = settings.safety
    natures = {name: Nature(kind.reversible, kind.replaces, anew(kind)) for name, kind in kinds.items()}
    parts, others = segments(settings), also(safety.opt_in)
    own: list[Guard] = [
        OptIn(by_name(settings), others),
        Protected(safety.protected),
        MinAge(safety.min_age),
        *selected(settings),
        _myself(),
        Controlled(),
        Irreversible(natures, frozenset(safety.allow_irreversible)),
        blackout(at.loaded, at.clock),
        budget(settings),
        Shared(safety.protected, others),
        KnownPlace(known(settings), servers(settings), regions(settings)),
        Skew(),
        behind or Behind(),
        Stuck(safety.max_stuck),
        Halted(),
        _quorum(safety.quorum, kinds),
        look,
        Line(),
        Segments(parts),
        Zones(parts),
    ]
    return own + [_plugged(plug) for plug in safety.guards]


def while_held(guard: Guard) -> Guard:
    """The guard as it is asked while a fault is held: one that looks around then waits for nobody."""
    return guard.while_held() if isinstance(guard, LookBothWays) else guard


def known(settings: Settings) -> dict[str, frozenset[str]]:
    """Where config says it may strike: cluster uid, accounts, endpoints."""
    said = settings.platforms
    return {
        "kubernetes": frozenset({said.kubernetes.cluster_uid} - {""} if said.kubernetes else ()),
        "aws": frozenset(said.aws.accounts if said.aws else ()),
        "toxiproxy": frozenset(said.toxiproxy.endpoints if said.toxiproxy else ()),
    }


def servers(settings: Settings) -> dict[str, str]:
    """At which URL config says that the API of a platform is."""
    said = settings.platforms.kubernetes
    return {"kubernetes": said.server} if said and said.server else {}


def regions(settings: Settings) -> dict[str, frozenset[str]]:
    """In which regions config says that the targets of a platform stand."""
    said = settings.platforms.aws
    return {"aws": frozenset(said.regions)} if said else {}


def by_name(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Where the config, and no label, says who opted in: platform to name patterns."""
    said = settings.platforms.toxiproxy
    return {"toxiproxy": said.opt_in} if said else {}


def strangers(house: House) -> Iterator[Evidence]:
    """Whether each guard of a third party that config asks for can be used."""
    for guard in house.engine.judge.guards:
        if isinstance(guard, Missing):
            fix = "until then it denies everything: mend it, or take it out of safety.guards"
            yield Evidence(holds=False, detail=f"guard {guard.name}: cannot be loaded: {guard.error}; {fix}")
        if isinstance(guard, Stranger):
            yield Evidence(holds=True, detail=f"guard {guard.name}: can be loaded")


def also(said: OptInSaid) -> tuple[Also, ...]:
    """The keys of others that config takes for consent."""
    return tuple(Also(one.key, one.value, one.faults, bool(one.annotation)) for one in said.also)


def _plugged(plug: Plug) -> Guard:
    plugin = found("guard").get(plug.use)
    if plugin is None or plugin.make is None:
        return Missing(plug.use, plugin.error if plugin else "it is not installed")
    try:
        return Stranger(plug.use, partial(plugin.make, **plug.with_))
    except Exception as error:  # noqa: BLE001 - the plug-in border: what is held must still be reverted
        return Missing(plug.use, f"{type(error).__name__}: {error}")


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


def _quorum(said: QuorumSaid, kinds: Mapping[str, FaultKind]) -> Quorum:
    stopped = {name: stops(kind) for name, kind in kinds.items()}
    spared = Spared.of(said.spare.labels, ordinal_zero=said.spare.ordinal_zero)
    by = {name: kind.stops_by for name, kind in kinds.items() if hasattr(kind, "stops_by")}
    return Quorum(stopped, said.keep, said.spare_lone, said.whole, spared, by)


def _myself() -> Myself:
    uid, node, instance = (os.environ.get(f"SIMIAN_{name}", "") for name in ("POD_UID", "NODE", "INSTANCE"))
    return Myself(uid, own_namespace(), node, instance)
