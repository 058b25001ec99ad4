"""Where the house strikes: the platforms that config names, connected, or the embedded world."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simian_army.errors import ConfigError
from simian_army.servers import same_server

if TYPE_CHECKING:  # these bring SDKs, which commands that do not need them must not wait for
    from config.load import Loaded
    from config.platforms import Aws as AwsSaid
    from config.platforms import Kubernetes as KubernetesSaid
    from config.platforms import Toxiproxy as ToxiproxySaid
    from simian_army.clock import Clock
    from simian_army.contract import Platform
    from simian_army.targets.aws import Aws
    from simian_army.targets.k8s import Kubernetes
    from simian_army.targets.toxi import Toxiproxy

WORLD = "SIMIAN_WORLD"
"""The environment variable that leads an undertaker into the embedded world of another process: JSON, name to URL."""

SETTLING = 30.0  # seconds the embedded world has to bring its pods up


@dataclass(frozen=True, slots=True)
class Places:
    """The platforms by name, and the servers of the embedded world, if it is one, under the same names."""

    platforms: dict[str, Platform]
    worlds: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """What connecting needs: the config, the clock, where an embedded world is that another process keeps, and how long
    we are leader still."""

    loaded: Loaded
    clock: Clock
    world: Mapping[str, str] = field(default_factory=dict)
    left: Callable[[], float] = lambda: float("inf")

    @property
    def key(self) -> bytes:
        """The fleet key."""
        return self.loaded.settings.key.get_secret_value().encode()


def wish(loaded: Loaded, clock: Clock, left: Callable[[], float] = lambda: float("inf")) -> Wish:
    """What this process needs, told by its config and environment."""
    return Wish(loaded, clock, json.loads(os.environ.get(WORLD, "{}")), left)


def connect(at: Wish, closing: ExitStack) -> Places:
    """Connect to every platform that config names; ``closing`` takes down what was built.

    Raises:
        ConfigError: the config names what cannot be used.
    """
    places = Places({})
    said = at.loaded.settings.platforms
    if said.kubernetes:
        places.platforms["kubernetes"] = _kubernetes(at, said.kubernetes, places, closing)
    if said.aws:
        places.platforms["aws"] = _aws(at, said.aws, places, closing)
    if said.toxiproxy:
        places.platforms["toxiproxy"] = _toxiproxy(at, said.toxiproxy, places, closing)
    return places


def _kubernetes(at: Wish, said: KubernetesSaid, places: Places, closing: ExitStack) -> Kubernetes:
    from simian_army.targets.k8s import Kubernetes
    from simian_army.wiring.granting import kube_place

    url = at.world.get("kubernetes", "")
    if said.embedded and not url:
        from simian_army.embedded.kube import KubeServer
        from simian_army.embedded.world import demo_world

        world = closing.enter_context(KubeServer(demo_world()))
        world.settle(SETTLING)
        places.worlds["kubernetes"], url = world, world.url
    place = kube_place(at.loaded, url)
    platform = Kubernetes.connect(place, at.clock, at.left)
    closing.callback(platform.close)
    if said.server and not same_server(platform.wire.host, said.server):
        why = f"context {said.context} leads to {platform.wire.host}, the config says {said.server}"
        hint = "name the context of that server, or write the server of this one, if that is the one you mean"
        raise ConfigError([at.loaded.mistake("platforms.kubernetes.server", why, hint)])
    return platform


def _aws(at: Wish, said: AwsSaid, places: Places, closing: ExitStack) -> Aws:
    from simian_army.targets.amazon.place import Place
    from simian_army.targets.aws import Aws

    endpoint, regions = said.endpoint, said.regions
    if said.embedded:
        from simian_army.embedded.cloud import REGION

        regions = (REGION,)
        endpoint = at.world.get("aws", "")
    if said.embedded and not endpoint:
        from simian_army.embedded.cloud import CloudServer, demo_cloud

        world = closing.enter_context(CloudServer())
        demo_cloud(world.url)
        places.worlds["aws"], endpoint = world, world.url
    place = Place(
        regions=regions,
        accounts=said.accounts,
        role=said.role,
        external_id=said.external_id.get_secret_value(),
        scheduler_role=said.scheduler_role,
        profile=said.profile,
        endpoint=endpoint,
        embedded=said.embedded,
        group_tag=said.group_tag,
        page_size=said.page_size,
        connect=said.connect_timeout.total_seconds(),
        timeout=said.timeout.total_seconds(),
        min_size=at.loaded.settings.safety.quorum.min_size,
        fleet=at.loaded.settings.fleet,
        key=at.key,
    )
    platform = Aws.connect(place, at.clock)
    closing.callback(platform.close)
    return platform


def _toxiproxy(at: Wish, said: ToxiproxySaid, places: Places, closing: ExitStack) -> Toxiproxy:
    from simian_army.targets.proxies.place import Place
    from simian_army.targets.toxi import Toxiproxy

    endpoints = (at.world["toxiproxy"],) if "toxiproxy" in at.world else said.endpoints
    if said.embedded and not endpoints:
        from simian_army.embedded.links import demo_links

        world = closing.enter_context(demo_links())
        places.worlds["toxiproxy"], endpoints = world, (world.url,)
    place = Place(
        endpoints=endpoints,
        embedded=said.embedded,
        timeout=said.timeout.total_seconds(),
        fleet=at.loaded.settings.fleet,
        key=at.key,
    )
    platform = Toxiproxy.connect(place, at.clock)
    closing.callback(platform.close)
    return platform
