"""Which Services the API server itself asks: webhooks, API services, the conversion of custom resources."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from simian_army.clock import Clock
from simian_army.errors import Gone, PlatformError
from simian_army.sights import Front
from simian_army.targets.kube.answers import Expired, object_of, strange
from simian_army.targets.kube.bulk import side_by_side
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import Cursor
from simian_army.targets.kube.facts import at
from simian_army.targets.kube.kinds import API_SERVICE, CRD, MUTATING, SERVICE, VALIDATING, Kind
from simian_army.targets.kube.wire import Wire

KEPT = 30.0
"""Seconds for which what was read is believed."""

PAGE = 100  # a custom resource's definition may have a megabyte
IN_CLUSTER = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?", re.IGNORECASE)
WORDS: Mapping[Kind, str] = {
    VALIDATING: "validating webhook",
    MUTATING: "mutating webhook",
    API_SERVICE: "API service",
    CRD: "conversion of",
}


class _Service(Struct, gc=False):
    namespace: str
    name: str


class _Client(Struct, gc=False):
    service: _Service | None = None
    url: str | None = None


class _Hook(Struct, gc=False, rename="camel"):
    client_config: _Client | None = None


class _Conversion(Struct, gc=False):
    webhook: _Hook | None = None


class _Spec(Struct, gc=False):
    service: _Service | None = None
    conversion: _Conversion | None = None


class _Meta(Struct, gc=False):
    name: str


class _Item(Struct, gc=False):
    """What of these four kinds leads to a Service; the rest (schemas above all) is skipped while parsing."""

    metadata: _Meta
    spec: _Spec | None = None
    webhooks: list[_Hook] | None = None


class _Page(Struct, gc=False):
    kind: str
    metadata: Cursor
    items: list[_Item] | None = None


_page = msgspec.json.Decoder(_Page)


@dataclass(slots=True)
class Fronts:
    """``sights.FrontPort`` on one cluster. Every request is sent once: a draw has no time for more, and who could not
    look now looks again at the next. May be used by many threads."""

    wire: Wire
    clock: Clock
    _known: Sequence[Front] = field(default=(), init=False)
    _read: float = field(default=float("-inf"), init=False)
    _selectors: dict[Front, tuple[float, Mapping[str, str]]] = field(default_factory=dict, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def fronts(self) -> Sequence[Front]:
        with self._guard:
            if self.clock.monotonic() - self._read >= KEPT:
                found = side_by_side(self._listed, list(WORDS))
                self._known = tuple(dict.fromkeys(front for fronts in found for front in fronts))
                self._read = self.clock.monotonic()
            return self._known

    def selector(self, front: Front) -> Mapping[str, str]:
        with self._guard:
            then, known = self._selectors.get(front, (float("-inf"), {}))
            if self.clock.monotonic() - then >= KEPT:
                known = self._asked(front)
                self._selectors[front] = (self.clock.monotonic(), known)
            return known

    def _asked(self, front: Front) -> Mapping[str, str]:
        call = Call("get", SERVICE, front.scope, front.name)
        try:
            obj = object_of(self.wire.host, call, self.wire.act(call))
        except Gone:
            return {}
        if at(obj, "spec.type") == "ExternalName":
            return {}
        selector = at(obj, "spec.selector")
        if not isinstance(selector, dict) or not selector:
            raise PlatformError(f"{front} has no selector, so nobody can tell which pods it leads to")
        return {str(key): str(value) for key, value in selector.items()}

    def _listed(self, kind: Kind) -> list[Front]:
        try:
            items = self._items(kind)
        except Expired:
            items = self._items(kind)
        except Gone:
            return []  # not served here, so there are none
        return [front for item in items for front in _fronts(kind, item)]

    def _items(self, kind: Kind) -> list[_Item]:
        found: list[_Item] = []
        token, limit = "", ("limit", str(PAGE))
        while True:
            call = Call("list", kind, query=(limit, ("continue", token)) if token else (limit,))
            body = self.wire.act(call)
            try:
                page = _page.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise strange(self.wire.host, call, body, str(error)) from error
            if not page.kind.endswith("List"):
                raise strange(self.wire.host, call, body, f"its kind is {page.kind!r}")
            found += page.items or ()
            if not page.metadata.next or page.metadata.next == token:
                return found
            token = page.metadata.next


def _fronts(kind: Kind, item: _Item) -> Iterator[Front]:
    what = f"{WORDS[kind]} {item.metadata.name}"
    spec = item.spec or _Spec()
    if spec.service:
        yield Front(what, spec.service.namespace, spec.service.name)
    conversion = spec.conversion.webhook if spec.conversion else None
    for hook in (*(item.webhooks or ()), *([conversion] if conversion else ())):
        service = _service(hook.client_config or _Client())
        if service:
            yield Front(what, service.namespace, service.name)


def _service(client: _Client) -> _Service | None:
    """The Service of a webhook, also where its URL is the name that the cluster's DNS gives one."""
    if client.service:
        return client.service
    found = IN_CLUSTER.fullmatch(_host(client.url or ""))
    return _Service(found[2].lower(), found[1].lower()) if found else None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
