"""How a place is asked over HTTP: one request, one answer, in bounded time and size, and no redirect followed."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from pathlib import Path
from socket import create_connection, socket
from urllib.parse import unquote, urlencode, urlsplit

from simian_army.clock import Clock
from simian_army.errors import Forbidden, PlatformError
from simian_army.looking.limited import LIMIT, Limited

SHOWN = 200
"""Letters of what a server says that are shown."""

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; ``location`` is the host that a redirect leads to."""

    status: int
    body: bytes
    location: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """A URL of config, which may hold user and password. ``bearer`` is a token, ``ca`` a file of certificates to trust
    instead of the system's; ``timeout`` is seconds for a whole answer. No proxy of the environment is used.

    Nothing it says holds secrets; errors are without the place, which whoever asks has to say.
    """

    url: str = field(repr=False)
    clock: Clock = field(repr=False)
    bearer: str = field(default="", repr=False)
    ca: str = ""
    timeout: float = 2.0

    @property
    def host(self) -> str:
        """``prometheus.shop:9090``."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def get(self, path: str, params: Pairs = ()) -> Reply:
        """Ask for ``path`` below the URL, or with an empty one for the URL itself.

        Raises:
            PlatformError: no answer, or not a whole one.
        """
        query = urlencode(params) or urlsplit(self.url).query
        return self._exchange("GET", f"{self._at(path)}?{query}" if query else self._at(path), None)

    def post(self, path: str, form: Pairs) -> Reply:
        """Send a form there.

        Raises:
            PlatformError: no answer, or not a whole one.
        """
        return self._exchange("POST", self._at(path), urlencode(form).encode())

    def said(self, text: str) -> str:
        """Words of the server, fit to be shown: short, in one line, without our secrets."""
        for secret in sorted({self.bearer, *self._userinfo()} - {""}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:SHOWN]

    def error(self, reply: Reply, text: str) -> PlatformError:
        """What an answer means that is not the one hoped for."""
        if reply.status in (401, 403):
            return Forbidden(f"{reply.status}: our credentials were not accepted: see bearer, or the URL's")
        if reply.location:
            return PlatformError(redirected(reply))
        return PlatformError(f"{reply.status} {self.said(text)}".rstrip())

    def _at(self, path: str) -> str:
        base = urlsplit(self.url).path
        return base.rstrip("/") + path if path else base or "/"

    def _userinfo(self) -> tuple[str, str]:
        parts = urlsplit(self.url)
        return unquote(parts.username or ""), unquote(parts.password or "")

    def _headers(self) -> dict[str, str]:
        headers = {"Host": self.host, "Connection": "close", "User-Agent": "simian-army"}
        user, password = self._userinfo()
        if self.bearer:
            headers["Authorization"] = f"Bearer {self.bearer}"
        elif user or password:
            headers["Authorization"] = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        return headers

    def _exchange(self, method: str, target: str, form: bytes | None) -> Reply:
        ends = self.clock.monotonic() + self.timeout
        headers = self._headers()
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            with closing(self._connect(ends)) as wire:
                connection = HTTPConnection("-")
                connection.sock = Limited(wire, ends, self.clock)
                connection.request(method, target, form, headers)
                answer = connection.getresponse()
                body = _whole(answer)
        except (OSError, HTTPException, ValueError) as error:
            raise PlatformError(self._trouble(error)) from error
        leads = answer.getheader("Location", "") if 300 <= answer.status < 400 else ""
        return Reply(answer.status, body, urlsplit(leads).netloc.rpartition("@")[2] or (self.host if leads else ""))

    def _connect(self, ends: float) -> socket:
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        wire = create_connection((str(parts.hostname), parts.port or (443 if secure else 80)), self.timeout)
        if not secure:
            return wire
        try:
            wire.settimeout(max(0.01, ends - self.clock.monotonic()))
            return _trust(self.ca).wrap_socket(wire, server_hostname=parts.hostname)
        except BaseException:
            wire.close()
            raise

    def _trouble(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            fix = "name the file with its authority's certificate in ca"
            return f"its certificate is not trusted ({error.verify_message}): {fix}"
        if isinstance(error, TimeoutError):
            return f"no answer within {self.timeout:g} s"
        words = getattr(error, "strerror", None) or str(error)
        return self.said(f"no whole answer: {words or type(error).__name__}")


def redirected(reply: Reply) -> str:
    """Why a redirect is no answer."""
    return f"{reply.status}: it redirects to {reply.location}, which is not followed: write the URL it leads to"


def _whole(answer: HTTPResponse) -> bytes:
    """The body; never more is asked for at once than an answer may have, whatever length it claims."""
    body = answer.read(LIMIT)
    if answer.length:  # it is not told by itself that a body ends before its length
        raise IncompleteRead(body, answer.length)
    return body


def _trust(ca: str) -> ssl.SSLContext:
    try:
        return _context(ca, Path(ca).stat().st_mtime_ns if ca else 0)
    except OSError as error:
        raise PlatformError(f"the certificates in {ca} (ca) cannot be read: {error.strerror or error}") from error


@lru_cache(maxsize=32)
def _context(ca: str, changed: int) -> ssl.SSLContext:
    del changed  # a file that was changed is read again
    return ssl.create_default_context(cafile=ca or None)
