"""How requests reach one toxiproxy server: each in bounded time, reads tried again, acts sent once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from simian_army.clock import Clock
from simian_army.dating import Dated, dated
from simian_army.errors import PlatformError, Unknown
from simian_army.targets.proxies.answers import judged

if TYPE_CHECKING:
    from requests import Response, Session

TRIES = 3
"""How often a read is sent at most."""

_POOL = 16
_CHUNK = 1 << 16
_MOST = 64 << 20  # bytes: an answer beyond this is none of a toxiproxy


@dataclass(slots=True)
class Wire:
    """One server, in the shape of the library's ``APIConsumer`` and without its class attributes: as many of them as
    wanted live side by side. ``timeout`` is seconds for one request, to the end of its answer; many threads may use it.

    ``dated`` is the Date of the latest answer; None when it had none.
    ``get``, ``post`` and ``delete`` raise Forbidden, Gone and PlatformError; the last two Refused and Unknown as well.
    """

    endpoint: str
    timeout: float
    clock: Clock
    dated: Dated | None = field(default=None, init=False)
    _session: Session | None = field(default=None, init=False, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def close(self) -> None:
        """End the idle connections."""
        with self._guard:
            if self._session is not None:
                self._session.close()
                self._session = None

    def get(self, url: str, params: Any = None, **more: Any) -> Response:
        """Ask; up to three times while there is no good answer."""
        for attempt in range(1, TRIES + 1):
            try:
                response = self._exchange("GET", url, params=params, **more)
            except PlatformError:
                if attempt == TRIES:
                    raise
            else:
                if response.status_code < 500 or attempt == TRIES:
                    return judged(self.call("GET", url), response)
            self.clock.wait(threading.Event(), 0.1 * attempt * attempt)
        raise PlatformError(f"{self.call('GET', url)}: not tried")

    def post(self, url: str, data: Any = None, json: Any = None, **more: Any) -> Response:
        """Act, once."""
        return judged(self.call("POST", url), self._exchange("POST", url, data=data, json=json, **more))

    def delete(self, url: str, **more: Any) -> Response:
        """Act, once."""
        return judged(self.call("DELETE", url), self._exchange("DELETE", url, **more))

    def call(self, method: str, url: str) -> str:
        """How messages name a request."""
        return f"{method} {self.endpoint}{url}"

    def _exchange(self, method: str, url: str, **more: Any) -> Response:
        import requests
        import urllib3

        sent = self.clock.monotonic()
        try:
            # redirects would turn a DELETE into a GET of somewhere else
            answer = self._open().request(
                method, self.endpoint + url, timeout=self.timeout, allow_redirects=False, stream=True, **more
            )
            self.dated = dated(answer.headers.get("Date", ""), sent, self.clock.monotonic())
            return self._whole(answer, sent + self.timeout)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._silence(method, url, error) from error

    def _whole(self, answer: Response, ends: float) -> Response:
        from requests import Response

        body = b""
        with answer:
            while chunk := answer.raw.read1(_CHUNK):
                body += chunk
                # the read timeout begins anew with every byte that trickles in
                if self.clock.monotonic() > ends:
                    raise TimeoutError(f"the answer did not end within {self.timeout:g} s")
                if len(body) > _MOST:
                    raise OSError(f"the answer has more than {_MOST} bytes")
            answer.raw.release_conn()  # what was read to its end may be used again
        whole = Response()
        whole.status_code, whole.headers, whole.url = answer.status_code, answer.headers, answer.url
        whole.raw = BytesIO(body)
        return whole

    def _open(self) -> Session:
        with self._guard:
            if self._session is None:
                self._session = _session()
            return self._session

    def _silence(self, method: str, url: str, error: Exception) -> PlatformError:
        call = self.call(method, url)
        if _unsent(error):
            return PlatformError(f"{call}: cannot be reached ({error}); is the toxiproxy up, and the endpoint right?")
        if method == "GET":
            return PlatformError(f"{call}: no answer within {self.timeout:g} s ({error})")
        return Unknown(f"{call}: sent, but no answer came ({error}); it may have happened")


def _unsent(error: Exception) -> bool:
    """Whether nothing of the request can have reached the server."""
    import requests
    import urllib3

    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | ValueError):
        return True
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)


def _session() -> Session:
    from http.cookiejar import DefaultCookiePolicy

    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": _agent(), "Accept": "application/json", "Accept-Encoding": "identity"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=_POOL, max_retries=0))
    return session


@cache
def _agent() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"simian-army/{version('simian-army')}"
    except PackageNotFoundError:
        return "simian-army/source"
