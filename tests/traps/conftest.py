"""The toxiproxy library as it is, for tests that show what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

library: Any = import_module("toxiproxy")
Consumer: Any = import_module("toxiproxy.api").APIConsumer


@pytest.fixture
def theirs() -> Iterator[Callable[[str], Any]]:
    """The library as it is, moved to a server; put back afterwards."""
    host, port = Consumer.host, Consumer.port

    def move(url: str) -> Any:
        Consumer.host, Consumer.port = "127.0.0.1", int(url.rpartition(":")[2])
        return library.Toxiproxy()

    yield move
    Consumer.host, Consumer.port = host, port
