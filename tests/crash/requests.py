"""When a request that writes leaves this process, whichever library sends it: all of them send by http.client."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

READS = (b"GET ", b"HEAD ")
ASKS = (b"Action=Describe", b"Action=Get", b"reviews ", b"/secrets", b"/leases")
"""What is no write to a target, though it is a POST or a PATCH: most of AWS, Kubernetes asked who we are and what we may
do, and records and leases, which are our own."""

STRUCK = (b"/secrets/one-", b"simian-army-kept-")
"""Which Secrets are none of these: the one that is struck, and what keeps its true value."""


def on_write(tell: Callable[[], None]) -> None:
    """From now on call ``tell`` when a request that writes has been sent whole, before its answer is waited for."""
    send, answer = HTTPConnection.send, HTTPConnection.getresponse

    def sending(self: HTTPConnection, data: Any) -> None:
        send(self, data)
        vars(self)["said"] = vars(self).get("said", b"") + bytes(data)

    def answering(self: HTTPConnection) -> Any:
        if writes(vars(self).pop("said", b"")):
            tell()
        return answer(self)

    HTTPConnection.send = sending  # type: ignore[method-assign]
    HTTPConnection.getresponse = answering  # type: ignore[method-assign]


def writes(said: bytes) -> bool:
    """Whether what was sent is a request that may change a target."""
    if not said or said.startswith(READS):
        return False
    return any(struck in said for struck in STRUCK) or not any(ask in said for ask in ASKS)
