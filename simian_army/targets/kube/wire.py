"""How requests reach the API server: each in bounded time, reads tried again, acts sent once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from simian_army.clock import Clock
from simian_army.dating import Dated, dated
from simian_army.errors import PlatformError, Unknown
from simian_army.targets.kube.answers import error_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.login import Session

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

TRIES = 3
"""How often a read is sent at most."""

_CONNECT = 5.0
_LONGEST_WAIT = 2.0
_CHUNK = 1 << 20
_FRESH = 1.0
"""For so many seconds the headers that say who we are are used again: to ask for them may start a thread."""

_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    body: bytes
    retry_after: str = ""


@dataclass(slots=True)
class Wire:
    """Requests to one API server. ``timeout`` is seconds for one request, from its sending to the end of its answer.

    ``dated`` is the Date of the latest answer; None when it had none.
    """

    login: Callable[[], Session]
    timeout: float
    clock: Clock
    session: Session = field(init=False)
    dated: Dated | None = field(default=None, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)
    _who: tuple[Session, float, dict[str, str]] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.session = self.login()

    @property
    def host(self) -> str:
        """The URL of the server."""
        return self.session.host

    def close(self) -> None:
        """End the idle connections."""
        self.session.close()

    def read(self, call: Call) -> bytes:
        """The body of a good answer; sent up to three times while the server cannot be reached or is overloaded.

        Raises:
            Forbidden, Gone, PlatformError: what the last answer was.
        """
        for attempt in range(1, TRIES + 1):
            try:
                answer = self._exchange(call)
            except PlatformError:
                if attempt == TRIES:
                    raise
                self._rest(attempt, "")
                continue
            if answer.status not in _TRY_AGAIN or attempt == TRIES:
                return self._good(call, answer)
            self._rest(attempt, answer.retry_after)
        raise PlatformError(f"{self.host}: {call}: not tried")

    def act(self, call: Call) -> bytes:
        """The body of a good answer to a request that is sent once.

        Raises:
            Refused, Forbidden, Gone, Conflict, PlatformError: nothing was changed.
            Unknown: it was sent, and nobody can say what became of it.
        """
        return self._good(call, self._exchange(call))

    def _good(self, call: Call, answer: Answer) -> bytes:
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer.body
        raise error_of(self.host, call, answer.status, answer.body)

    def _rest(self, attempt: int, wish: str) -> None:
        wished = float(wish) if wish.isdigit() else 0.0
        self.clock.wait(threading.Event(), min(max(wished, 0.1 * attempt * attempt), _LONGEST_WAIT))

    def _exchange(self, call: Call) -> Answer:
        session = self.session
        answer = self._send(session, call)
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return answer
        # a token or certificate may have been replaced since; a 401 changed nothing, so sending again is safe
        return self._send(self._renewed(session), call)

    def _renewed(self, old: Session) -> Session:
        with self._guard:
            if self.session is old:
                self.session = self.login()
                old.close()
            return self.session

    def _credentials(self, session: Session) -> dict[str, str]:
        known, now = self._who, self.clock.monotonic()
        if known and known[0] is session and now < known[1]:
            return known[2]
        headers = session.authorize()
        self._who = (session, now + _FRESH, headers)
        return headers

    def _send(self, session: Session, call: Call) -> Answer:
        import urllib3
        from msgspec import json

        headers = {"User-Agent": _agent(), **call.headers, **self._credentials(session)}
        body = None if call.body is None else json.encode(call.body)
        sent = self.clock.monotonic()
        try:
            response = session.pool.request(
                call.method,
                session.host + call.location,
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(connect=min(self.timeout, _CONNECT), read=self.timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            self.dated = dated(response.headers.get("Date", ""), sent, self.clock.monotonic())
            whole = self._whole(response, sent + self.timeout)
            return Answer(response.status, whole, response.headers.get("Retry-After", ""))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._silence(call, error) from error

    def _whole(self, response: BaseHTTPResponse, ends: float) -> bytes:
        chunks = []
        while chunk := response.read1(_CHUNK):
            chunks.append(chunk)
            # the read timeout begins anew with every byte that trickles in
            if self.clock.monotonic() > ends:
                response.close()
                raise TimeoutError(f"the answer did not end within {self.timeout:g} s")
        response.release_conn()
        return b"".join(chunks)

    def _silence(self, call: Call, error: Exception) -> PlatformError:
        import urllib3

        unsent = (
            urllib3.exceptions.NewConnectionError,
            urllib3.exceptions.ConnectTimeoutError,
            urllib3.exceptions.SSLError,
            urllib3.exceptions.ProxyError,
            urllib3.exceptions.LocationParseError,
        )
        if isinstance(error, unsent):
            hint = "is the cluster up, and is this the right context?"
            return PlatformError(f"{self.host}: {call}: cannot be reached ({error}); {hint}")
        if call.method == "GET":
            return PlatformError(f"{self.host}: {call}: no answer within {self.timeout:g} s ({error})")
        return Unknown(f"{self.host}: {call}: sent, but no answer came ({error}); it may have happened")


@cache
def _agent() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"simian-army/{version('simian-army')}"
    except PackageNotFoundError:
        return "simian-army/source"
