"""Where the house strikes: the platforms that config names, connected, or the embedded world."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # these bring SDKs, which commands that do not need them must not wait for
    from simian_army.contract import Platform
    from simian_army.embedded.kube import KubeServer
    from simian_army.targets.k8s import Kubernetes
    from simian_army.wiring.books import Books

SETTLING = 30.0  # seconds the embedded world has to bring its pods up


@dataclass(frozen=True, slots=True)
class Places:
    """The platforms by name, and the embedded world when there is one."""

    platforms: dict[str, Platform]
    world: KubeServer | None = None


def connect(at: Books, closing: ExitStack) -> Places:
    """Connect to every platform that config names; ``closing`` takes down what was built.

    Raises:
        ConfigError: the config names what cannot be used.
    """
    world = _embedded(at, closing)
    return Places({"kubernetes": _kubernetes(at, world, closing)}, world)


def _embedded(at: Books, closing: ExitStack) -> KubeServer | None:
    if not at.loaded.settings.platforms.kubernetes.embedded:
        return None
    from simian_army.embedded.kube import KubeServer
    from simian_army.embedded.world import demo_world

    world = closing.enter_context(KubeServer(demo_world()))
    world.settle(SETTLING)
    return world


def _kubernetes(at: Books, world: KubeServer | None, closing: ExitStack) -> Kubernetes:
    from simian_army.targets.k8s import Kubernetes
    from simian_army.targets.place import Place

    settings = at.loaded.settings
    said = settings.platforms.kubernetes
    place = Place(
        context=said.context,
        url=world.url if world else "",
        embedded=said.embedded,
        namespaces=said.namespaces,
        page_size=said.page_size,
        timeout=said.timeout.total_seconds(),
        fleet=settings.fleet,
        key=at.key,
    )
    platform = Kubernetes.connect(place)
    closing.callback(platform.close)
    return platform
