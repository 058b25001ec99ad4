"""Annotations that steer us, and which hand wrote one of them last, as the server keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Struct, field

from simian_army.errors import Gone
from simian_army.targets.kube.answers import strange
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.wire import Wire


class Hand(Struct, rename="camel"):
    """Who wrote which fields; ``fields_v1`` is looked at loosely, for it is only for people."""

    manager: str = "somebody"
    time: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    fields_v1: Any = field(default=None, name="fieldsV1")


class Noted(Struct, rename="camel"):
    """The metadata of an object with its annotations."""

    name: str
    annotations: dict[str, str] | None = None
    managed_fields: list[Hand] | None = None


class _Object(Struct):
    kind: Literal["PartialObjectMetadata"]
    metadata: Noted


_object = msgspec.json.Decoder(_Object)


def noted(wire: Wire, call: Call) -> Noted | None:
    """The metadata of one object, asked for once; None when it is not there.

    Raises:
        Forbidden, PlatformError: it could not be read.
    """
    try:
        body = wire.act(call)
    except Gone:
        return None
    try:
        return _object.decode(body).metadata
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise strange(wire.host, call, body, str(error)) from error


def author(meta: Noted, annotation: str) -> Hand:
    """Who wrote an annotation last: a hint, for whoever writes chooses the name it goes by."""
    return next((hand for hand in meta.managed_fields or () if _wrote(hand, annotation)), Hand())


def _wrote(hand: Hand, annotation: str) -> bool:
    at = hand.fields_v1
    for step in ("f:metadata", "f:annotations", f"f:{annotation}"):
        at = at.get(step) if isinstance(at, dict) else None
    return at is not None
