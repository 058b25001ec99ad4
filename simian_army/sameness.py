"""Whether two tellings are of one event: its key, made from all that it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from simian_army.model import AuditEvent

SIGN = "once/"
"""What a key made here begins with."""


def key_of(event: AuditEvent) -> str:
    """The event's own key, or else one that only the very same event has, told again however often.

    Whoever tells an event again (for the answer to the first telling was lost) finds by it that it stands already.
    """
    if event.key:
        return event.key
    said = [event.at.isoformat(), event.run, str(event.phase), event.actor, event.entry, event.target]
    text = json.dumps([*said, event.leashed, event.embedded, event.config, event.data], sort_keys=True, default=_plain)
    return SIGN + hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else repr(value)
