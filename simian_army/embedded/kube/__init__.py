"""A small Kubernetes API server for the embedded world."""

from simian_army.embedded.kube.server import KubeServer, Write

__all__ = ["KubeServer", "Write"]
