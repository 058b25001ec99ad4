"""Who ends what an agent cannot: records and trust for the agent, and the undertaker's own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from simian_army.clock import Clock, SystemClock
from simian_army.errors import UsageError
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.service import Undertaker
from simian_army.undertaker.trust import Trust
from simian_army.wiring.places import WORLD, Places, connect, wish

if TYPE_CHECKING:
    from config.load import Loaded
    from simian_army.wiring.books import Books

FOLDER = "simian.records"
"""Beside the config: what a fault needs to be ended, one file a fault."""


def folder_of(loaded: Loaded) -> Folder:
    """Where the records of that config's fleet are."""
    return Folder((loaded.file.parent / FOLDER).absolute())


Wake: TypeAlias = Callable[[], None]


def trust(at: Books, places: Places, wake: Wake | None = None) -> Trust:
    """The agent's side; an undertaker is started, by ``wake``, as soon as the first fault needs one."""
    world = {name: str(getattr(server, "url", "")) for name, server in places.worlds.items()}
    return Trust(at.key, folder_of(at.loaded), at.clock, wake or Starter(at.loaded.file.absolute(), world))


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts an undertaker in a session of its own: what ends us, Ctrl-C or a closed terminal, does not end it."""

    config: Path
    world: dict[str, str]

    def __call__(self) -> None:
        """Start it; one that finds another at work ends at once."""
        log = self.config.parent / FOLDER / "undertaker.log"
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        words = [sys.executable, "-m", "simian_army", "undertaker", "-c", str(self.config), "--until-idle"]
        env = {**os.environ, **({WORLD: json.dumps(self.world)} if self.world else {})}
        with log.open("ab") as out:
            subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd="/", start_new_session=True
            )


@contextmanager
def undertake(loaded: Loaded, *, until_idle: bool, clock: Clock | None = None) -> Iterator[Undertaker]:
    """The undertaker of that config's fleet, its platforms connected when it runs.

    Raises:
        UsageError: another undertaker is at work.
    """
    from simian_army.wiring.house import kinds_of

    clock, records = clock or SystemClock(), folder_of(loaded)
    if not records.claim():
        raise UsageError(f"another undertaker is at work on {records.place}: one is enough")
    key = loaded.settings.key.get_secret_value().encode()
    with ExitStack() as closing:
        closing.callback(records.give_up)
        kinds = kinds_of(connect(wish(loaded, clock), closing).platforms)
        yield Undertaker(loaded.settings.fleet, key, records, kinds, clock, stays=not until_idle)
