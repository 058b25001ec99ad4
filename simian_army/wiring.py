"""Who knows everyone: the one place where config, plug-ins, platforms, guards and ledger become a working house."""

from __future__ import annotations

import getpass
import hashlib
import hmac
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from simian_army.clock import Clock, SystemClock
from simian_army.contract import Entry, FaultKind, Guard
from simian_army.errors import ConfigError, LedgerError, UsageError
from simian_army.leader import FileLease
from simian_army.model import AuditEvent, Fault, Health, Mark, Run, Selector, Target
from simian_army.plugins import found, pick, suggest
from simian_army.records import Held, Scribe

if TYPE_CHECKING:  # these bring SDKs, which commands that do not need them must not wait for
    from config.load import Loaded
    from config.schema import MonkeyEntry
    from config.schema import Schedule as Said
    from scheduler.calendar import Schedule
    from simian_army.agent import Agent, Clockwork
    from simian_army.audit.ledger import SqlLedger
    from simian_army.embedded.kube import KubeServer
    from simian_army.engine import Engine
    from simian_army.judge import Judge
    from simian_army.keeper import Keeper
    from simian_army.recovery import Recovery
    from simian_army.targets.k8s import Kubernetes

Told = Callable[[AuditEvent], None]


@dataclass(frozen=True, slots=True)
class Books:
    """What commands need that ask no platform: config, ledger, lease and a scribe."""

    loaded: Loaded
    ledger: SqlLedger
    lease: FileLease
    scribe: Scribe
    clock: Clock


@dataclass(frozen=True, slots=True)
class House:
    """Everything, wired."""

    books: Books
    platform: Kubernetes
    kinds: Mapping[str, FaultKind]
    entries: Mapping[str, Entry]
    plan: Mapping[str, Schedule]
    engine: Engine
    keeper: Keeper
    recovery: Recovery
    zone: ZoneInfo
    world: KubeServer | None = None

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
            lease=books.lease,
            ledger=books.ledger,
            clock=books.clock,
            scribe=books.scribe,
            clockwork=self._clockwork,
        )

    def _clockwork(self, agent: Agent) -> Clockwork:
        from scheduler.clockwork import Calls, Clockwork

        calls = Calls(agent.fire, agent.skip, agent.failed, agent.lease.beat)
        return Clockwork({name: partial(self.upcoming, name) for name in self.plan}, calls, self.books.clock)


def read_config(path: Path) -> Loaded:
    """The config, checked against the plug-ins there are.

    Raises:
        ConfigError: with every mistake.
    """
    from config.load import load

    return load(path, vet)


def vet(kind: str, name: str, arguments: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What is wrong with one use of a plug-in, for config.load."""
    plugin = found(kind).get(name)
    if plugin is None:
        return [
            ("", f"there is no {kind} {name!r}", suggest(name, found(kind)) or f"there are: {', '.join(found(kind))}")
        ]
    wrong = plugin.wrong(arguments)
    if wrong or kind != "monkey" or plugin.make is None:
        return wrong
    wanted = plugin.make(**arguments).needs.faults
    return [
        (
            "fault",
            f"there is no fault {fault!r}",
            suggest(fault, found("fault")) or f"there are: {', '.join(found('fault'))}",
        )
        for fault in wanted
        if fault not in found("fault")
    ]


@contextmanager
def books(
    loaded: Loaded, *, told: Told | None = None, clock: Clock | None = None, trust: bool = True
) -> Iterator[Books]:
    """Open the ledger that the config names.

    Raises:
        LedgerError: it cannot be opened.
    """
    from simian_army.audit.ledger import SqlLedger

    settings, clock = loaded.settings, clock or SystemClock()
    url, file = _ledger(settings.ledger.get_secret_value(), loaded.file.parent)
    key = settings.key.get_secret_value().encode()
    hear = told or (lambda _event: None)
    with SqlLedger.open(url, key, told=hear, trust=trust) as ledger:
        lease = FileLease(file.with_name(file.name + ".lock"), actor(), clock)
        embedded = settings.platforms.kubernetes.embedded
        yield Books(loaded, ledger, lease, Scribe(clock, actor(), loaded.digest, embedded), clock)
        lease.give()


@contextmanager
def house(at: Books, *, leashed: bool = False) -> Iterator[House]:
    """Build everything on open books; ``leashed`` tightens what the config says, never loosens it.

    Raises:
        ConfigError, PluginError: the config names what cannot be used.
    """
    with ExitStack() as closing:
        world = _embedded(at.loaded, closing)
        platform = _kubernetes(at.loaded, world, closing)
        yield replace(_house(at, platform, leashed=leashed), world=world)


def actor() -> str:
    """Who acts, for the audit: user at host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _house(at: Books, platform: Kubernetes, *, leashed: bool) -> House:
    from simian_army import marks
    from simian_army.engine import Engine
    from simian_army.judge import Judge
    from simian_army.keeper import Keeper
    from simian_army.recovery import Recovery

    settings, ledger, clock, scribe = at.loaded.settings, at.ledger, at.clock, at.scribe
    key = settings.key.get_secret_value().encode()
    kinds: dict[str, FaultKind] = {n: pick("fault", n).make(platform) for n in found("fault") if found("fault")[n].make}  # type: ignore[misc]
    entries = {said.name: _entry(said, kinds, platform) for said in settings.monkeys}
    guards = _guards(at.loaded, kinds)
    pickd = {guard.name: guard for guard in guards}
    judge = Judge(
        fleet=settings.fleet,
        kinds=kinds,
        guards=guards,
        limits=(pickd["budget"], pickd["halt"]),
        consents=(pickd["opt-in"], pickd["shared"]),
        ledger=ledger,
        clock=clock,
        leashed=leashed or settings.leashed,
    )

    def sign(run: Run, fault: Fault, deadline: datetime) -> Mark:
        return marks.sign(key, settings.fleet, run.id, fault, deadline)

    keeper = Keeper(kinds, ledger, scribe, clock, _objection(judge, entries), _health(platform))
    recovery = Recovery(kinds, ledger, keeper, clock, scribe, sign)
    engine = Engine(
        fleet=settings.fleet,
        seed=settings.seed or _seed(key, settings.fleet),
        judge=judge,
        ledger=ledger,
        keeper=keeper,
        lease=at.lease,
        clock=clock,
        scribe=scribe,
        sign=sign,
        timeout=settings.platforms.kubernetes.timeout.total_seconds(),
    )
    plan = {said.name: _schedule(said.schedule) for said in settings.monkeys}
    return House(at, platform, kinds, entries, plan, engine, keeper, recovery, ZoneInfo(settings.timezone))


def _seed(key: bytes, fleet: str) -> str:
    """The seed when config gives none: as random as the key made at first start, and kept as long."""
    return hmac.new(key, f"seed {fleet}".encode(), hashlib.sha256).hexdigest()[:16]


def _ledger(url: str, folder: Path) -> tuple[str, Path]:
    """The URL with a relative SQLite path taken from the config's folder, and the file the lease lies beside."""
    prefix = "sqlite:///"
    if not url.startswith(prefix):
        raise LedgerError(f"ledger: this version keeps its ledger in SQLite: write {prefix}simian.db")
    file = (folder / url.removeprefix(prefix)).absolute()
    return f"{prefix}{file}", file


def _embedded(loaded: Loaded, closing: ExitStack) -> KubeServer | None:
    if not loaded.settings.platforms.kubernetes.embedded:
        return None
    from simian_army.embedded.kube import KubeServer
    from simian_army.embedded.world import demo_world

    world = closing.enter_context(KubeServer(demo_world()))
    world.settle(30)
    return world


def _kubernetes(loaded: Loaded, world: KubeServer | None, closing: ExitStack) -> Kubernetes:
    from simian_army.targets.k8s import Kubernetes
    from simian_army.targets.place import Place

    said = loaded.settings.platforms.kubernetes
    place = Place(
        context=said.context,
        url=world.url if world else "",
        embedded=said.embedded,
        namespaces=said.namespaces,
        page_size=said.page_size,
        timeout=said.timeout.total_seconds(),
        fleet=loaded.settings.fleet,
        key=loaded.settings.key.get_secret_value().encode(),
    )
    platform = Kubernetes.connect(place)
    closing.callback(platform.close)
    return platform


def _entry(said: MonkeyEntry, kinds: Mapping[str, FaultKind], platform: Kubernetes) -> Entry:
    make = pick("monkey", said.use).make
    assert make is not None  # noqa: S101 - pick raises otherwise
    monkey = make(**said.with_)
    needs = monkey.needs
    kind = kinds[needs.faults[0]].strikes if needs.faults else needs.kinds[0]
    selector = Selector(kind, said.select.namespaces, said.select.labels, facts=needs.facts)
    return Entry(said.name, said.use, monkey, platform, selector, said.hold, said.leashed)


def _schedule(said: Said) -> Schedule:
    from scheduler.calendar import Every, Mtbf, Times

    if said.cron is not None:
        return Times(said.cron, said.between, said.jitter)
    if said.mtbf is not None and said.between is not None:
        return Mtbf(said.mtbf, said.between, said.jitter)
    assert said.every is not None  # noqa: S101 - the schema asks for exactly one
    return Every(said.every, said.between, said.jitter)


def _guards(loaded: Loaded, kinds: Mapping[str, FaultKind]) -> list[Guard]:
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

    settings = loaded.settings
    safety, limits = settings.safety, settings.safety.budget
    env = os.environ
    known = frozenset({settings.platforms.kubernetes.cluster_uid} - {""})
    natures = {name: Nature(kind.reversible, kind.replaces) for name, kind in kinds.items()}
    windows = [quiet.window() for quiet in safety.blackouts]
    own: list[Guard] = [
        OptIn(),
        Protected(safety.protected),
        MinAge(safety.min_age),
        Myself(env.get("SIMIAN_POD_UID", ""), env.get("SIMIAN_NAMESPACE", ""), env.get("SIMIAN_NODE", "")),
        Controlled(),
        Blackout(tuple(windows), ZoneInfo(settings.timezone)),
        Budget(limits.concurrent, limits.per_day, limits.per_group, limits.max_percent, limits.cooldown),
        Irreversible(natures, frozenset(safety.allow_irreversible)),
        Shared(),
        KnownPlace({"kubernetes": known}),
        Halted(),
    ]
    return own + [pick("guard", plug.use).make(**plug.with_) for plug in safety.guards]  # type: ignore[misc]


def _objection(judge: Judge, entries: Mapping[str, Entry]) -> Callable[[Held], str]:
    def objection(held: Held) -> str:
        entry = entries.get(held.run.entry)
        return judge.objection(entry, held.fault) if entry else ""

    return objection


def _health(platform: Kubernetes) -> Callable[[Target], Health]:
    return platform.health


def entry_of(at: House, name: str) -> Entry:
    """The entry of that name.

    Raises:
        UsageError: there is none, with the nearest.
    """
    if name in at.entries:
        return at.entries[name]
    raise UsageError(
        f"config has no monkey named {name}; {suggest(name, at.entries) or 'it has'} {', '.join(at.entries)}"
    )


def target_of(at: House, entry: Entry, name: str) -> str:
    """The id of the target that people call ``name``.

    Raises:
        UsageError: the entry's selector finds none, or several.
    """
    from simian_army.explain import named

    del at
    return named(name, entry.platform.find(entry.selector)).id


def about(event: AuditEvent, entry: str) -> AuditEvent:
    """The event as one of an entry."""
    return replace(event, entry=entry)


def must_know_the_place(at: House) -> None:
    """Unleashed on a real platform, its identity must stand in config (DESIGN rule 14).

    Raises:
        ConfigError: it does not; PlatformError: it could not be asked.
    """
    said = at.books.loaded.settings.platforms.kubernetes
    if said.embedded or at.engine.judge.leashed:
        return
    here = at.platform.identity().id
    if said.cluster_uid == here:
        return
    path = "platforms.kubernetes.cluster_uid"
    message = (
        f"this cluster is {here}, the config says {said.cluster_uid or 'nothing'}: unleashed, both must be the same"
    )
    raise ConfigError(
        [at.books.loaded.mistake(path, message, f"write cluster_uid: {here} if that is the one you mean")]
    )
