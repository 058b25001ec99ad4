"""The embedded Kubernetes API server: the wire protocol on 127.0.0.1, at a free port."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import TracebackType
from typing import Any, Self

from simian_army.clock import Clock, SystemClock
from simian_army.embedded.kube import writing
from simian_army.embedded.kube.cluster import Cluster
from simian_army.embedded.kube.controllers.manager import Manager
from simian_army.embedded.kube.discovery import discovered
from simian_army.embedded.kube.forms import form, shaped
from simian_army.embedded.kube.objects import space_of
from simian_army.embedded.kube.reading import listing, must_be_reached, version_asked
from simian_army.embedded.kube.request import DISCOVERY, LISTS, READS, Request, Route, route
from simian_army.embedded.kube.resources import REVIEW
from simian_army.embedded.kube.status import Problem, method_not_allowed, unknown_path
from simian_army.embedded.kube.watching import watch

Json = dict[str, Any]
SEED = 20261123  # chance is for names and uids only; the same seed makes the same world


@dataclass(frozen=True, slots=True)
class Write:
    """One write that was answered."""

    method: str
    path: str
    code: int
    user_agent: str


class KubeServer:
    """A small Kubernetes: ``seed`` objects, controllers that keep them, and the API over HTTP.

    ``writes`` records every write request answered. ``startup`` is the seconds a pod takes to become ready.
    """

    def __init__(self, seed: Sequence[Json] = (), *, startup: float = 0.2, clock: Clock | None = None) -> None:
        self.cluster = Cluster(clock or SystemClock(), Random(SEED))  # noqa: S311 - a repeatable world
        self.manager = Manager(self.cluster, startup)
        self.writes: list[Write] = []
        self.stopping = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="kube-api", daemon=True)
        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        for obj in seed:
            self.apply(obj)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Listen, and let the controllers work."""
        self.manager.start()
        self._thread.start()

    def stop(self) -> None:
        """End every thread and close every socket."""
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.end_connections()
        self._http.server_close()
        self.manager.stop()

    def apply(self, obj: Json) -> Json:
        """Create an object as an administrator would.

        Raises:
            Problem: it cannot be.
        """
        resource = self.cluster.kinds.of(obj["apiVersion"], obj["kind"])
        if resource is None:
            raise unknown_path()
        return self.cluster.bring(resource, space_of(obj) or ("default" if resource.namespaced else ""), obj)

    def objects(self, kind: str, namespace: str | None = None) -> list[Json]:
        """What is there, of one kind."""
        resource = self.cluster.kinds.named(kind)
        return self.cluster.store.rows(resource.id, namespace or "") if resource else []

    def settle(self, timeout: float) -> bool:
        """Wait until the controllers have nothing to do, at most ``timeout`` seconds; whether they have."""
        return self.manager.settle(timeout)

    def expire(self) -> None:
        """Forget the past: outstanding continue tokens and watch versions are answered 410."""
        self.cluster.store.compact()

    def answer(self, request: Request) -> tuple[int, Json | str]:
        """The answer to one request that is no watch."""
        try:
            return self._answer(request)
        except Problem as problem:
            return problem.code, problem.status()

    def _answer(self, request: Request) -> tuple[int, Json | str]:
        found = discovered(request.path, self.cluster.kinds)
        if found is not None:
            request.query(DISCOVERY | READS)
            return 200, found
        return self._serve(request, route(request.path, self.cluster.kinds))

    def _serve(self, request: Request, where: Route) -> tuple[int, Json]:
        if where.resource == REVIEW and request.method == "POST":
            return writing.review(request)
        wanted = form(request.headers.get("accept", ""))
        if request.method == "GET":
            return 200, self._read(request, where, wanted)
        code, obj = self._write(request, where, wanted)
        if where.name and not where.sub and obj.get("kind") == where.resource.kind:
            obj = shaped(obj, wanted, where.resource)
        return code, obj

    def _read(self, request: Request, where: Route, wanted: str) -> Json:
        if not where.name:
            return listing(self.cluster, where, request.query(LISTS), wanted)
        must_be_reached(self.cluster, version_asked(request.query(READS | {"resourceVersion"})))
        obj = self.cluster.get(where.resource, where.namespace, where.name)
        if where.sub == "scale" and where.resource.scale:
            return writing.scale_of(where.resource, obj)
        if where.sub not in ("", "status"):
            raise unknown_path()
        return shaped(obj, wanted, where.resource)

    def _write(self, request: Request, where: Route, wanted: str) -> tuple[int, Json]:
        cluster, method = self.cluster, request.method
        if method == "POST" and where.sub == "eviction":
            return writing.evicted(cluster, where, request)
        if method == "POST" and not where.name:
            return writing.create(cluster, where, request)
        if method == "PUT" and where.name:
            return writing.replace(cluster, where, request)
        if method == "PATCH" and where.name:
            return writing.patch(cluster, where, request)
        if method == "DELETE" and where.name and not where.sub:
            return writing.delete(cluster, where, request)
        if method == "DELETE" and not where.name:
            return writing.delete_all(cluster, where, request, wanted)
        raise method_not_allowed()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.live: set[Any] = set()

    def end_connections(self) -> None:
        """Close what clients keep open."""
        import socket

        for connection in list(self.live):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours."""


def _handler(server: KubeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            server._http.live.add(self.connection)  # noqa: SLF001 - one server in two classes

        def finish(self) -> None:
            server._http.live.discard(self.connection)  # noqa: SLF001 - the same
            super().finish()

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The Date of an answer, by the clock of this world."""
            del timestamp
            return format_datetime(server.cluster.clock.now(), usegmt=True)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            """Stay quiet."""

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = Request(self.command, self.path, self.rfile.read(length), headers)
            if self.command == "GET" and "watch=" in self.path and self._watched(request):
                return
            code, body = server.answer(request)
            if self.command != "GET":
                server.writes.append(Write(self.command, request.path, code, headers.get("user-agent", "")))
            self._send(code, body)

        def _watched(self, request: Request) -> bool:
            try:
                where = route(request.path, server.cluster.kinds)
                query = request.query(LISTS)
                if query.get("watch", "").lower() not in ("1", "true"):
                    return False
                events = watch(server.cluster, where, query, form(request.headers.get("accept", "")), server.stopping)
            except Problem as problem:
                self._send(problem.code, problem.status())
                return True
            self._stream(events)
            return True

        def _stream(self, events: Any) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for event in events:
                    self._chunk(event)
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                self.close_connection = True
            finally:
                events.close()

        def _chunk(self, event: Json) -> None:
            line = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()

        def _send(self, code: int, body: Json | str) -> None:
            text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 - the base class names them

    return Handler
