"""What an answer of a toxiproxy server means, and who can help."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simian_army.errors import Forbidden, Gone, PlatformError, Refused, SimianError, Unknown

if TYPE_CHECKING:
    from requests import Response

_SEEN = 200
_GONE = frozenset({"proxy not found", "toxic not found"})
"""A 404 in any other words comes from something else: it must not count as gone."""


def judged(call: str, response: Response) -> Response:
    """The same answer, if it is a good one; ``call`` is ``POST http://127.0.0.1:8474/proxies/a/toxics``.

    Raises:
        Gone: the server has no such proxy or toxic.
        Refused: it said no to an act, and nothing was changed.
        Unknown: it broke in an act.
        Forbidden, PlatformError: any other answer that is not 2xx.
    """
    from toxiproxy.api import validate_response
    from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

    try:
        validate_response(response)
    except (NotFound, ProxyExists, InvalidToxic) as error:
        raise error_of(call, response) from error
    if not 200 <= response.status_code < 300:
        # the library lets all of these pass as if they were answers
        raise error_of(call, response)
    return response


def error_of(call: str, response: Response) -> SimianError:
    """The error that a bad answer means."""
    status, act = response.status_code, not call.startswith("GET ")
    said = _said(response)
    text = f"{call}: {status} {said or repr(response.content[:_SEEN].decode(errors='replace'))}"
    if status == 404 and said in _GONE:
        return Gone(text)
    if status in (401, 403):
        return Forbidden(f"{text}; a toxiproxy of itself asks for no credentials: see what stands before it")
    if 300 <= status < 400 or status == 404 or (not said and status < 500):
        return PlatformError(f"{text}: not an answer of a toxiproxy; is the endpoint right?")
    if status >= 500:
        return Unknown(f"{text}; it may have happened") if act else PlatformError(text)
    return Refused(text) if act else PlatformError(text)


def object_of(call: str, body: bytes) -> dict[str, Any]:
    """The JSON object in an answer.

    Raises:
        PlatformError: it is none.
    """
    data = _json(body)
    if not isinstance(data, dict):
        seen = body[:_SEEN].decode(errors="replace")
        raise PlatformError(f"{call}: not an answer of a toxiproxy: {seen!r}; is the endpoint right?")
    return data


def _said(response: Response) -> str:
    """What the server says in the form of its errors; empty when it is not of that form."""
    data = _json(response.content)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
