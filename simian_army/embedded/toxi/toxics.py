"""What a toxic is, and how requests make and change one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simian_army.embedded.toxi.forms import Json, Problem, object_of, share, text, whole

STREAMS = ("upstream", "downstream")
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "latency": ("latency", "jitter"),
    "bandwidth": ("rate",),
    "timeout": ("timeout",),
    "reset_peer": ("timeout",),
}
ELSEWHERE = frozenset({"slow_close", "slicer", "limit_data", "noop"})
"""Types of the real server that this one does not have."""


@dataclass(slots=True, eq=False)
class Toxic:
    """One toxic of a proxy. ``over`` is set when it is taken off or changed: who waits because of it stops waiting."""

    name: str
    type: str
    stream: str
    toxicity: float
    attributes: dict[str, int]
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def direction(self) -> str:
        """``upstream`` or ``downstream``, however it was written."""
        return self.stream.lower()

    def shown(self) -> Json:
        """As the API gives it."""
        return {
            "attributes": dict(self.attributes),
            "name": self.name,
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
        }


def toxic_of(value: Any) -> Toxic:
    """The toxic that a request asks for; the attributes are those of its type, whatever else was said.

    Raises:
        Problem: it cannot be made.
    """
    said = object_of(value, "a toxic")
    kind, stream, name = text(said, "type"), text(said, "stream", "downstream"), text(said, "name")
    toxicity = share(said, "toxicity", 1)
    if stream.lower() not in STREAMS:
        raise Problem(400, "stream was invalid, can be either upstream or downstream")
    if kind in ELSEWHERE:
        raise Problem(400, f"the embedded toxiproxy has no {kind} toxics; it has {', '.join(ATTRIBUTES)}")
    if kind not in ATTRIBUTES:
        raise Problem(400, "invalid toxic type")
    given = object_of(said.get("attributes"), "attributes")
    return Toxic(name or f"{kind}_{stream}", kind, stream, toxicity, _attributes(kind, given, {}))


def change(toxic: Toxic, value: Any) -> None:
    """Give a toxic other attributes and another toxicity; all else stays, whatever was said.

    Raises:
        Problem: the request makes no sense.
    """
    said = object_of(value, "a toxic")
    given = object_of(said.get("attributes"), "attributes")
    attributes = _attributes(toxic.type, given, toxic.attributes)
    toxic.toxicity = share(said, "toxicity", toxic.toxicity)
    toxic.attributes = attributes
    toxic.over.set()
    toxic.over = asyncio.Event()


def _attributes(kind: str, given: Mapping[str, Any], now: Mapping[str, int]) -> dict[str, int]:
    return {name: whole(given, name, now.get(name, 0)) for name in ATTRIBUTES[kind]}
