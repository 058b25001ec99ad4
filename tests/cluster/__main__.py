"""A real cluster to play with: started, peopled with a small shop, explained, and cleaned up after Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

from tests.cluster.build import CannotBuildError, say
from tests.cluster.fleet import Fleet, Wish, fleet
from tests.cluster.plane import Cluster

if TYPE_CHECKING:
    from types import FrameType

IN = {"simian-army/chaos": "enabled"}
OUT = {"simian-army/opt-out": "true"}
LOOK_EVERY = 5.0
NEXT = """
A real Kubernetes runs: 4 nodes, and in the namespace shop
  web       5 pods, opted in                            may be hit
  search    3 pods, opted in                            may be hit
  cart      3 pods, opted in, the Deployment opted out  is spared: opt-out wins
  checkout  2 pods, opted in, 2 must stay (PDB)         is spared by the API server
  stock     2 pods, said nothing                        is spared: nobody asked for it

In another terminal:
  export KUBECONFIG={kubeconfig}
  kubectl get pods -n shop --watch
  {simian} check -c {config}
  {simian} plan --days 1 -c {config}
  {simian} once pods -c {config}
  {simian} run -c {config}            # one pod every 30 s; Ctrl-C ends it
  {simian} audit -c {config}

The API server's own record of what was asked of it: {audit}
Ctrl-C here stops the cluster and removes all its files.
"""


def people(cluster: Cluster) -> Fleet:
    """The demo world, and a fleet that may act in it."""
    cluster.namespace("shop")
    cluster.deployment("shop", "web", 5, template_labels=IN)
    cluster.deployment("shop", "search", 3, template_labels=IN)
    cluster.deployment("shop", "cart", 3, labels=OUT, template_labels=IN)
    cluster.deployment("shop", "checkout", 2, template_labels=IN)
    cluster.deployment("shop", "stock", 2)
    cluster.settle("shop")
    cluster.budget("shop", "checkout", 2)
    return fleet(cluster, cluster.folder / "fleet", Wish(namespaces="shop", schedule="every: 30s"))


def main() -> int:
    """Run until Ctrl-C or SIGTERM; 1 when it could not start, or a part of it died."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        if ended.is_set():
            raise KeyboardInterrupt
        ended.set()

    try:
        with Cluster() as cluster:
            made = people(cluster)
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, end)
            print(_next(cluster, made), flush=True)
            while not ended.wait(LOOK_EVERY):
                cluster.parts.check()
            say("stopping ...")
    except CannotBuildError as error:
        say(f"cannot start a real cluster: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _next(cluster: Cluster, made: Fleet) -> str:
    simian = made.command()[0]
    return NEXT.format(kubeconfig=made.kubeconfig, simian=simian, config=made.config, audit=cluster.parts.audit_log)


if __name__ == "__main__":
    sys.exit(main())
