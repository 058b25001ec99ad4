"""What an API server answers, taken down as plain data: the code, the body, and a watch's events."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster.api import PATCHES, Api

Json = Any
SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """``code`` is the HTTP status; ``body`` is JSON, or text where it is none."""

    code: int
    body: Json

    @property
    def said(self) -> Json:
        """The code, and the reason of a Status that says no."""
        reason = self.body.get("reason") if isinstance(self.body, dict) and self.code >= 400 else None
        return [self.code, reason] if reason else self.code


def ask(api: Api, method: str, path: str, body: Json = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Send one request; ``body`` is JSON, or bytes to be sent as they are."""
    try:
        with urllib.request.urlopen(
            _request(api, method, path, body, headers), timeout=SECONDS, context=api._trust
        ) as it:
            return Answer(it.status, _read(it.read()))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _read(error.read()))


def events(api: Api, path: str, enough: Callable[[list[Json]], bool]) -> list[Json] | Answer:
    """The events of a watch until there are ``enough``, or the server ends it; the answer when there is no stream."""
    found: list[Json] = []
    try:
        with urllib.request.urlopen(_request(api, "GET", path), timeout=SECONDS, context=api._trust) as stream:
            while not enough(found) and (line := stream.readline()):
                found.append(json.loads(line))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _read(error.read()))
    return found


def _request(
    api: Api, method: str, path: str, body: Json = None, headers: Mapping[str, str] | None = None
) -> urllib.request.Request:
    request = urllib.request.Request(api.server + path.replace(" ", "%20"), method=method)
    request.add_header("Authorization", f"Bearer {api.token}")
    if body is not None:
        request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
        media = PATCHES.get(type(body), "") if method == "PATCH" else "application/json"
        request.add_header("Content-Type", media)
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    return request


def _read(text: bytes) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
