"""One agent's whole life with one fault, in one thread, on a site that it reaches only through a door."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from simian_army import wiring
from simian_army.clock import SystemClock
from simian_army.contract import FaultKind, Platform
from simian_army.model import ENDS, AuditEvent, Phase
from simian_army.plugins import found
from simian_army.undertaker.trust import Trust
from tests.cluster.waiting import pause
from tests.crash.grounds import Site, changed
from tests.doors.door import Asked, Door

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "door-key-of-32-characters-xxxxxx"
ENTRY = "strike"
LIMIT = 30.0
"""Seconds after which every run is over, whatever one call met; 9 s were the most on two busy cores."""

TIMEOUT, HUNG = 5, 2
"""Seconds for each request: enough on a machine that others keep busy, and so few where a life is to wait for them."""

CLOCK = SystemClock()


@dataclass(frozen=True)
class Kind:
    """One fault kind: where it strikes, by which requests, and which of them undo.

    ``acts`` are those of an injection, and none of them may come twice for one intent; ``back`` tells from its body a
    request of the same name that takes the fault back; ``effect`` is how the server begins to write down the act that
    matters.
    """

    name: str
    platform: str
    acts: frozenset[str]
    held: bool = True
    use: str = "chaos"
    select: str = ""
    effect: str = ""
    back: Callable[[Asked], bool] = lambda _: False

    def is_act(self, asked: Asked) -> bool:
        """Whether a request is one by which the fault is done."""
        return asked.what in self.acts and not self.back(asked)


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "node-cordon",
            "kubernetes",
            frozenset({"patch nodes"}),
            effect="PATCH ",
            back=lambda asked: b'"op":"remove"' in asked.body.replace(b" ", b""),
        ),
        Kind("pod-evict", "kubernetes", frozenset({"create pods/eviction"}), held=False),
        Kind(
            "instance-stop",
            "aws",
            frozenset({"CreateTags", "StopInstances"}),
            select="select: {names: [host-0]}, ",
            effect="StopInstances",
        ),
        Kind("instance-terminate", "aws", frozenset({"TerminateInstanceInAutoScalingGroup"}), held=False),
        Kind("proxy-latency", "toxiproxy", frozenset({"POST /proxies/*/toxics"}), use="latency", effect="POST "),
    )
}


@dataclass(frozen=True)
class Run:
    """What one life left: ``events`` are the ledger's, ``acts`` the requests of the injection that came to the door,
    ``done`` those to targets that the server carried out, ``early`` those acts that came before there was an intent,
    ``met`` whether trouble was, ``stood`` whether the fault did for a moment."""

    events: Sequence[AuditEvent]
    acts: Sequence[str]
    done: Sequence[str]
    early: Sequence[str]
    broken: Sequence[str]
    took: float
    open: int
    met: bool
    stood: bool

    def told(self) -> str:
        """What the ledger says, for whoever reads why a test failed."""
        lines = [f"{event.phase} {event.target} {str(event.data)[-400:]}" for event in self.events]
        return "\n".join([*lines, f"acts {self.acts}", f"done {self.done}"])

    @property
    def phases(self) -> list[Phase]:
        return [event.phase for event in self.events if event.target]

    @property
    def ends(self) -> list[Phase]:
        """How intents ended; who was drawn and refused without one is none."""
        begun = {(e.run, e.target) for e in self.events if e.phase is Phase.INTENDED}
        return [e.phase for e in self.events if e.phase in ENDS and (e.run, e.target) in begun]


@dataclass
class Stage:
    """A site behind a door, in a folder with config and records. ``settle`` waits until the world stands still;
    ``sound`` says that the last test on it came to its end."""

    site: Site
    door: Door
    kind: Kind
    folder: Path
    said: str
    settle: Callable[[], object] = lambda: None
    step: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)
    sound: bool = True

    @property
    def config(self) -> Path:
        return self.folder / "simian.yaml"

    def write(self, ledger: Path, timeout: int = TIMEOUT) -> None:
        """The config: one fault, and seconds for each request."""
        kind = self.kind
        select = kind.select or (self.site.select if kind.name == "node-cordon" else "")
        told = "" if kind.use == "latency" else f", with: {{fault: {kind.name}}}"
        hold = "hold: 1h, " if kind.held else ""
        self.config.write_text(
            f"fleet: door\nkey: {KEY}\nseed: fixed\nleashed: false\nledger: sqlite:///{ledger}\n"
            f"platforms:\n  {self.said.replace('{', f'{{timeout: {timeout}s, ', 1)}\n"
            "safety: {budget: {max_percent: 100, cooldown: 0s}}\nmonkeys:\n"
            f"  - {{name: {ENTRY}, use: {kind.use}, on: {kind.platform}, schedule: {{every: 2h}}, {select}{hold}"
            f"leashed: false{told}}}\n"
        )

    @contextmanager
    def undertaker(self) -> Iterator[None]:
        """One at work in a thread of ours, for every agent that lives in this folder."""
        with wiring.undertake(wiring.read_config(self.config), until_idle=False) as made:
            thread = threading.Thread(target=made.run, name="undertaker", daemon=True)
            thread.start()
            try:
                yield
            finally:
                made.stopping.set()
                thread.join()

    def view(self) -> dict[str, dict[str, Any]]:
        """The fields the kind restores and its marks, of every object, as the server says."""
        make: Any = found("fault")[self.kind.name].make
        return self.site.views(make.restores)

    def live(self, ledger: Path, timeout: int = TIMEOUT) -> Run:
        """Strike, look once, be told to end it, and end it."""
        self.write(ledger, timeout)
        self.door.forget()
        self.steps.clear()
        early: list[str] = []
        self.door.seen = lambda asked: self._seen(asked, ledger, early)
        before = len(self.site.acts() or ())
        begun = CLOCK.monotonic()
        with self.house() as house:
            self._act(house, begun)
            took = CLOCK.monotonic() - begun
            met = self.door.met
            self.door.open()
            records = list(cast(Trust, house.keeper.trustee).records.all())
            events = list(house.books.ledger.query())
            broken = [*house.books.ledger.verify(), *(f"record {kept.name}" for kept in records)]
            left = len(house.books.ledger.open_faults()) + len(house.keeper.open())
        acts = [asked.what for asked in self.door.asked if self.kind.is_act(asked)]
        done = (self.site.acts() or [])[before:]
        stood = any(act.startswith(self.kind.effect) for act in done)
        return Run(events, acts, done, early, broken, took, left, met, stood)

    def again(self) -> tuple[int, int, list[str]]:
        """What the next start takes up, how many rows it writes, and what bears a mark then."""
        with self.house() as house:
            count = house.books.ledger.last_seq()
            taken = house.recovery.recover()
            marked = [str(target) for platform in house.platforms.values() for target, _ in platform.marked()]
            return taken, house.books.ledger.last_seq() - count, marked

    @contextmanager
    def house(self) -> Iterator[wiring.House]:
        with (
            wiring.books(wiring.read_config(self.config)) as books,
            wiring.house(books, wake=lambda: None) as house,
        ):
            books.lease.take()
            yield house

    def changes(self, before: dict[str, dict[str, Any]]) -> dict[str, frozenset[str]]:
        """Object to the fields that differ now."""
        return changed(before, self.view())

    def _act(self, house: wiring.House, begun: float) -> None:
        stepping = _stepping(house, self)
        stepping.engine.fire(stepping.entries[ENTRY], AT)
        self.settle()
        self.step = "look"
        house.keeper.tick()
        self.step = "revert"
        house.keeper.end("", "the test ends it")
        while house.keeper.open() and CLOCK.monotonic() - begun < LIMIT:
            house.keeper.tick()
            pause(0.02)
        self.step = ""

    def _seen(self, asked: Asked, ledger: Path, early: list[str]) -> None:
        self.steps.append((self.step, asked.what))
        if self.kind.is_act(asked) and _intended(ledger) < self._tried(asked.what):
            early.append(asked.what)

    def _tried(self, what: str) -> int:
        return sum(one.what == what and self.kind.is_act(one) for one in self.door.asked)


def _intended(ledger: Path) -> int:
    """How many intents are durable, asked as a stranger would."""
    line = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    try:
        return int(line.execute("select count(*) from events where phase = 'intended'").fetchone()[0])
    finally:
        line.close()


class _Shell:
    """The real one; the stage knows which step of the flow is at work."""

    def __init__(self, real: Any, stage: Stage, names: dict[str, str]) -> None:
        self._real, self._stage, self._names = real, stage, names

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if name not in self._names:
            return real

        def call(*args: Any, **more: Any) -> Any:
            self._stage.step = "reach" if name == "find" and self._stage.step == "read" else self._names[name]
            return real(*args, **more)

        return call


def _stepping(house: wiring.House, stage: Stage) -> wiring.House:
    acts = {"prepare": "prepare", "inject": "inject", "observe": "observe"}
    reads = {"find": "find", "read": "read", "identity": "identity"}
    kinds = {name: cast(FaultKind, _Shell(kind, stage, acts)) for name, kind in house.kinds.items()}
    engine = replace(house.engine, judge=replace(house.engine.judge, kinds=kinds))
    entries = {
        name: replace(entry, platform=cast(Platform, _Shell(entry.platform, stage, reads)))
        for name, entry in house.entries.items()
    }
    return replace(house, engine=engine, entries=entries)
