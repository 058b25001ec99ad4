"""A server that says exactly what a test tells it to, and one that never says anything."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simian_army.targets.k8s import Kubernetes
from simian_army.targets.kube.place import Place

Obj = dict[str, Any]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


Talk = Callable[[Request], Reply]


@dataclass
class Stub:
    url: str
    requests: list[Request]

    def lines(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]


@contextmanager
def serving(talk: Talk) -> Iterator[Stub]:
    """A server on a free port of loopback; a body that is no bytes is sent as JSON."""
    stub = Stub("", [])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {key.lower(): value for key, value in self.headers.items()},
                json.loads(raw) if raw else None,
            )
            stub.requests.append(request)
            reply = talk(request)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for key, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Silent:
    url: str
    connections: list[socket.socket]
    received: list[bytes]


@contextmanager
def silent() -> Iterator[Silent]:
    """A server that takes every connection, reads what comes and never answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    silence = Silent(f"http://127.0.0.1:{listener.getsockname()[1]}", [], [])

    def take() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            silence.connections.append(connection)
            connection.settimeout(60)
            silence.received.append(connection.recv(65536))

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield silence
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in silence.connections:
            connection.close()


class QuickClock:
    """Never waits, but remembers how long it was asked to; its monotonic time stands still unless told."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.ticks = 0.0

    def now(self) -> Any:
        raise AssertionError("the adapter does not ask for the wall clock")

    def monotonic(self) -> float:
        return self.ticks

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        return event.is_set()


@contextmanager
def connected(url: str, **options: Any) -> Iterator[Kubernetes]:
    """The adapter at ``url``, without real waits."""
    clock = options.pop("clock", None) or QuickClock()
    cluster = Kubernetes.connect(Place(url=url, fleet="test", key=b"secret", **{"timeout": 10.0, **options}), clock)
    try:
        yield cluster
    finally:
        cluster.close()


def meta(name: str, scope: str = "", owner: Obj | None = None, **more: Any) -> Obj:
    """The metadata of an object; ``owner`` is another object."""
    metadata: Obj = {"name": name, "uid": f"uid-{scope}-{name}", "creationTimestamp": "2026-01-02T03:04:05Z"}
    metadata["resourceVersion"] = "1"
    if scope:
        metadata["namespace"] = scope
    if owner is not None:
        ref = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        metadata["ownerReferences"] = [{**ref, "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}]
    return {**metadata, **more}


def obj(api_version: str, kind: str, metadata: Obj, **more: Any) -> Obj:
    """An object."""
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def pod(name: str, scope: str, owner: Obj | None = None, **more: Any) -> Obj:
    """A pod."""
    return obj("v1", "Pod", meta(name, scope, owner, **more))


def namespace(name: str, **labels: str) -> Obj:
    """A namespace."""
    return obj("v1", "Namespace", meta(name, labels=labels))


def page(items: Any, token: str = "", kind: str = "PartialObjectMetadataList") -> Reply:
    """One page of a list."""
    return Reply(200, {"kind": kind, "apiVersion": "v1", "metadata": {"continue": token}, "items": items})


def status(code: int, message: str, causes: list[Obj] | None = None) -> Reply:
    """A bad answer as the API server words it."""
    details = {"details": {"causes": causes}} if causes is not None else {}
    return Reply(code, {"kind": "Status", "status": "Failure", "message": message, "code": code, **details})


@dataclass
class Shelf:
    """Objects by the path of their collection (``/api/v1/namespaces/shop/pods``), served like an API server would:
    one by one, as lists of a namespace, and as lists over all. ``forbidden`` holds paths that answer 403."""

    objects: dict[str, list[Obj]]
    forbidden: set[str] = field(default_factory=set)
    answers: dict[str, Obj] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        if request.path in self.forbidden:
            return status(403, "no")
        if request.path in self.answers:
            return Reply(200, self.answers[request.path])
        parent, _, name = request.path.rpartition("/")
        for found in self.objects.get(parent, []):
            if found["metadata"]["name"] == name:
                return Reply(200, found)
        items = self._items(request.path)
        if items is None:
            return status(404, f"{request.path} not found")
        partial = "PartialObjectMetadataList" in request.headers["accept"]
        return page(items, kind="PartialObjectMetadataList" if partial else "List")

    def _items(self, path: str) -> list[Obj] | None:
        if path in self.objects:
            return self.objects[path]
        root, _, plural = path.rpartition("/")
        spread = [
            items
            for key, items in self.objects.items()
            if key.startswith(f"{root}/namespaces/") and key.endswith(f"/{plural}")
        ]
        if spread or plural in ("pods", "namespaces", "replicasets", "deployments", "nodes"):
            return [item for items in spread for item in items]
        return None
