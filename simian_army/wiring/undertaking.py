"""Who ends what an agent cannot: records and trust for the agent, and the undertaker's own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from simian_army.clock import Clock, SystemClock
from simian_army.errors import ConfigError, UsageError
from simian_army.undertaker.cluster import Cluster
from simian_army.undertaker.folder import Folder
from simian_army.undertaker.service import Undertaker
from simian_army.undertaker.trust import Trust
from simian_army.wiring.leading import own_namespace
from simian_army.wiring.places import WORLD, Places, connect, wish

if TYPE_CHECKING:
    from config.load import Loaded
    from simian_army.wiring.books import Books

FOLDER = "simian.records"
"""Beside the config, outside a cluster: what a fault needs to be ended, one file a fault."""

IN_CLUSTER = "in-cluster"
Wake: TypeAlias = Callable[[], None]


def records_of(loaded: Loaded, places: Places) -> Cluster | Folder:
    """Where the records of that config's fleet are: Secrets of our own namespace, or files beside the config.

    Raises:
        ConfigError: inside a cluster, our own namespace is not known.
    """
    from simian_army.targets.k8s import Kubernetes
    from simian_army.targets.kube.shelf import Shelf

    platform, said = places.platforms.get("kubernetes"), loaded.settings.platforms.kubernetes
    inside = said is not None and said.context == IN_CLUSTER
    namespace = loaded.settings.undertaker.namespace or (own_namespace() if inside else "")
    if isinstance(platform, Kubernetes) and namespace:
        return Cluster(Shelf(platform.finder.lists), namespace, loaded.settings.fleet)
    if inside:
        why = "the namespace of this pod is not known, and the records must be somewhere"
        raise ConfigError([loaded.mistake("undertaker.namespace", why, "write it, or set SIMIAN_NAMESPACE")])
    return folder_of(loaded)


def folder_of(loaded: Loaded) -> Folder:
    """Where they are outside a cluster."""
    return Folder((loaded.file.parent / FOLDER).absolute())


def trust(at: Books, places: Places, wake: Wake | None = None) -> Trust:
    """The agent's side. Outside a cluster an undertaker is started, by ``wake``, as soon as the first fault needs one;
    inside one it is a Deployment of its own."""
    records = records_of(at.loaded, places)
    world = {name: str(getattr(server, "url", "")) for name, server in places.worlds.items()}
    start = Starter(at.loaded.file.absolute(), world) if isinstance(records, Folder) else _nothing
    return Trust(at.key, records, at.clock, wake or start)


def _nothing() -> None:
    return


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
            child = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd="/", start_new_session=True
            )
        # it outlives us or ends before: then somebody must take note, or a zombie stays
        threading.Thread(target=child.wait, name="undertaker's end", daemon=True).start()


@contextmanager
def undertake(loaded: Loaded, *, until_idle: bool, clock: Clock | None = None) -> Iterator[Undertaker]:
    """The undertaker of that config's fleet, its platforms connected.

    Raises:
        UsageError: another undertaker is at work on the same folder.
    """
    from simian_army.wiring.house import kinds_of

    clock = clock or SystemClock()
    key = loaded.settings.key.get_secret_value().encode()
    with ExitStack() as closing:
        places = connect(wish(loaded, clock), closing)
        records = records_of(loaded, places)
        if isinstance(records, Folder):
            if not records.claim():
                raise UsageError(f"another undertaker is at work on {records.place}: one is enough")
            closing.callback(records.give_up)
        kinds = kinds_of(places.platforms)
        yield Undertaker(loaded.settings.fleet, key, records, kinds, clock, stays=not until_idle)
