"""What a config wants of one cluster, as far as it decides which rights that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from simian_army.model import Selector
from simian_army.needing import Permission, everywhere
from simian_army.standing import REACH, TARGET, stops
from simian_army.targets.kube.finding import PLATFORM
from simian_army.targets.kube.place import Own, Place
from simian_army.targets.scopes import Scopes

EXEC = ("pods", "exec")
"""Resource and subresource that run a command in a container."""

_LIST_PODS: Permission = ("list", "", "pods", "")


@dataclass(frozen=True, slots=True)
class Wants:
    """What config wants of one cluster. ``namespaces`` are its patterns, ``kinds`` the faults its monkeys may propose,
    ``finds`` what they look for; the rest as ``Place`` has it. ``owners`` are group and resource of what owns
    workloads and is none of Kubernetes' own."""

    namespaces: tuple[str, ...]
    kinds: tuple[object, ...] = ()
    finds: tuple[Selector, ...] = ()
    floors: tuple[str, ...] = ()
    fronts: bool = False
    pressure: bool = False
    exec: bool = False
    own: Own = field(default_factory=Own)
    owners: tuple[tuple[str, str], ...] = ()

    @property
    def exact(self) -> tuple[str, ...] | None:
        """The namespaces, if config names them without patterns."""
        return Scopes((self.namespaces,)).exact()

    @property
    def wide(self) -> bool:
        """Whether pods of any namespace are looked at."""
        return self.exact is None or any(_LIST_PODS in everywhere(kind) for kind in self.kinds)

    @property
    def confined(self) -> tuple[str, ...] | None:
        """The namespaces that alone are looked at; None where it may be any."""
        return None if self.wide else self.exact


def wants_of(place: Place, kinds: Sequence[object], finds: Sequence[Selector] = ()) -> Wants:
    """What faults and finds want in a place."""
    ours = tuple(kind for kind in kinds if getattr(kind, "platform", "") == PLATFORM)
    return Wants(
        namespaces=place.namespaces,
        kinds=ours,
        finds=tuple(finds),
        floors=place.floors,
        fronts=place.fronts,
        pressure=place.pressure,
        exec=place.exec,
        own=place.own,
        owners=place.owners,
    )


def harms(kind: object) -> bool:
    """Whether a fault kind stops pods, so that whoever has a word on how few may stay is asked."""
    return stops(kind) in (TARGET, REACH)


def reaches(kind: object) -> bool:
    """Whether a fault kind may harm pods of any namespace."""
    return _LIST_PODS in everywhere(kind)
