"""The house, wired: what commands that ask a platform work in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from simian_army.contract import Entry, FaultKind, Platform
from simian_army.errors import ConfigError, Mistake, UsageError
from simian_army.extras import Surveys
from simian_army.model import Fault, Health, Mark, Run, Target
from simian_army.plugins import found, suggest
from simian_army.records import Held
from simian_army.wiring.gamedays import stepped, struck_by_hand
from simian_army.wiring.halting import Watchers, halts_of
from simian_army.wiring.looking import looking_of
from simian_army.wiring.places import Places, connect, wish
from simian_army.wiring.undertaking import trust

if TYPE_CHECKING:  # these bring SDKs, which commands that do not need them must not wait for
    from scheduler.calendar import Schedule
    from simian_army.agent import Agent, Clockwork
    from simian_army.engine import Engine
    from simian_army.forcing import Forcing
    from simian_army.judge import Judge
    from simian_army.keeper import Keeper
    from simian_army.pending import Pending
    from simian_army.recovery import Recovery
    from simian_army.wiring.books import Books
    from simian_army.wiring.undertaking import Wake


PLACES = {
    "kubernetes": ("cluster_uid", "cluster", "cluster_uid: {}"),
    "aws": ("accounts", "account", 'accounts: ["{}"]'),
    "toxiproxy": ("endpoints", "server", 'endpoints: ["{}"]'),
}
"""How config names where each platform really is: its key, a word for it, and what to write."""


@dataclass(frozen=True, slots=True)
class House:
    """Everything, wired."""

    books: Books
    platforms: Mapping[str, Platform]
    kinds: Mapping[str, FaultKind]
    entries: Mapping[str, Entry]
    plan: Mapping[str, Schedule]
    engine: Engine
    keeper: Keeper
    recovery: Recovery
    forcing: Forcing
    zone: ZoneInfo
    worlds: Mapping[str, object] = field(default_factory=dict)

    def upcoming(self, name: str, after: datetime) -> Iterator[datetime]:
        """The fire times of one entry."""
        from scheduler.calendar import upcoming

        return upcoming(self.plan[name], after, self.zone, f"{self.engine.seed}/{name}")

    def agent(self) -> Agent:
        """The agent that runs this house."""
        from simian_army.agent import Agent

        books = self.books
        return Agent(
            entries=self.entries,
            engine=self.engine,
            keeper=self.keeper,
            recovery=self.recovery,
            forcing=self.forcing,
            lease=books.lease,
            ledger=books.ledger,
            clock=books.clock,
            scribe=books.scribe,
            clockwork=self._clockwork,
            pending=self.pending,
            stepping=partial(stepped, self),
        )

    def pending(self, only: str = "") -> Pending:
        """Who lets what waits strike, of one run or of all: one that knows nothing yet but where to look."""
        from simian_army.pending import Pending
        from simian_army.targets.k8s import Kubernetes
        from simian_army.targets.kube.approving import Approving

        found = {name: Approving(one.wire) for name, one in self.platforms.items() if isinstance(one, Kubernetes)}
        return Pending(self.engine, self.entries, found, only)

    def _clockwork(self, agent: Agent) -> Clockwork:
        from scheduler.clockwork import Calls, Clockwork

        calls = Calls(agent.fire, agent.skip, agent.failed, lambda: None)  # the lease renews itself
        return Clockwork({name: partial(self.upcoming, name) for name in self.plan}, calls, self.books.clock)


@contextmanager
def house(at: Books, *, leashed: bool = False, wake: Wake | None = None) -> Iterator[House]:
    """Build everything on open books; ``leashed`` tightens what the config says, never loosens it.

    ``wake`` starts an undertaker when the first fault needs one; without it, a process of its own.

    Raises:
        ConfigError, PluginError: the config names what cannot be used.
    """
    with ExitStack() as closing:
        places = connect(wish(at.loaded, at.clock, at.lease.left), closing)
        trusted = trust(at, places, wake)
        closing.callback(trusted.stop)
        halts = halts_of(at, places)
        closing.callback(halts.close)
        look = looking_of(at, places)
        closing.callback(look.lookout.close)
        yield _house(at, places, Watchers(trusted, halts, look), leashed=leashed)


def entry_of(at: House, name: str) -> Entry:
    """The entry of that name.

    Raises:
        UsageError: there is none, with the nearest.
    """
    if name in at.entries:
        return at.entries[name]
    near = suggest(name, at.entries)
    raise UsageError(f"config has no monkey named {name}; {near + ' ' if near else ''}it has {', '.join(at.entries)}")


def target_of(entry: Entry, name: str) -> str:
    """The id of the target that people call ``name``.

    Raises:
        UsageError: the entry's selector finds none, or several.
    """
    from simian_army.whom import named

    return named(name, entry.find()).id


def must_know_the_place(at: House) -> None:
    """Unleashed on a real platform, its identity must stand in config (DESIGN rule 14).

    Raises:
        ConfigError: it does not; PlatformError: it could not be asked.
    """
    if at.engine.judge.leashed:
        return
    wrong = [mistake for name in at.platforms if (mistake := _strange(at, name))]
    if wrong:
        raise ConfigError(wrong)


def _strange(at: House, name: str) -> Mistake | None:
    from simian_army.wiring.rules import known

    said = known(at.books.loaded.settings)[name]
    strangers = [here.id for here in at.platforms[name].identities() if not here.embedded and here.id not in said]
    if not strangers:
        return None
    key, what, fix = PLACES[name]
    here, told = ", ".join(strangers), ", ".join(sorted(said)) or "nothing"
    message = f"this {what} is {here}, the config says {told}: unleashed, both must be the same"
    where = f"platforms.{name}.{key}"
    return at.books.loaded.mistake(where, message, f"write {fix.format(here)} if that is the one you mean")


def _house(at: Books, places: Places, watchers: Watchers, *, leashed: bool) -> House:
    from simian_army import marks
    from simian_army.engine import Engine
    from simian_army.flights import Flights
    from simian_army.forcing import Forcing
    from simian_army.judge import Judge
    from simian_army.keeper import Keeper
    from simian_army.wiring.entries import entry, schedule
    from simian_army.wiring.exposure import exposing
    from simian_army.wiring.fronting import behind_of
    from simian_army.wiring.limiting import dues
    from simian_army.wiring.pacing import must_keep_pace, pacing
    from simian_army.wiring.recovering import Ground, recovery
    from simian_army.wiring.rules import HELD, LIMITS, guards, while_held
    from simian_army.wiring.selecting import must_stand

    settings, ledger, clock, scribe = at.loaded.settings, at.ledger, at.clock, at.scribe
    trust, halts, look = watchers
    kinds = kinds_of(places.platforms)
    entries = {said.name: entry(said, kinds, places.platforms) for said in settings.monkeys}
    must_stand(at.loaded, entries)
    seed = settings.seed or _seed(at.key, settings.fleet)
    plan = {said.name: schedule(said.schedule) for said in settings.monkeys}
    paces = pacing(settings, plan, seed)
    must_keep_pace(at.loaded, entries, paces)
    asked = guards(at, kinds, look, behind_of(at, places))
    by_name = {guard.name: guard for guard in reversed(asked)}  # ours come first: nobody takes their names
    judge = Judge(
        fleet=settings.fleet,
        kinds=kinds,
        guards=asked,
        limits=tuple(by_name[name] for name in LIMITS),
        consents=tuple(while_held(by_name[name]) for name in HELD),
        ledger=ledger,
        halts=halts,
        clock=clock,
        leashed=leashed or settings.leashed,
    )

    def sign(run: Run, fault: Fault, deadline: datetime) -> Mark:
        return marks.sign(at.key, settings.fleet, run.id, fault, deadline)

    objection, health = _objection(judge, entries, places.platforms), _health(places.platforms)
    limit, stand = settings.safety.recovery_limit, _stand(places.platforms)
    keeper = Keeper(kinds, ledger, scribe, clock, objection, health, trust, halts, at.spool, limit, stand)
    engine = Engine(
        fleet=settings.fleet,
        seed=seed,
        judge=judge,
        ledger=ledger,
        keeper=keeper,
        lease=at.lease,
        clock=clock,
        scribe=scribe,
        sign=sign,
        flights=Flights(),
        dues=dues(settings, ledger),
        exposing=exposing(settings, ledger),
        timeout=settings.platforms.timeout,
        pacing=paces,
    )
    return House(
        books=at,
        platforms=places.platforms,
        kinds=kinds,
        entries=entries,
        plan=plan,
        engine=engine,
        keeper=keeper,
        recovery=recovery(at, engine, Ground(places.platforms, kinds, trust.records)),
        forcing=Forcing(kinds, places.platforms, ledger, keeper, scribe),
        zone=ZoneInfo(settings.timezone),
        worlds=places.worlds,
    )


def kinds_of(platforms: Mapping[str, Platform]) -> dict[str, FaultKind]:
    """Every fault that can be loaded and whose platform is there."""
    kinds: dict[str, FaultKind] = {}
    for name, plugin in found("fault").items():
        platform = platforms.get(getattr(plugin.make, "platform", ""))
        if plugin.make and platform:
            kinds[name] = plugin.make(platform)
    return kinds


def _seed(key: bytes, fleet: str) -> str:
    """The seed when config gives none: as random as the key made at first start, and kept as long."""
    return hmac.new(key, f"seed {fleet}".encode(), hashlib.sha256).hexdigest()[:16]


def _objection(judge: Judge, entries: Mapping[str, Entry], platforms: Mapping[str, Platform]) -> Callable[[Held], str]:
    def objection(held: Held) -> str:
        name = held.run.entry
        entry = entries.get(name) or struck_by_hand(judge.kinds, platforms, name, held.fault)
        return judge.objection(entry, held.fault) if entry else f"config has no monkey {name} any more"

    return objection


def _health(platforms: Mapping[str, Platform]) -> Callable[[Target], Health]:
    def health(target: Target) -> Health:
        return platforms[target.platform].health(target)

    return health


def _stand(platforms: Mapping[str, Platform]) -> Callable[[str, Sequence[str]], Mapping[str, Health]]:
    def stand(platform: str, groups: Sequence[str]) -> Mapping[str, Health]:
        """The groups of that platform, of which nothing is known but their names."""
        place, bare = platforms[platform], [_member(platform, name) for name in groups]
        if isinstance(place, Surveys):
            return place.survey(bare, floors=False)
        return {one.group: place.health(one) for one in bare}

    return stand


def _member(platform: str, group: str) -> Target:
    return Target(platform, "", "", group, group.partition("/")[0], group, None, {})
