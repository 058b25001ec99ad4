"""The one table of known gaps: where the embedded server says something else than a real one, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = Any


@dataclass(frozen=True)
class Gap:
    """What each of the two says to the probe of that name."""

    real: Json
    ours: Json
    why: str


GAPS: dict[str, Gap] = {
    "a query parameter nobody knows": Gap(
        real=200, ours=[400, "BadRequest"], why="a feature it does not have is refused, never ignored"
    ),
    "a query parameter that is given twice": Gap(
        real=["a"], ours=[400, "BadRequest"], why="a feature it does not have is refused, never ignored"
    ),
    "a query parameter nobody knows, in a write": Gap(
        real=201, ours=[400, "BadRequest"], why="a feature it does not have is refused, never ignored"
    ),
    "an object at a version that is none": Gap(
        real=500, ours=[400, "BadRequest"], why="the real one stumbles (500); ours says what is wrong"
    ),
    "creating a namespace name with dots: [422, 'Invalid']": Gap(
        real=[422, "Invalid"], ours=201, why="names are checked less strictly: one rule for all kinds"
    ),
    "creating a service name with dots: [422, 'Invalid']": Gap(
        real=[422, "Invalid"], ours=201, why="names are checked less strictly: one rule for all kinds"
    ),
    "creating a label that is a number: [400, 'BadRequest']": Gap(
        real=[400, "BadRequest"],
        ours=[422, "Invalid"],
        why="types are not decoded by a schema: refused as invalid instead",
    ),
    "creating an annotation that is a number: [400, 'BadRequest']": Gap(
        real=[400, "BadRequest"],
        ours=[422, "Invalid"],
        why="types are not decoded by a schema: refused as invalid instead",
    ),
    "creating a name that is a number: [400, 'BadRequest']": Gap(
        real=[400, "BadRequest"], ours=201, why="there is no schema: what a field's type is, is not checked"
    ),
    "creating nothing: [400, 'BadRequest']": Gap(
        real=[400, "BadRequest"],
        ours=[422, "Invalid"],
        why="types are not decoded by a schema: refused as invalid instead",
    ),
    "a replace of a Lease that is not there: 201": Gap(real=201, ours=[404, "NotFound"], why="a PUT never creates"),
    "a field that its kind does not have is dropped": Gap(
        real=False, ours=True, why="there is no schema: unknown fields are kept"
    ),
    "who manages a field is written down": Gap(real=True, ours=False, why="no field managers, so no server-side apply"),
    "a type that is wrong is refused": Gap(
        real=[400, "BadRequest"], ours=201, why="there is no schema: what a field's type is, is not checked"
    ),
    "creating an object that claims a version": Gap(
        real=500, ours=[400, "BadRequest"], why="the real one stumbles (500); ours says what is wrong"
    ),
    "a replace with a version that is none": Gap(
        real=500, ours=[409, "Conflict"], why="the real one stumbles (500); ours calls it a conflict"
    ),
    "asking for a group nobody knows": Gap(
        real=404, ours=[404, "NotFound"], why="the real one answers with plain text, ours with a Status"
    ),
    "a JSON patch refuses to replace what is not there": Gap(
        real={"one": "1", "six": "6", "two": "2"},
        ours=[422, "Invalid"],
        why="RFC 6902 refuses it; the real one is more lenient",
    ),
    "a JSON patch refuses to copy what is not there": Gap(
        real={"one": "1", "seven": "", "two": "2"},
        ours=[422, "Invalid"],
        why="RFC 6902 refuses it; the real one is more lenient",
    ),
    "a strategic merge patch": Gap(
        real=200, ours=[415, "UnsupportedMediaType"], why="not built: the product sends JSON patches"
    ),
    "a server-side apply": Gap(real=201, ours=[400, "BadRequest"], why="not built: the product sends JSON patches"),
    "a deletion that is to leave what is owned behind": Gap(
        real=200, ours=400, why="of the propagation policies only Background is served"
    ),
}
