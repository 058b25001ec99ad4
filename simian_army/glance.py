"""A platform seen once: what was read of a target, its group and its reach is remembered and not asked for again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from simian_army.contract import FaultKind, Platform, Reach
from simian_army.errors import PlatformError, Refused
from simian_army.model import Evidence, Fault, Health, Identity, Json, Mark, Selector, Target

READS = 2000
"""Targets that are read whole; whoever is drawn beyond that is judged by what the lists tell."""

Said = TypeVar("Said")


@dataclass(slots=True)
class Glance:
    """``contract.Platform`` over another one, of whose targets ``most`` are read whole.

    ``struck`` are the ids of targets that faults have struck and that will be back, by group: they are taken to be up.
    """

    platform: Platform
    struck: Mapping[str, frozenset[str]] = field(default_factory=dict)
    most: int = READS
    _said: dict[Hashable, tuple[Any, Exception | None]] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return self.platform.name

    def knows(self, target: Target) -> bool:
        """Whether the target was read, or may still be."""
        return target.id in self._read or len(self._read) < self.most

    def once(self, key: Hashable, ask: Callable[[], Said]) -> Said:
        """What ``ask`` says, or the error it raises, the first time it is asked for ``key``."""
        if key not in self._said:
            try:
                self._said[key] = (ask(), None)
            except (PlatformError, Refused) as error:
                self._said[key] = (None, error)
        said, trouble = self._said[key]
        if trouble:
            raise trouble.with_traceback(None)
        answer: Said = said
        return answer

    def find(self, selector: Selector) -> Sequence[Target]:
        return self.once(selector, lambda: self.platform.find(selector))

    def read(self, target: Target) -> Target | None:
        if not self.knows(target):
            return target
        self._read.add(target.id)
        return self.once(("read", target.id), lambda: self.platform.read(target))

    def health(self, target: Target, *, floors: bool = False) -> Health:
        if not self.knows(target):
            return Health(None, 0, 0, "not asked for")
        return self.once(("health", target.id, floors), lambda: self._mended(target, floors=floors))

    def _mended(self, target: Target, *, floors: bool) -> Health:
        health = self.platform.health(target, floors=floors)
        back = self.struck.get(target.group, frozenset()) - health.up
        if not back or health.whole is None:
            return health
        up = health.up | back
        rooms = tuple(replace(one, room=None if one.room is None else one.room + len(back)) for one in health.floors)
        detail = f"{health.detail}, and {len(back)} struck by us will be back"
        return replace(health, whole=len(up) >= health.wanted, ready=len(up), detail=detail, floors=rooms, up=up)

    def identity(self, target: Target) -> Identity:
        return self.once(("identity", target.scope), lambda: self.platform.identity(target))

    def identities(self) -> Sequence[Identity]:
        return self.platform.identities()

    def marked(self, scopes: Collection[str] = ()) -> Iterable[tuple[Target, Mark | None]]:
        return self.platform.marked(scopes)

    def check(self, kinds: Sequence[FaultKind], selectors: Sequence[Selector] = ()) -> Iterable[Evidence]:
        return self.platform.check(kinds, selectors)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A fault kind that is only prepared, once for each target; all else it says as the kind does.

    ``held`` are the targets that are held now: how they are afterwards nobody can read yet.
    """

    kind: FaultKind
    glance: Glance
    held: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kind, name)

    def reach(self, fault: Fault) -> Reach:
        """As the kind's, for targets that are read."""
        return self.kind.reach(fault) if self.glance.knows(fault.target) else None

    def prepare(self, fault: Fault) -> Json | None:
        """As the kind's, for targets that are read; nothing for others."""
        if fault.target.id in self.held or not self.glance.knows(fault.target):
            return None
        key = ("prepare", self.kind.name, fault.target.id, json.dumps(fault.params, sort_keys=True, default=str))
        return self.glance.once(key, lambda: self.kind.prepare(fault))
