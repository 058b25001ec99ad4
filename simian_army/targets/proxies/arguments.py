"""Which toxics may be asked for: the server takes anything, so we look before."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from simian_army.errors import Refused
from simian_army.model import Json

STREAMS = ("upstream", "downstream")

_LONGEST = 3_600_000  # milliseconds: an hour
_MOST = 1_000_000_000

_TYPES: Mapping[str, Mapping[str, int]] = {
    "latency": {"latency": _LONGEST, "jitter": _LONGEST},
    "bandwidth": {"rate": _MOST},
    "timeout": {"timeout": _LONGEST},
    "reset_peer": {"timeout": _LONGEST},
    "slow_close": {"delay": _LONGEST},
    "slicer": {"average_size": _MOST, "size_variation": _MOST, "delay": _MOST},
    "limit_data": {"bytes": _MOST},
}
"""Each type's attributes and the most that each may be; all are whole numbers from 0."""

_NEARLY = 1e-6  # the server keeps a toxicity in 32 bits


def vetted(toxic: Json) -> dict[str, Any]:
    """``type``, ``stream``, ``toxicity`` and every one of ``attributes``, with the server's defaults filled in.

    Raises:
        Refused: the server might take it, but it is nothing that anyone can mean; the text says what is allowed.
    """
    unknown = sorted(set(toxic) - {"type", "stream", "toxicity", "attributes"})
    if unknown:
        raise Refused(f"a toxic has type, stream, toxicity and attributes, not {', '.join(unknown)}")
    kind = toxic.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise Refused(f"no toxic type is called {kind!r}; known: {', '.join(sorted(_TYPES))}")
    stream = toxic.get("stream", "downstream")
    if stream not in STREAMS:
        raise Refused(f"stream is {stream!r}; allowed: {' or '.join(STREAMS)}")
    toxicity = toxic.get("toxicity", 1.0)
    if isinstance(toxicity, bool) or not isinstance(toxicity, int | float) or not 0 <= toxicity <= 1:
        raise Refused(f"toxicity is {toxicity!r}; allowed: a number from 0 to 1")
    attributes = _attributes(kind, toxic.get("attributes", {}))
    return {"type": kind, "stream": stream, "toxicity": toxicity, "attributes": attributes}


def differences(asked: Json, there: Json) -> str:
    """How the toxic that the server has differs from the one asked for, for people; empty when it does not."""
    told = [
        f"{name} {there.get(name)!r} instead of {asked[name]!r}"
        for name in ("type", "stream")
        if asked[name] != there.get(name)
    ]
    toxicity = there.get("toxicity")
    if not isinstance(toxicity, int | float) or not isfinite(toxicity) or abs(toxicity - asked["toxicity"]) > _NEARLY:
        told.append(f"toxicity {toxicity!r} instead of {asked['toxicity']!r}")
    if there.get("attributes") != asked["attributes"]:
        told.append(f"attributes {there.get('attributes')!r} instead of {asked['attributes']!r}")
    return ", ".join(told)


def _attributes(kind: str, given: object) -> dict[str, int]:
    known = _TYPES[kind]
    if not isinstance(given, Mapping):
        raise Refused(f"the attributes of a {kind} toxic are {given!r}; allowed: a mapping of {', '.join(known)}")
    unknown = sorted(str(name) for name in given if name not in known)
    if unknown:
        raise Refused(f"a {kind} toxic has no attribute {', '.join(unknown)}; known: {', '.join(known)}")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= known[name]:
            raise Refused(f"{name} is {value!r}; allowed: a whole number from 0 to {known[name]}")
    return {name: given.get(name, 0) for name in known}
