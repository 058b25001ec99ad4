"""Does a fault kind say what it does, whom it needs leave from, and all that must be written down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from simian_army.contract import FaultKind
from simian_army.model import Fault, Json, Mark, Target
from simian_army.standing import bears, struck
from simian_army.testing.life import Life, expect

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
Permissions: TypeAlias = set[tuple[str, ...]]
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
    """Its whole life, in every way it can be used, takes the permissions that it names, and it names no more."""
    kind, always = life.kind(), {*life.world.always()}
    asked, undoing = _asked(life)
    named = {tuple(one) for one in kind.permissions}
    _expect_all(asked - always, named, "it asked for what its `permissions` do not name")
    _expect_all(named - always, asked, "its `permissions` name what it never asks for")
    said: Sequence[Sequence[str]] | None = getattr(kind, "reverting", None)
    if kind.reversible and said is not None:
        back = {tuple(one) for one in said}
        _expect_all(undoing, back, "its revert asked for what its `reverting` does not name")
        _expect_all(back, undoing, "its `reverting` names what its revert never asks for")


def _asked(life: Life) -> tuple[Permissions, Permissions]:
    """What its life took from the first look at the target on, and what its reverts took alone."""
    asked: Permissions = set()
    undoing: Permissions = set()
    for way in (life, *life.others):
        for end in (_undone, _taken_over) if life.kind().reversible else (_passed,):
            target, begun = way.target(), len(life.world.asked())
            fault, mark, before = _lived(way, target)
            undone = end(way, fault, mark, before)
            asked.update(life.world.asked()[begun:])
            undoing.update(life.world.asked()[undone:])
    return asked, undoing


def _lived(life: Life, target: Target) -> tuple[Fault, Mark, Json]:
    """A fault made, injected, seen, and found by its mark; and what was there before."""
    fault, before = life.prepared(target), life.world.look()
    mark, kind = life.mark(fault), life.kind()
    kind.inject(fault, mark)
    life.settled(lambda: kind.observe(fault))
    if kind.reversible:
        life.world.found((*struck(kind), *bears(kind)))
    return fault, mark, before


def _passed(life: Life, fault: Fault, mark: Mark, before: Json) -> int:
    del before
    begun = len(life.world.asked())
    life.revert(fault, mark)
    return begun


def _undone(life: Life, fault: Fault, mark: Mark, before: Json) -> int:
    begun = len(life.world.asked())
    life.restored(fault, mark, before, f"with {dict(life.params)} on a {fault.target.kind}")
    return begun


def _taken_over(life: Life, fault: Fault, mark: Mark, before: Json) -> int:
    """Somebody takes its mark off: a rarer way to be reverted, which may ask for more."""
    life.world.strip(fault.target)
    begun = _passed(life, fault, mark, before)
    proof = life.revert(fault, mark)
    expect(proof.holds, f"somebody took its mark off, and the revert does not hold: {proof.detail}")
    return begun


def _expect_all(asked: set[tuple[str, ...]], named: set[tuple[str, ...]], words: str) -> None:
    missing = sorted(asked - named)
    expect(not missing, f"{words}: {', '.join(map(_words, missing))}")


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
