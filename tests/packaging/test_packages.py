"""Is what we ship ours alone, whole, and quiet when it is imported."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
OURS = ("simian_army", "monkeys", "scheduler", "safety", "config")
LONGEST, DEEPEST = 300, 3
NESTS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith, ast.Match)


def tracked(*patterns: str) -> list[Path]:
    said = subprocess.run(["git", "ls-files", *patterns], cwd=HOME, capture_output=True, text=True, check=True)
    return [HOME / line for line in said.stdout.splitlines() if (HOME / line).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    uv = shutil.which("uv", path=f"{HOME / '.tools/bin'}:{os.environ['PATH']}")
    assert uv, "make puts uv into .tools/bin"
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", folder, HOME], check=True, timeout=120)
    (made,) = folder.glob("*.whl")
    with zipfile.ZipFile(made) as file:
        return file.namelist()


@pytest.mark.parametrize("name", OURS)
def test_each_import_name_is_ours_alone(name: str) -> None:
    assert set(packages_distributions().get(name, ["simian-army"])) == {"simian-army"}


def test_the_wheel_holds_every_module_and_nothing_of_the_tests(wheel: list[str]) -> None:
    sources = {str(file.relative_to(HOME)) for name in OURS for file in (HOME / name).rglob("*.py")}
    assert sources <= set(wheel)
    assert {f"{name}/py.typed" for name in OURS} <= set(wheel)
    tops = {name.split("/")[0] for name in wheel}
    assert tops - set(OURS) == {top for top in tops if top.endswith(".dist-info")}


def test_the_wheel_holds_the_migrations_of_the_ledger(wheel: list[str]) -> None:
    assert any(name.startswith("simian_army/audit/migrations/versions/0001") for name in wheel)


def test_importing_everything_makes_no_client_and_opens_no_socket() -> None:
    code = f"""
import importlib, pkgutil, socket, sys
def no(*args, **more): raise AssertionError("a socket at import")
socket.socket.connect = no
names = {OURS!r}
for name in names:
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, name + "."):
        if ".migrations." not in found.name:
            importlib.import_module(found.name)
heavy = {{"kubernetes", "boto3", "botocore", "moto", "toxiproxy", "requests"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=HOME, timeout=120)


def test_the_rooms_keep_to_their_contracts() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    said = subprocess.run([lint], cwd=HOME, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stdout


def test_no_file_needs_more_than_three_hundred_lines() -> None:
    assert [str(f) for f in tracked("*.py") if len(f.read_text().splitlines()) > LONGEST] == []


def depth(node: ast.AST) -> int:
    """How many blocks stand in each other below ``node``; an ``elif`` is no deeper than its ``if``."""
    return max((_step(node, child) + depth(child) for child in ast.iter_child_nodes(node)), default=0)


def _step(parent: ast.AST, child: ast.AST) -> int:
    follows = isinstance(parent, ast.If) and isinstance(child, ast.If) and parent.orelse == [child]
    return int(isinstance(child, NESTS) and not follows)


def functions() -> Iterator[tuple[str, ast.AST]]:
    for file in tracked("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file.relative_to(HOME)}:{node.lineno} {node.name}", node


def test_no_function_is_nested_deeper_than_three() -> None:
    assert [name for name, node in functions() if depth(node) > DEEPEST] == []


def test_nothing_names_a_machine_or_a_private_registry() -> None:
    words = ("/" + "root/", "/" + "work/main", "/" + "home/", "artifact" + "ory", "nexus" + ".")
    found = [f"{file}: {word}" for file in tracked() for word in words if word in file.read_text(errors="ignore")]
    assert found == []
