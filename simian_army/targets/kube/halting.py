"""The annotations that halt a fleet: read off a ConfigMap and namespaces, and taken off a ConfigMap."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct, field

from simian_army.clock import Clock
from simian_army.errors import Forbidden
from simian_army.model import Halt
from simian_army.targets.kube.answers import strange
from simian_army.targets.kube.authors import Noted, author, noted
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.kinds import NAMESPACE, Kind
from simian_army.targets.kube.login import login
from simian_army.targets.kube.place import Place
from simian_army.targets.kube.wire import Wire

HALT = "simian-army/halt"
"""The annotation; that it is there halts, its value is the reason."""

_PATH = "/metadata/annotations/" + HALT.replace("/", "~1")
CONFIGMAP = Kind("", "v1", "configmaps", "ConfigMap")
FEW = 3
"""Up to so many namespaces are read one by one; more, with one list."""

_NO_REASON = "no reason given"
_LONGEST = 2000


class _Item(Struct):
    metadata: Noted


class _Cursor(Struct):
    next: str | None = field(default=None, name="continue")


class _List(Struct):
    kind: Literal["PartialObjectMetadataList"]
    metadata: _Cursor
    items: list[_Item] | None = None


_list = msgspec.json.Decoder(_List)


@dataclass(frozen=True, slots=True)
class Halting:
    """``ports.HaltPort`` on one cluster. Reads are sent once: who asks asks again soon. ``confined`` are the namespaces
    that alone are looked at, and so read one by one; None where it may be any."""

    wire: Wire
    page_size: int = 500
    confined: tuple[str, ...] | None = None

    @classmethod
    def connect(cls, place: Place, clock: Clock, confined: tuple[str, ...] | None = None) -> Halting:
        """Read the configuration and credentials that ``place`` names; the first request connects.

        Raises:
            ConfigError: what the place names cannot be used.
        """
        return cls(Wire(partial(login, place), place.timeout, clock), place.page_size, confined)

    def close(self) -> None:
        """End the idle connections."""
        self.wire.close()

    def on_configmap(self, namespace: str, name: str) -> Halt | None:
        return self._one(Call("get", CONFIGMAP, namespace, name, partial=True))

    def on_namespaces(self, names: Collection[str] | None) -> Mapping[str, Halt]:
        names = self.confined if names is None else names
        if names is not None and (len(names) <= FEW or self.confined is not None):
            return self._each(names)
        try:
            found = self._all()
        except Forbidden:
            if names is None:
                raise
            return self._each(names)  # who may not list them may still get those it works in
        return found if names is None else {name: halt for name, halt in found.items() if name in names}

    def clear(self, namespace: str, name: str, halt: Halt) -> None:
        call = Call("get", CONFIGMAP, namespace, name, partial=True)
        there = noted(self.wire, call)
        said = (there.annotations or {}).get(HALT) if there else None
        if said is None:
            return
        same = {"op": "test", "path": _PATH, "value": said if _reason(said) == halt.reason else halt.reason}
        patch = [same, {"op": "remove", "path": _PATH}]
        self.wire.act(Call("patch", CONFIGMAP, namespace, name, body=patch))

    def _each(self, names: Collection[str]) -> dict[str, Halt]:
        found = {name: self._one(Call("get", NAMESPACE, name=name, partial=True)) for name in sorted(names)}
        return {name: halt for name, halt in found.items() if halt}

    def _all(self) -> dict[str, Halt]:
        found: dict[str, Halt] = {}
        token, limit = "", ("limit", str(self.page_size))
        while True:
            query = (limit, ("continue", token)) if token else (limit,)
            call = Call("list", NAMESPACE, query=query, partial=True)
            body = self.wire.act(call)
            try:
                page = _list.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise strange(self.wire.host, call, body, str(error)) from error
            halts = ((one.metadata.name, self._halt(one.metadata)) for one in page.items or ())
            found |= {name: halt for name, halt in halts if halt}
            if not page.metadata.next:
                return found
            token = page.metadata.next

    def _one(self, call: Call) -> Halt | None:
        meta = noted(self.wire, call)
        return self._halt(meta) if meta else None

    def _halt(self, meta: Noted) -> Halt | None:
        said = (meta.annotations or {}).get(HALT)
        if said is None:
            return None
        hand = author(meta, HALT)
        return Halt(hand.manager, _reason(said), hand.time or self.wire.clock.now())


def _reason(said: str) -> str:
    return " ".join(said[:_LONGEST].split()) or _NO_REASON
