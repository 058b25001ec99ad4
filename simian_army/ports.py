"""What a fault may do to its platform: the narrow ports that wiring hands to fault kinds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from simian_army.errors import SimianError
from simian_army.model import Halt, Json, Mark, Target
from simian_army.waiting import Place, Word


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


class KubernetesManyPort(KubernetesPort, Protocol):
    """Reads and acts on many objects with fewer requests than one by one."""

    def patch_all(
        self, wishes: Sequence[tuple[Target, Sequence[Json]]]
    ) -> Sequence[dict[str, Any] | SimianError | None]:
        """``patch`` of each, side by side and each once: the object, or what ``patch`` would have raised. None for
        what was not sent, since the others took 10 s."""
        ...

    def listed(
        self, kind: str, labels: str = "", fields: Sequence[tuple[str, str]] = ()
    ) -> Mapping[str, dict[str, Any]]:
        """Every whole object of a kind without namespaces that matches a label query and pairs of fields, by uid."""
        ...


class KubernetesNearPort(KubernetesPort, Protocol):
    """Reads what stands in the same namespace as a target."""

    def near(self, kind: str, scope: str, labels: str = "") -> Sequence[dict[str, Any]]:
        """Every whole object of a kind in one namespace that matches a label query."""
        ...


class AwsPort(Protocol):
    """Reads and acts on single EC2 instances and Auto Scaling Groups. Every call has a timeout; acts are sent once.

    Raises (every method): Forbidden, Gone, PlatformError as errors.py says; acts also Refused (AWS said no: stop or
    termination protection, a throttle, a state that does not fit) and Unknown (sent, no answer).
    """

    def get(self, target: Target) -> dict[str, Any] | None:
        """The whole instance or group as the API describes it, tags as a mapping under ``Tags``; None when it is
        gone (a terminated instance is gone)."""
        ...

    def stop(self, target: Target) -> str:
        """Stop an instance; returns the state it was in before (``running``, ``stopped``, ...)."""
        ...

    def start(self, target: Target) -> None:
        """Start an instance."""
        ...

    def terminate(self, target: Target) -> None:
        """Terminate an instance; a member of a group through its group, whose size stays."""
        ...

    def protected(self, target: Target) -> bool:
        """Whether an instance is protected from termination; a group would terminate it all the same."""
        ...

    def suspend(self, target: Target, processes: Sequence[str]) -> None:
        """Suspend processes of a group."""
        ...

    def resume(self, target: Target, processes: Sequence[str]) -> None:
        """Resume processes of a group; those that are not suspended stay as they are."""
        ...

    def mark(self, target: Target, mark: Mark) -> None:
        """Write ``mark`` as tags that nothing inherits, and read it back.

        Raises:
            Refused: another fault's mark is there, or the mark does not fit into tags.
        """
        ...

    def unmark(self, target: Target, mark: Mark) -> None:
        """Remove what is left of the mark of that run; nothing when it bears another's or none."""
        ...

    def expires(self) -> bool:
        """Whether config lets AWS start a stopped instance again by itself."""
        ...

    def expire(self, target: Target, mark: Mark) -> None:
        """Have AWS start an instance by itself a little after the deadline of ``mark``, whoever is there then."""
        ...

    def unexpire(self, target: Target, mark: Mark) -> bool:
        """Take that back; False when there was nothing (any more)."""
        ...

    def bears(self, obj: Json) -> str:
        """The marks on what ``get`` gave, of whatever fleet, as text for people; empty when there is none."""
        ...

    def ours(self, obj: Json, mark: Mark) -> bool:
        """Whether there is anything on what ``get`` gave that ``unmark`` would remove."""
        ...


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of one toxic among many: ``proxy`` is its proxy as it was seen last, None when the server has none of
    that name; ``removed`` tells that the toxic was there before.

    ``trouble`` says why all this proves nothing: it is still there, or nobody can say. ``under_way``: not begun yet.
    """

    proxy: dict[str, Any] | None = None
    removed: bool = False
    trouble: str = ""
    under_way: bool = False


class ToxiproxyPort(Protocol):
    """Reads one proxy, and adds and removes our toxics. Every call has a timeout; every write is read back.

    Raises (every method): Gone, PlatformError as errors.py says; writes also Refused and Unknown.
    """

    def get(self, target: Target) -> dict[str, Any] | None:
        """The whole proxy as the server's API gives it (``enabled``, ``listen``, ``upstream``, ``toxics``); None when
        the server has none of that name."""
        ...

    def toxic(self, target: Target, mark: Mark) -> str:
        """The name that signs a toxic as the one of ``mark``: ``simian-<fleet>-<run>-<deadline>-<mac>``."""
        ...

    def add(self, target: Target, mark: Mark, toxic: Json) -> None:
        """Add a toxic (``type``, ``stream``, ``toxicity``, ``attributes``) under the name of ``mark``.

        Raises:
            Refused: a toxic of ours, of whatever run, is there already, or the arguments are not valid.
        """
        ...

    def remove(self, target: Target, mark: Mark) -> bool:
        """Remove the toxic of ``mark``; False when it was not there."""
        ...

    def remove_all(self, toxics: Sequence[tuple[Target, Mark]]) -> Sequence[Removal]:
        """Remove the toxics of many marks, with one look at each server before and one after; what became of each, in
        order. It never raises for some of them alone."""
        ...


class HaltPort(Protocol):
    """The annotations that halt, in one cluster. Every call is sent once and has a timeout.

    The author of a halt is what the server says wrote the annotation (``kubectl-annotate``), its time when.

    Raises (every method): Forbidden, PlatformError as errors.py says.
    """

    def on_configmap(self, namespace: str, name: str) -> Halt | None:
        """The halt on one ConfigMap; None when it bears none, and when there is no such ConfigMap."""
        ...

    def on_namespaces(self, names: Collection[str] | None) -> Mapping[str, Halt]:
        """Of these namespaces, or of all when None, those that bear a halt."""
        ...

    def clear(self, namespace: str, name: str, halt: Halt) -> None:
        """Take the annotation off a ConfigMap, if it still says what ``halt`` says.

        Raises:
            Conflict: it says something else by now; Unknown: sent, no answer.
        """
        ...


class ApprovalPort(Protocol):
    """The annotation that lets a run strike, in one cluster. Every call is sent once and has a timeout."""

    def approved(self, place: Place) -> Word | None:
        """Which runs somebody let strike there; None when nobody did, and when there is no such place.

        Raises:
            Forbidden, PlatformError: nobody could look.
        """
        ...


class SecretsPort(Protocol):
    """The Secrets of one namespace, our own. Every call has a timeout.

    Raises (every method): Forbidden, PlatformError as errors.py says; writes also Conflict and Unknown.
    """

    def get_secret(self, namespace: str, name: str) -> dict[str, Any] | None:
        """One Secret as JSON; None when there is none."""
        ...

    def list_secrets(self, namespace: str, labels: str) -> list[dict[str, Any]]:
        """Every Secret that matches a label query, whole."""
        ...

    def create_secret(self, namespace: str, secret: Json) -> None:
        """Make one; one of that name that is there already is a Conflict."""
        ...

    def patch_secret(self, namespace: str, name: str, change: Json) -> None:
        """Merge patch (RFC 7396); Gone when it is not there."""
        ...

    def delete_secret(self, namespace: str, name: str) -> None:
        """Delete one; nothing when it is not there."""
        ...


class KubernetesShelfPort(KubernetesPort, Protocol):
    """Reads and acts on single objects, and has Secrets beside them."""

    def secrets(self) -> SecretsPort:
        """The Secrets of whatever namespace: those of the target's are meant."""
        ...


class LeasePort(Protocol):
    """One Lease of our own namespace. Every call is sent once and has a timeout.

    Raises (every method): Forbidden, PlatformError as errors.py says; writes also Refused, Conflict and Unknown.
    """

    def get_lease(self, namespace: str, name: str) -> dict[str, Any] | None:
        """One Lease as JSON; None when there is none."""
        ...

    def create_lease(self, namespace: str, lease: Json) -> None:
        """Make one; one of that name that is there already is a Conflict."""
        ...

    def replace_lease(self, lease: Json) -> dict[str, Any]:
        """Replace the one of that name, if uid and resourceVersion are still those of ``lease``; as it then is.

        Raises:
            Conflict, Gone: they are not, and nothing was changed.
        """
        ...
