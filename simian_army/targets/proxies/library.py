"""The library's own classes, each bound to one server instead of to the whole process."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any
from urllib.parse import quote

from simian_army.targets.proxies.wire import Wire

_CONSUMER = "APIConsumer"


class Name(str):
    """A name that is quoted wherever the library writes it into a path, and plain everywhere else."""

    __slots__ = ()

    def __str__(self) -> str:
        """As a path needs it."""
        return quote(self.encode(), safe="")


def bound(wire: Wire) -> Any:
    """A ``toxiproxy.Toxiproxy`` that speaks through ``wire`` alone, and so do the proxies it gives.

    The library keeps host and port on one class for the whole process. Its methods are taken as they are, over
    globals in which that class is ``wire``; the library itself is not changed. ``proxy`` makes a ``toxiproxy.Proxy``
    of what the server said of one.
    """
    from toxiproxy import Proxy, Toxiproxy

    class BoundProxy(_over(Proxy, {_CONSUMER: wire})):  # type: ignore[misc]
        def __init__(self, **said: Any) -> None:
            super().__init__(**said)
            self.name = Name(said["name"])

        def destroy_toxic(self, toxic_name: str) -> bool:
            return bool(super().destroy_toxic(Name(toxic_name)))

    class BoundToxiproxy(_over(Toxiproxy, {_CONSUMER: wire, "Proxy": BoundProxy})):  # type: ignore[misc]
        proxy = BoundProxy

        def running(self) -> bool:
            return bool(self.version())

        def version(self) -> bytes:
            # the library's own asks first whether a bare socket connects, without a timeout
            return bytes(wire.get("/version").content)

        def update_api_consumer(self, host: str, port: int) -> None:
            raise TypeError(f"bound to {wire.endpoint} for good, not to be moved to {host}:{port}")

    return BoundToxiproxy()


def _over(kind: type, names: Mapping[str, Any]) -> Any:
    """A subclass whose methods see ``names`` instead of the globals that are called so."""
    methods = {name: method for name, method in vars(kind).items() if isinstance(method, FunctionType)}
    own = {
        name: _rebound(method, names) for name, method in methods.items() if names.keys() & {*method.__code__.co_names}
    }
    return type(kind.__name__, (kind,), own)


def _rebound(method: FunctionType, names: Mapping[str, Any]) -> FunctionType:
    made = FunctionType(
        method.__code__, {**method.__globals__, **names}, method.__name__, method.__defaults__, method.__closure__
    )
    made.__kwdefaults__ = method.__kwdefaults__
    return made
