"""How a test speaks to the API server: plain JSON, so that what is tested is not what tests."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Obj = dict[str, Any]
PATCHES: dict[type, str] = {list: "application/json-patch+json", dict: "application/merge-patch+json"}


class ApiSaidError(Exception):
    """The API server answered with an error; ``code`` is the HTTP status."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


class Api:
    """One user's way to one API server. ``namespace`` and the rest of a path are written out by the caller."""

    def __init__(self, server: str, ca: Path, token: str) -> None:
        self.server = server
        self.token = token
        self._trust = ssl.create_default_context(cafile=str(ca))

    def raw(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> bytes:
        """Send one request and return the answer's bytes.

        Raises:
            ApiSaidError: the status was 400 or more.
        """
        request = urllib.request.Request(self.server + path, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("User-Agent", "simian-tests")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60, context=self._trust) as answer:
                found: bytes = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise ApiSaidError(error.code, error.read().decode(errors="replace")[:1000]) from None
        return found

    def get(self, path: str) -> Obj:
        """GET as JSON."""
        return self._json("GET", path)

    def create(self, path: str, obj: Obj) -> Obj:
        """POST ``obj``; one that is already there (409) is read and returned instead."""
        try:
            return self._json("POST", path, obj)
        except ApiSaidError as said:
            if said.code != 409:
                raise
            return self.get(f"{path}/{obj['metadata']['name']}")

    def patch(self, path: str, change: Obj | list[Obj]) -> Obj:
        """Merge patch from a dict, JSON patch from a list."""
        return self._json("PATCH", path, change, {"Content-Type": PATCHES[type(change)]})

    def delete(self, path: str) -> None:
        """DELETE; one that is not there (404) is fine."""
        try:
            self.raw("DELETE", path)
        except ApiSaidError as said:
            if said.code != 404:
                raise

    def items(self, path: str) -> Iterator[Obj]:
        """The items of a list; ``path`` may hold a query."""
        yield from self.get(path)["items"]

    def _json(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Obj:
        found: Obj = json.loads(self.raw(method, path, body, headers) or b"{}")
        return found
