"""What is there, what was there a moment ago, and who is to be told: versioned objects with a short history."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from simian_army.embedded.kube.index import Index
from simian_army.embedded.kube.objects import meta, put

Json = dict[str, Any]
Row = tuple[str, str]
HISTORY = 20_000


class Key(NamedTuple):
    """Where an object is stored: resource id, namespace (empty when it has none), name."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One write: ``type`` is ADDED, MODIFIED or DELETED; ``old`` is what was there before."""

    version: int
    type: str
    key: Key
    obj: Json
    old: Json | None


class TooOld(Exception):
    """The version asked for is no longer remembered."""


class Store:
    """All objects. Stored objects are never changed in place; whoever reads and then writes holds ``lock``."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.version = 1
        self.index = Index()
        self._tables: dict[str, dict[Row, Json]] = {}
        self._order: dict[str, list[Row]] = {}
        self._history: deque[Change] = deque()
        self._floor = 1
        self._listeners: list[Callable[[Change], None]] = []

    def get(self, key: Key) -> Json | None:
        """The object, if it is there."""
        return self._tables.get(key.resource, {}).get((key.namespace, key.name))

    def put(self, key: Key, obj: Json) -> Json:
        """Store ``obj`` under a new resourceVersion; returns it as stored."""
        with self.lock:
            table = self._tables.setdefault(key.resource, {})
            row = (key.namespace, key.name)
            old = table.get(row)
            self.version += 1
            stored = put(obj, ("metadata", "resourceVersion"), str(self.version))
            if old is None:
                insort(self._order.setdefault(key.resource, []), row)
            table[row] = stored
            self._tell(Change(self.version, "MODIFIED" if old else "ADDED", key, stored, old))
            return stored

    def remove(self, key: Key) -> Json | None:
        """Take the object away; returns its last state, None when it was not there."""
        with self.lock:
            row = (key.namespace, key.name)
            old = self._tables.get(key.resource, {}).pop(row, None)
            if old is None:
                return None
            order = self._order[key.resource]
            del order[bisect_left(order, row)]
            self.version += 1
            last = put(old, ("metadata", "resourceVersion"), str(self.version))
            self._tell(Change(self.version, "DELETED", key, last, old))
            return last

    def rows(self, resource: str, namespace: str = "", after: Row = ("", ""), version: int = 0) -> list[Json]:
        """The objects in order of (namespace, name) beyond ``after``, as they were at ``version`` (0 = now).

        Raises:
            TooOld: ``version`` is no longer remembered.
        """
        with self.lock:
            then = {} if version in (0, self.version) else self._then(resource, version)
            order = self._order.get(resource, [])
            if then:
                order = sorted({*order, *then})
            low = bisect_right(order, max(after, (namespace, "")))
            high = bisect_left(order, (namespace + "\0", "")) if namespace else len(order)
            table: dict[Row, Json | None] = {**self._tables.get(resource, {}), **then} if then else {}
            source = table or self._tables.get(resource, {})
            found = (source.get(row) for row in order[low:high])
            return [obj for obj in found if obj is not None]

    def since(self, version: int) -> list[Change]:
        """Every change after ``version``, oldest first.

        Raises:
            TooOld: ``version`` is no longer remembered.
        """
        with self.lock:
            if version < self._floor:
                raise TooOld
            found: list[Change] = []
            for change in reversed(self._history):
                if change.version <= version:
                    break
                found.append(change)
            return found[::-1]

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Call ``listener`` on every change, inside the lock; it must be quick."""
        with self.lock:
            self._listeners.append(listener)

    def forget(self, listener: Callable[[Change], None]) -> None:
        """Stop calling ``listener``."""
        with self.lock:
            self._listeners.remove(listener)

    def compact(self) -> None:
        """Forget the history: every version before this moment is too old now."""
        with self.lock:
            self.version += 1
            self._floor = self.version
            self._history.clear()

    def resources(self) -> Iterable[str]:
        """The ids of the kinds that have objects."""
        return [name for name, table in self._tables.items() if table]

    def _then(self, resource: str, version: int) -> dict[Row, Json | None]:
        changed = [c for c in self.since(version) if c.key.resource == resource]
        return {(c.key.namespace, c.key.name): c.old for c in reversed(changed)}

    def _tell(self, change: Change) -> None:
        self._history.append(change)
        if len(self._history) > HISTORY:
            self._floor = self._history.popleft().version
        self.index.follow(change.key, change.old, None if change.type == "DELETED" else change.obj)
        for listener in tuple(self._listeners):
            listener(change)


def version_of(obj: Json) -> str:
    """The resourceVersion."""
    return str(meta(obj).get("resourceVersion", ""))
