"""How an agent is watched: its metrics and health on a port of its own, and the notices that it sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simian_army.clock import Clock, SystemClock
from simian_army.errors import ConfigError, Mistake, PluginError
from simian_army.model import AuditEvent
from simian_army.notice import Checked, Notice, Notifier
from simian_army.plugins import found
from simian_army.wiring.hearing import Once, Told, hear_all

if TYPE_CHECKING:  # loaded when an agent runs: other commands need neither metrics nor notices
    from config.load import Loaded
    from simian_army.agent import Agent, Clockwork
    from simian_army.notices.telling import Telling
    from simian_army.observe.metrics import Metrics
    from simian_army.observe.pulse import Pulse
    from simian_army.observe.server import Server
    from simian_army.wiring.house import House


@dataclass(slots=True)
class Watch:
    """Hears events, before there is an agent and while there is one."""

    loaded: Loaded
    log: Told
    clock: Clock
    metrics: Metrics
    telling: Telling
    mask: Callable[[str], str]
    url: str = ""
    _once: Once = field(init=False)

    def __post_init__(self) -> None:
        self._once = Once((self.metrics.hear, self.telling.hear))

    def hear(self, event: AuditEvent) -> None:
        """What the ledger's listener is: log it, count it, and have people told."""
        hear_all(event, (self.log, self._once.hear))

    @contextmanager
    def over(self, house: House, agent: Agent) -> Iterator[None]:
        """Answer whoever asks how this agent is, while it runs; to be entered before it does.

        Raises:
            ConfigError: config names an address that cannot be had.
        """
        from simian_army.observe.pulse import Pulse
        from simian_army.observe.reader import Reader

        lease, halts = house.books.lease, house.engine.judge.halts
        agent.clockwork = plan = Plan(agent.clockwork)
        reader = Reader(
            house.books.ledger,
            self.clock,
            learn=self.metrics.tally.learn,
            overhear=self._once.hear,
            leads=lambda: lease.left() > 0,
        )
        pulse = self.metrics.pulse = Pulse(
            lease=lease.left,
            heartbeat=plan.age,
            halted=lambda: halts.known().halt is not None,
            fires=plan.fires,
            lease_trouble=lambda: self.mask(lease.trouble),
            ledger_trouble=lambda: self.mask(reader.trouble()),
        )
        with ExitStack() as closing:
            server = self._server(pulse)
            if server:
                closing.callback(server.close)
                server.start()
                self.url = server.url
            closing.callback(reader.close)
            reader.start()
            yield

    def _server(self, pulse: Pulse) -> Server | None:
        from simian_army.observe.health import alive, ready
        from simian_army.observe.server import Routes, Server

        said = self.loaded.settings.observe
        if said.at is None:
            return None
        routes: Routes = {
            "/metrics": self.metrics.reply,
            "/healthz": partial(alive, pulse),
            "/readyz": partial(ready, pulse),
        }
        try:
            return Server(said.at, routes, self.clock, said.token.get_secret_value())
        except OSError as error:
            why = f"cannot listen on {said.listen}: {error.strerror or error}"
            if "listen" in said.model_fields_set:
                hint = 'name another, or write listen: "" for none'
                raise ConfigError([self.loaded.mistake("observe.listen", why, hint)]) from error
            _say("no metrics", why=f"{why}; observe.listen may name another")
            return None


@dataclass(slots=True)
class Plan:
    """Makes the agent's clockwork, and tells of the one at work, if any."""

    make: Callable[[Agent], Clockwork]
    _made: Any = None
    _works: bool = False

    def __call__(self, agent: Agent) -> Clockwork:
        """The clockwork, which is watched from its start to its stop."""
        self._made = self.make(agent)
        return self

    def start(self) -> None:
        """Begin to fire."""
        self._made.start()
        self._works = True

    def stop(self) -> None:
        """Fire no more."""
        self._works = False
        self._made.stop()

    def age(self) -> float | None:
        """Seconds since its last heartbeat; None while none is at work."""
        return float(self._made.age()) if self._works else None

    def fires(self) -> Mapping[str, datetime]:
        """When each entry fires next."""
        times: Mapping[str, datetime] = self._made.next_times() if self._works else {}
        return times


@contextmanager
def watch(loaded: Loaded, log: Told, clock: Clock | None = None) -> Iterator[Watch]:
    """Begin to count and to send notices; at the end what waits is sent, for some seconds.

    Raises:
        ConfigError: a notifier cannot send with what config gives it.
    """
    from simian_army.notices.masking import masking
    from simian_army.notices.telling import Telling
    from simian_army.observe.metrics import Metrics

    settings, clock = loaded.settings, clock or SystemClock()
    metrics = Metrics(settings.fleet, version("simian-army"))
    password = urlsplit(settings.ledger.get_secret_value()).password or ""
    secrets = [settings.key.get_secret_value(), settings.observe.token.get_secret_value(), password]
    mask = masking(secrets, [said.with_ for said in settings.notices])
    telling = Telling(settings.fleet, _lines(loaded, metrics.count_notice, clock))
    telling.start()
    try:
        yield Watch(loaded, log, clock, metrics, telling, mask)
    finally:
        telling.close()


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for a notifier that cannot be loaded: each notice fails, loudly, and the agent runs on."""

    name: str
    error: str

    def send(self, notice: Notice) -> None:
        """Fails."""
        raise PluginError(
            f"the notifier {self.name} cannot be loaded, so nobody hears of {notice.title!r}: {self.error}"
        )


def _lines(loaded: Loaded, count: Callable[[str], None], clock: Clock) -> list[Any]:
    from simian_army.notices.channel import Channel
    from simian_army.notices.masking import masking
    from simian_army.notices.telling import Line

    lines, mistakes = [], list[Mistake]()
    for number, said in enumerate(loaded.settings.notices):
        notifier = _notifier(said.use, said.with_)
        for key, message, hint in notifier.wrong() if isinstance(notifier, Checked) else ():
            mistakes.append(loaded.mistake(f"notices[{number}].with.{key}", message, hint))
        mask, timeout = masking(said.with_), said.timeout.total_seconds()
        lines.append(Line(Channel(said.use, notifier, clock, count, mask, timeout), frozenset(said.on)))
    if mistakes:
        raise ConfigError(mistakes)
    return lines


def _notifier(name: str, arguments: Mapping[str, Any]) -> Notifier:
    plugin = found("notifier").get(name)
    if plugin is not None and plugin.make is not None:
        made: Notifier = plugin.make(**arguments)
        return made
    error = plugin.error if plugin else "it is not installed"
    _say("nobody is told", notifier=name, why=error)
    return Missing(name, error)


def _say(what: str, **words: str) -> None:
    import structlog

    structlog.get_logger().warning(what, **words)
