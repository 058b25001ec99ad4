"""How a calendar is fetched: a file, or a URL with a limit of size, over HTTP only, its path never told."""

from __future__ import annotations

import base64
import http.client
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit, urlunsplit

LIMIT = 1 << 20
"""Bytes; a larger calendar is refused."""


def fetcher(ical: str, folder: Path, timeout: float) -> Callable[[], bytes]:
    """What reads ``ical``, a file (below ``folder`` unless absolute) or a URL; ``timeout`` in seconds, a call.

    What it makes raises OSError or ValueError; the text holds no part of the URL behind its host.
    """
    parts = urlsplit(ical)
    if parts.scheme in ("http", "https"):
        return lambda: _get(ical, timeout)
    path = folder / (unquote(parts.path) if parts.scheme == "file" else ical)
    return lambda: _read(path)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _within(file.read(LIMIT + 1))
    except OSError as error:
        raise OSError(f"it cannot be read: {error.strerror}") from error


def _get(url: str, timeout: float) -> bytes:
    parts = urlsplit(url)
    secret, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=host, fragment="")))  # noqa: S310 - vetted by config
    request.add_header("Accept", "text/calendar")
    if secret:  # not sent to wherever the server leads on
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(unquote(secret).encode()).decode()}")
    try:
        with _opener().open(request, timeout=timeout) as answer:
            return _within(answer.read(LIMIT + 1))
    except urllib.request.HTTPError as error:
        with error:
            raise OSError(f"its server answered {error.code}") from None
    except OSError as error:
        raise OSError(f"its server could not be asked: {getattr(error, 'reason', None) or error}") from None
    except http.client.HTTPException as error:
        raise OSError(f"its server answered what is not HTTP ({type(error).__name__})") from None


def _within(data: bytes) -> bytes:
    if len(data) > LIMIT:
        raise ValueError(f"it is larger than {LIMIT // 1024} KiB: publish only the events that are quiet")
    return data


class _Careful(urllib.request.HTTPRedirectHandler):
    """Follows to HTTP only, and never from an encrypted place to an open one."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - the library's signature
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme not in ("http", "https") or (req.type == "https" and scheme != "https"):
            raise ValueError(f"its server leads on from {req.type} to {scheme}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    made = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Careful(),
    ):
        made.add_handler(handler)
    return made
