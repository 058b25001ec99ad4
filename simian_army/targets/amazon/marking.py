"""How a mark is written as tags, and what of the tags on a resource is whose."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from simian_army import marks
from simian_army.errors import Refused
from simian_army.model import Mark

MOST = 10
"""Tags that one mark may take."""

LIMIT = 50
"""Tags that AWS allows on a resource; its own (``aws:``) do not count."""

_VALUE = 256
_KEY = 128
_PART = re.compile(rf"{re.escape(marks.FAULT)}\.(.+)\.(\d+)", re.ASCII)


def written(mark: Mark) -> dict[str, str]:
    """The tags that say ``mark``: ``simian-army/fault.<fleet>.1`` and so on, and ``simian-army/held``.

    Raises:
        Refused: it does not fit.
    """
    text = base64.urlsafe_b64encode(marks.to_text(mark).encode()).decode().rstrip("=")
    pieces = [text[start : start + _VALUE] for start in range(0, len(text), _VALUE)]
    keys = [f"{marks.FAULT}.{mark.fleet}.{number}" for number in range(1, len(pieces) + 1)]
    if len(pieces) > MOST or len(keys[-1]) > _KEY:
        raise Refused(f"{mark.kind}: its mark does not fit into {MOST} tags ({len(text)} characters)")
    return {**dict(zip(keys, pieces, strict=True)), marks.HELD: "true"}


def must_have_room(tags: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Raise unless ``new`` fits beside ``tags``.

    Raises:
        Refused: AWS allows no more tags there.
    """
    there = {key for key in tags if not key.startswith("aws:")}
    if len(there | set(new)) > LIMIT:
        raise Refused(f"it has {len(there)} tags, and AWS allows {LIMIT}: no room for the {len(new)} of a mark")


def parts(tags: Mapping[str, str], fleet: str) -> dict[str, str]:
    """The tags that hold a mark of ``fleet``, in their order."""
    found = [(int(match[2]), key) for key, match in _matches(tags).items() if match[1] == fleet]
    return {key: tags[key] for _, key in sorted(found)}


def fleets(tags: Mapping[str, str]) -> frozenset[str]:
    """The fleets that left a mark, or what remains of one."""
    return frozenset(match[1] for match in _matches(tags).values())


def mark_in(tags: Mapping[str, str], fleet: str) -> Mark | None:
    """The mark of ``fleet``; None when there is none or it is damaged. It proves nothing: ask ``marks.verify``."""
    found = parts(tags, fleet)
    if list(found) != [f"{marks.FAULT}.{fleet}.{number}" for number in range(1, len(found) + 1)]:
        return None
    text = "".join(found.values())
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return marks.from_text(raw.decode())
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def left_of(tags: Mapping[str, str], mark: Mark) -> dict[str, str]:
    """The tags that are to go with ``mark``: nothing while another run of its fleet is marked there; a damaged mark
    of the fleet counts as this one; ``simian-army/held`` stays while another fleet's mark does."""
    there = mark_in(tags, mark.fleet)
    if there is not None and (there.fleet, there.run, there.kind) != (mark.fleet, mark.run, mark.kind):
        return {}
    held = {marks.HELD: tags[marks.HELD]} if marks.HELD in tags and not fleets(tags) - {mark.fleet} else {}
    return {**parts(tags, mark.fleet), **held}


def words(tags: Mapping[str, str]) -> str:
    """Every mark there, for people; empty when there is none of any fleet."""
    said = []
    for fleet in sorted(fleets(tags)):
        mark = mark_in(tags, fleet)
        said.append(f"run {mark.run} ({mark.kind}) of fleet {fleet}" if mark else f"a damaged mark of fleet {fleet}")
    return "; ".join(said) or (f"the tag {marks.HELD}" if marks.HELD in tags else "")


def _matches(tags: Mapping[str, str]) -> dict[str, re.Match[str]]:
    return {key: match for key in tags if (match := _PART.fullmatch(key))}
