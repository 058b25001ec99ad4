"""What a fault may do to its platform: the narrow ports that wiring hands to fault kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from simian_army.model import Json, Mark, Target


class KubernetesPort(Protocol):
    """Reads and acts on single objects. Every call has a timeout; acts are sent once, with uid preconditions.

    Raises (every method): Forbidden, Gone, Conflict, PlatformError as errors.py says; acts also Refused (429: a
    PodDisruptionBudget or a throttle said no) and Unknown (sent, no answer).
    """

    def get(self, target: Target) -> dict[str, Any] | None:
        """The whole object as JSON; None when it is gone or another of its name has a different uid."""
        ...

    def evict(self, target: Target, grace: int | None = None) -> None:
        """POST the eviction of a pod, so that PodDisruptionBudgets count; ``grace`` is seconds, None the pod's own."""
        ...

    def delete(self, target: Target, grace: int | None = None, version: str = "") -> None:
        """DELETE with uid (and resourceVersion, when given) preconditions."""
        ...

    def patch(self, target: Target, operations: Sequence[Json]) -> dict[str, Any]:
        """JSON Patch (RFC 6902), preceded by a ``test`` of the target's uid; returns the object as it then is.

        Raises:
            Conflict: one of the ``test`` operations failed; nothing was changed.
        """
        ...

    def mark(self, obj: Json, mark: Mark) -> list[Json]:
        """The operations that put ``mark`` on ``obj`` (read just before): label, annotation; a test that none is."""
        ...

    def unmark(self, obj: Json, mark: Mark) -> list[Json]:
        """The operations that take ``mark`` off ``obj``; empty when it bears no mark of that run."""
        ...
