"""What the faults on Kubernetes that do more than change one object may do besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from simian_army.errors import SimianError
from simian_army.model import Json, Selector, Target
from simian_army.ports import KubernetesManyPort, KubernetesNearPort, KubernetesPort


class KubernetesCrowdPort(KubernetesManyPort, Protocol):
    """Finds and evicts many pods with few requests."""

    def find(self, selector: Selector) -> Sequence[Target]:
        """As ``contract.Platform.find``."""
        ...

    def evict_all(self, pods: Sequence[Target], grace: int | None, ends: datetime) -> Sequence[SimianError | None]:
        """``evict`` of each, side by side and each once: None for one that goes, or what ``evict`` would have raised; a
        Refused for what was not sent, since it was ``ends`` by then, it took too long, or the lease is about to end."""
        ...


class KubernetesMakingPort(KubernetesNearPort, Protocol):
    """Makes objects, and finds them by name, whatever their uid."""

    def create(self, kind: str, obj: Json) -> dict[str, Any]:
        """Make an object in the namespace it names; as it then is.

        Raises:
            Conflict: one of that name is there already, and nothing was made.
        """
        ...

    def named(self, kind: str, scope: str, name: str) -> dict[str, Any] | None:
        """The whole object of that name; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command in a container ended: its exit code, None when nobody said; ``words`` says it for people."""

    code: int | None
    words: str


class KubernetesExecPort(KubernetesPort, Protocol):
    """Runs commands in containers, where config lets us."""

    def may_run(self) -> None:
        """Nothing, where config turned it on.

        Raises:
            Refused: it did not.
        """
        ...

    def run(self, target: Target, container: str, argv: Sequence[str], seconds: float) -> Ended:
        """Run a command in a container of the pod, sent once; what it prints is thrown away. The API knows the pod by
        its name alone: look at it just before.

        Raises:
            Refused: it is turned off, or the command could not be started.
            Unknown: it was sent, and nobody can say how it ended, or it had not by then.
        """
        ...
