"""A real node to play with: ``REAL=1 python -m tests.cluster.by_hand``; Ctrl-C ends it with all that it was."""

from __future__ import annotations

import signal
import sys
import threading

import pytest

from tests.cluster import build, machine
from tests.cluster.build import CannotBuildError, say
from tests.cluster.node import RESTRICTED, Node
from tests.cluster.process import PartDiedError

NEXT = """
A real node runs, and in the namespace shop a Deployment web of 3 pods behind a Service. In another terminal:
  export KUBECONFIG={kubeconfig}
  kubectl get pods -A -o wide
  kubectl exec -n shop deploy/web -- ps
Its logs: {folder}/*.log
Ctrl-C here ends it and removes all its files.
"""


def main() -> int:
    """Run until Ctrl-C or SIGTERM; 1 when it cannot start here, or a part of it died."""
    ended = threading.Event()
    try:
        machine.ready()
        build.kubectl()
        with Node() as node:
            node.namespace("shop", RESTRICTED)
            node.workload("shop", "web", 3, {"simian-army/chaos": "enabled"})
            node.settle("shop")
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: ended.set())
            print(NEXT.format(kubeconfig=node.kubeconfig, folder=node.folder), flush=True)
            while not ended.wait(5):
                node.parts.check()
            say("stopping ...")
    except (CannotBuildError, PartDiedError, pytest.fail.Exception, pytest.skip.Exception) as error:
        say(f"no real node: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
