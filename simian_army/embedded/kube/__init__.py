"""A small Kubernetes API server with simulated controllers, for demos and tests, over the real wire protocol."""

from __future__ import annotations

from simian_army.embedded.kube.controllers.manager import Pace
from simian_army.embedded.kube.server import KubeServer
from simian_army.embedded.kube.wire import Write

__all__ = ["KubeServer", "Pace", "Write"]
