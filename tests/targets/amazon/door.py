"""A door before the embedded AWS, at which requests and answers get lost, or are turned away."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from simian_army.targets.aws import Aws
from tests.targets.amazon.stub import Asked, Reply, Stub, serving
from tests.targets.amazon.world import World, connected

SILENCE = Reply(0, "")
_WAIT = 20  # seconds that the embedded AWS may take


@dataclass
class Door:
    """Lets everything through to ``url`` but what is named by its action.

    ``lose`` are those whose answer never arrives, ``keep`` those that never get in, ``say`` what is answered instead.
    """

    url: str
    lose: set[str] = field(default_factory=set)
    keep: set[str] = field(default_factory=set)
    say: dict[str, Reply] = field(default_factory=dict)
    stub: Stub = field(default_factory=Stub)

    def __call__(self, asked: Asked) -> Reply:
        if asked.action in self.keep:
            return SILENCE
        if asked.action in self.say:
            return self.say[asked.action]
        reply = self._through(asked)
        return SILENCE if asked.action in self.lose else reply

    def open(self) -> None:
        """From now on everything gets through."""
        self.lose, self.keep, self.say = set(), set(), {}

    def sent(self, action: str) -> int:
        """How many requests of this action came to the door."""
        return self.stub.actions().count(action)

    def _through(self, asked: Asked) -> Reply:
        left = {"host", "content-length", "connection", "accept-encoding"}
        headers = {key: value for key, value in asked.headers.items() if key not in left}
        request = urllib.request.Request(
            self.url + asked.path, asked.raw.encode() or None, headers, method=asked.method
        )
        try:
            with urllib.request.urlopen(request, timeout=_WAIT) as said:
                return Reply(said.status, said.read().decode(), _about(said))
        except urllib.error.HTTPError as bad:
            with bad:
                return Reply(bad.code, bad.read().decode(), _about(bad))


def _about(said: Any) -> dict[str, str]:
    """The headers that botocore reads where the body does not tell."""
    return {key: value for key, value in said.headers.items() if key.lower().startswith("x-amzn-")}


@contextmanager
def behind_door(world: World, **options: Any) -> Iterator[tuple[Door, Aws]]:
    """The adapter, which reaches ``world`` only through a door; ``through`` is a door of another kind."""
    door = options.pop("through", Door)(world.server.url)
    with serving(door) as stub, connected(stub.url, **options) as aws:
        door.stub = stub
        yield door, aws
