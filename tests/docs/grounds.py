"""On which real parts each fault kind is fired, as the tests that are marked so say: `python -m tests.docs.grounds`."""

from __future__ import annotations

import ast
import inspect
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from simian_army.plugins import found

HOME = Path(__file__).parents[2]
PARTS = {
    "real_cluster": "kube-apiserver",
    "real_node": "node",
    "real_toxiproxy": "toxiproxy",
}
"""What fixtures stand for."""

FIRING = frozenset({"inject", "fire"})
"""The calls that do a fault; a test that only names a kind, or looks at what it asks for, tries nothing."""


class Gathering:
    """Sees each test that is collected."""

    def __init__(self) -> None:
        self.grounds: dict[str, set[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        kinds = {name: getattr(plugin.make, "__name__", "") for name, plugin in found("fault").items()}
        items: list[Any] = session.items
        for item in items:
            parts = {PARTS[name] for name in getattr(item, "fixturenames", ()) if name in PARTS}
            words = set(_words(item)) if parts and fires(item.function) else set()
            for kind, made in kinds.items():
                if words & {kind, made}:
                    self.grounds.setdefault(kind, set()).update(parts)


def fires(function: FunctionType, seen: frozenset[FunctionType] = frozenset()) -> bool:
    """Whether a test does a fault, by itself or by a function of the tests that it calls."""
    called = set(_called(function))
    helpers = [function.__globals__.get(name) for name in called - FIRING]
    ours = [one for one in helpers if isinstance(one, FunctionType) and one.__module__.startswith("tests.")]
    seen |= {function}
    return not called.isdisjoint(FIRING) or any(fires(one, seen) for one in ours if one not in seen)


def _called(function: FunctionType) -> Iterator[str]:
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def _tree(function: FunctionType) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))


def _words(item: Any) -> Iterator[str]:
    """What a test is given, and what stands in it: names, and every word of its texts."""
    given = getattr(item, "callspec", None)
    for value in given.params.values() if given else ():
        yield from _said(value)
    for node in ast.walk(_tree(item.function)):
        if isinstance(node, ast.Name):
            yield node.id
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _texts(node.value)


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _texts(value)
    yield from (
        str(one) for one in (getattr(value, "kind", ""), getattr(getattr(value, "make", None), "name", "")) if one
    )


def _texts(text: str) -> Iterator[str]:
    """A text that is one word, and what follows ``fault:`` in it."""
    yield text.strip()
    yield from (part.split(",")[0].strip(" }\n") for part in text.split("fault:")[1:])


def grounds() -> Mapping[str, list[str]]:
    """By kind the real parts, in order; gathered by a process of its own, which runs no test."""
    command = [sys.executable, "-m", "tests.docs.grounds"]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(command, cwd=HOME, env=env, capture_output=True, text=True, timeout=240, check=True)
    told: Mapping[str, list[str]] = json.loads(said.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Print them as JSON, after what pytest says."""
    gathering = Gathering()
    pytest.main(["--collect-only", "-qq", "-m", "real", "-p", "no:cacheprovider", "tests"], plugins=[gathering])
    print(json.dumps({kind: sorted(parts) for kind, parts in sorted(gathering.grounds.items())}))


if __name__ == "__main__":
    main()
