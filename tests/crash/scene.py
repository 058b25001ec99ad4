"""One agent's life and death on a site, the undertaker beside it, and the next start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.contract import FaultKind
from simian_army.model import AuditEvent, Phase
from simian_army.undertaker.store import Kept
from simian_army.undertaker.trust import Trust
from tests.cluster.waiting import pause, until
from tests.crash.dying import AT, nobody
from tests.crash.grounds import Site, changed
from tests.crash.nursery import HOME, Nursery
from tests.crash.points import Case

KEY = "crash-key-of-32-characters-xxxxx"
ENTRY = "strike"
LATER = AT + timedelta(hours=2)
SECONDS = 60


@dataclass(frozen=True)
class Told:
    """What the next start found and said: ``taken`` is how many faults it took up, ``held_on`` what was changed once
    all that was cut short had ended, ``events`` those of the target in the ledger, ``again`` and ``later`` why the same
    firing and a later one struck nothing."""

    taken: int
    held_on: Mapping[str, frozenset[str]]
    events: Sequence[AuditEvent]
    again: str
    later: str

    @property
    def phases(self) -> list[str]:
        return [str(event.phase) for event in self.events]

    @property
    def ends(self) -> list[str]:
        ends = (Phase.REVERTED, Phase.UNKNOWN, Phase.CLOSED, Phase.FAILED, Phase.DENIED)
        return [str(event.phase) for event in self.events if event.phase in ends]


@dataclass(frozen=True)
class Scene:
    """A site, the fault kind that strikes there, the folder of its config, ledger and records, and where its agents
    come from."""

    site: Site
    case: Case
    kind: type[FaultKind]
    folder: Path
    nursery: Nursery

    @property
    def config(self) -> Path:
        return self.folder / "simian.yaml"

    def write(self, hold: str = "1h", many: int = 1) -> None:
        """The config: ``many`` faults in one firing, and no more a day."""
        case, site = self.case, self.site
        rooms = f"concurrent: {many}, per_group: {many}, per_day: {many}"
        select = site.select if str(self.kind.strikes) == "node" else ""
        fault = "" if case.use == "latency" else f"fault: {case.kind}, params: {json.dumps(case.params)}, "
        held = f"hold: {hold}, " if case.fields else ""
        self.config.write_text(
            f"fleet: crash\nkey: {KEY}\nseed: fixed\nleashed: false\n{site.more}platforms:\n  {site.said}\n"
            f"safety: {{budget: {{{rooms}, max_percent: 100, cooldown: 0s}}}}\nmonkeys:\n"
            f"  - {{name: {ENTRY}, use: {case.use}, on: {case.platform}, schedule: {{every: 2h}}, {select}{held}"
            f"leashed: false, with: {{{fault}mode: {{fixed: {many}}}}}}}\n"
        )

    def view(self) -> dict[str, dict[str, Any]]:
        """The fields the kind restores and its marks, of every object, as the server says."""
        restores: tuple[str, ...] = self.kind.restores  # type: ignore[assignment]  # of the class itself
        return self.site.views(str(self.kind.strikes), restores)

    def changes(self, before: Mapping[str, Any]) -> dict[str, frozenset[str]]:
        """Object to the fields that differ now."""
        return changed(before, self.view())

    def kill(self, point: str, *more: str) -> None:
        """Let an agent strike and die at ``point``; returns when whatever it sent has landed."""
        said = self.folder / "agent.out"
        ended = self.nursery.bear([str(self.config), ENTRY, point, *more], said)
        assert ended == -signal.SIGKILL, said.read_text()[-3000:]
        if point.endswith("-sent"):
            pause(0.4)

    @contextmanager
    def undertaker(self) -> Iterator[None]:
        """One at work in a thread of ours, which outlives the agent."""
        with wiring.undertake(wiring.read_config(self.config), until_idle=False) as made:
            thread = threading.Thread(target=made.run, name="undertaker", daemon=True)
            thread.start()
            try:
                yield
            finally:
                made.stopping.set()
                thread.join()

    @contextmanager
    def alone(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """An undertaker in a process of its own, started by ``words``; it is at work."""
        said = self.folder / "undertaker.out"
        with said.open("ab") as out:
            child = subprocess.Popen([sys.executable, "-m", *words], cwd=HOME, stdout=out, stderr=out, env=os.environ)
        try:
            until("the undertaker to be at work", lambda: "undertaker of" in said.read_text(), SECONDS, 0.05)
            yield child
        finally:
            child.terminate()
            child.wait(SECONDS)

    @contextmanager
    def house(self) -> Iterator[wiring.House]:
        with wiring.books(wiring.read_config(self.config)) as books, wiring.house(books, wake=nobody) as house:
            books.lease.take()
            yield house

    def kept(self) -> Sequence[Kept]:
        """Every record there is."""
        with self.house() as house:
            return records(house)

    def story(self) -> list[str]:
        """What the ledger tells so far, for whoever reads why a test failed."""
        with wiring.books(wiring.read_config(self.config)) as books:
            return [
                f"{event.seq} {event.phase} {str(event.data)[-300:]}" for event in books.ledger.query() if event.target
            ]

    def restart(self, before: Mapping[str, Any]) -> Told:
        """Start again: what a crash cut short ends by itself, and what is adopted is held on until the test ends it."""
        with self.house() as house:
            ledger = house.books.ledger
            house.keeper.start()
            taken = house.recovery.recover()
            assert house.recovery.recover() == 0, "a second look finds nothing"
            until("what a crash cut short to end", lambda: not _due(house), SECONDS, 0.05)
            held_on = self.changes(before)
            house.keeper.end("", "the test ends it")
            until("everything to end", lambda: not house.keeper.open(), SECONDS, 0.05)
            house.keeper.close()
            assert ledger.verify() == []
            events = [event for event in ledger.query() if event.target]
            again = house.engine.fire(house.entries[ENTRY], AT)
            assert not again.taken
            later = str(house.engine.fire(house.entries[ENTRY], LATER).summary()) if events else ""
            assert records(house) == [], "no record is left"
            return Told(taken, held_on, events, again.error, later)

    def nothing_is_left(self) -> None:
        """A third start finds nothing, writes nothing, and sees no mark."""
        acts = self.site.acts()
        assert self.site.kept() == []
        with self.house() as house:
            count = house.books.ledger.last_seq()
            assert house.recovery.recover() == 0
            assert house.books.ledger.last_seq() == count
            assert [str(target) for platform in house.platforms.values() for target, _ in platform.marked()] == []
        assert self.site.acts() == acts


def records(house: wiring.House) -> Sequence[Kept]:
    trust = house.keeper.trustee
    assert isinstance(trust, Trust)
    return list(trust.records.all())


def _due(house: wiring.House) -> bool:
    """Whether something is open that recovery did not adopt: it is being ended."""
    adopted = {(event.run, event.target) for event in house.books.ledger.query(phase=Phase.ADOPTED)}
    return any(held.key not in adopted for held in house.keeper.open())
