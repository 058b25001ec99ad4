"""Where a thousand faults are held: proxies and nodes, real where the parts are built, else embedded; and levers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeAlias
from urllib.request import Request, urlopen

from benchmarks.parts.keeping import FLEET, KEY
from benchmarks.parts.lever import Lever, levers
from simian_army.contract import FaultKind
from simian_army.embedded.kube import KubeServer
from simian_army.embedded.toxi import ToxiServer
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.faults.net.proxy_latency import ProxyLatency
from simian_army.model import Mark, Selector, Target
from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place
from simian_army.targets.proxies.place import Place as ToxiPlace
from simian_army.targets.toxi import Toxiproxy
from tests.cluster import build
from tests.cluster.plane import Cluster
from tests.cluster.toxi import Toxi

SMALL = 200
"""How many faults there are at most where all is in one process with us."""


class Where(Protocol):
    """What is asked of a platform here."""

    def read(self, target: Target) -> Target | None: ...

    def marked(self, scopes: Collection[str] = ()) -> Iterable[tuple[Target, Mark | None]]: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """Targets without faults. ``goal`` is the seconds that 1,000 may take from the halt to the last proof, if any."""

    words: str
    kind: FaultKind
    platform: Where
    targets: list[Target]
    goal: float = 0.0


@contextmanager
def toxics(count: int, *, real: bool = True) -> Iterator[Ground]:
    """Proxies of one server."""
    with ExitStack() as closing:
        url, words = _toxiproxy(closing, real=real)
        count = count if words == "real" else min(count, SMALL)
        said = [{"name": f"p{n}", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"} for n in range(count)]
        body = json.dumps([{**one, "enabled": True} for one in said]).encode()
        with urlopen(Request(f"{url}/populate", body, {"Content-Type": "application/json"}), timeout=60):
            pass
        toxiproxy = Toxiproxy.connect(ToxiPlace((url,), fleet=FLEET, key=KEY))
        closing.callback(toxiproxy.close)
        found = toxiproxy.find(Selector("proxy"))
        yield Ground(f"toxics, {words} toxiproxy", ProxyLatency(toxiproxy), toxiproxy, found, 2.0)


@contextmanager
def nodes(count: int, *, real: bool = True) -> Iterator[Ground]:
    """Nodes of one cluster."""
    with ExitStack() as closing:
        place, words = _cluster(closing, count, real=real)
        kubernetes = Kubernetes.connect(place)
        closing.callback(kubernetes.close)
        found = kubernetes.find(Selector("node"))
        yield Ground(f"cordons, {words} kube-apiserver", NodeCordon(kubernetes), kubernetes, found, 10.0)


@contextmanager
def pulled(count: int, *, real: bool = True) -> Iterator[Ground]:
    """Levers whose reverts take 5 ms."""
    del real
    lever = Lever(0.005)
    yield Ground("levers, 5 ms a revert", lever, lever, levers(count))


Make: TypeAlias = Callable[..., AbstractContextManager[Ground]]
GROUNDS: Mapping[str, Make] = {"toxics": toxics, "cordons": nodes, "levers": pulled}


def _toxiproxy(closing: ExitStack, *, real: bool) -> tuple[str, str]:
    if real:
        try:
            build.toxiproxy()
        except build.CannotBuildError as error:
            print(f"  {error}")
        else:
            folder = Path(closing.enter_context(TemporaryDirectory(prefix="simian-bench-")))
            return closing.enter_context(Toxi(folder)).url, "real"
    return closing.enter_context(ToxiServer()).url, "embedded"


def _cluster(closing: ExitStack, count: int, *, real: bool) -> tuple[Place, str]:
    if real and _plane_is_built():
        cluster = closing.enter_context(Cluster(nodes=count))
        os.environ["KUBECONFIG"] = str(cluster.kubeconfig)
        return Place(context=cluster.context, fleet=FLEET, key=KEY), "real"
    server = closing.enter_context(KubeServer())
    for number in range(min(count, SMALL)):
        server.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{number}"}})
    return Place(url=server.url, fleet=FLEET, key=KEY), "embedded"


def _plane_is_built() -> bool:
    # to build it takes several minutes: that is for the tests to do
    parts = (f"kube-{build.KUBERNETES}/kube-testplane", f"kwok-{build.KWOK}/kwok")
    return all((build.cache() / part).exists() for part in parts)
