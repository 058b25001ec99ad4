"""Does a fault kind say what it does, whom it needs leave from, and all that must be written down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from simian_army.contract import FaultKind
from simian_army.model import Json
from simian_army.testing.life import Life, expect

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PARTS = {"kubernetes": 4, "aws": 1}
"""How many words a permission has, by platform."""


def says_what_it_does(life: Life) -> None:
    """Its class has a docstring; name, parameters, undo and permissions are written as others read them."""
    wrong = list(_unsaid(life.kind(), life.make))
    expect(not wrong, "; ".join(wrong))


def is_json(life: Life) -> None:
    """What it takes and what it prepares is JSON, documented, and the same when it is read back."""
    kind, fault = life.kind(), life.prepared()
    for what, said, known in (("params", fault.params, kind.params), ("undo", fault.undo or {}, kind.undo)):
        expect(_same(said), f"{what} {said!r} is not the same when it is read back from JSON: lists, no tuples; no NaN")
        strange = sorted(set(said) - set(known))
        expect(not strange, f"{what} has {', '.join(strange)}, which the kind's `{what}` do not explain")
    expect(not kind.reversible or fault.undo is not None, "it is reversible, but prepares no undo")
    life.mark(fault)


def names_its_permissions(life: Life) -> None:
    """Every request of its whole life takes a permission that it names."""
    fault = life.prepared()
    kind, mark, begun = life.kind(), life.mark(fault), len(life.world.asked())
    kind.prepare(fault)
    kind.inject(fault, mark)
    life.settled(lambda: kind.observe(fault))
    life.settled(lambda: kind.revert(fault, mark))
    missing = sorted(set(life.world.asked()[begun:]) - {tuple(one) for one in kind.permissions})
    expect(not missing, f"it asked for what its `permissions` do not name: {', '.join(map(_words, missing))}")


def _unsaid(kind: FaultKind, make: object) -> Iterator[str]:
    doc, name = (getattr(make, "__doc__", None) or "").strip(), getattr(make, "__name__", "")
    if not doc or doc.startswith(f"{name}("):  # what a dataclass says by itself
        yield "the class has no docstring: say what it does, and when it is undone"
    if not _NAME.fullmatch(kind.name):
        yield f"its name is {kind.name!r}: write it like pod-evict"
    if not kind.platform or not kind.strikes:
        yield "it does not say which platform it is for, or what it strikes"
    for what, said in (("params", kind.params), ("undo", kind.undo)):
        blank = [key for key, words in said.items() if not str(words).strip()]
        if blank:
            yield f"`{what}` does not explain {', '.join(blank)}"
    parts = _PARTS.get(kind.platform)
    if any(parts not in (None, len(one)) or not all(isinstance(word, str) for word in one) for one in kind.permissions):
        yield f"its `permissions` are to be of {parts} words each"


def _same(said: Json) -> bool:
    try:
        return _exact(json.loads(json.dumps(dict(said), allow_nan=False)), said)
    except (TypeError, ValueError):
        return False


def _exact(read: Any, said: Any) -> bool:
    if isinstance(said, Mapping):
        return isinstance(read, dict) and set(read) == set(said) and all(_exact(read[key], said[key]) for key in said)
    if isinstance(said, list):
        return isinstance(read, list) and len(read) == len(said) and all(map(_exact, read, said))
    return type(read) is type(said) and bool(read == said)


def _words(permission: tuple[str, ...]) -> str:
    return " ".join(word or '""' for word in permission)
