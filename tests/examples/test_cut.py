"""Is a third party's fault proved in ten lines, by what is installed and pytest alone, and its bug found so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cut"


def proved(folder: Path, outside: Path) -> subprocess.CompletedProcess[str]:
    """Run the proof as a stranger would: with none of our own settings, and nothing of the tests in reach."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (folder, outside))), "NO_COLOR": "1"}
    words = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder), str(folder / "test_cut.py")]
    command = [sys.executable, "-m", "pytest", *words]
    return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True, timeout=120)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The example in a folder of its own."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "cut", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """The packages that we ship, and nothing else of this folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("simian_army", "monkeys", "scheduler", "safety", "config"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def test_the_proof_has_ten_lines_and_needs_the_kit_alone() -> None:
    text = (EXAMPLE / "test_cut.py").read_text()
    assert len(text.splitlines()) <= 10
    imported = re.findall(r"^(?:from|import) (\S+)", text, re.MULTILINE)
    assert [name for name in imported if name not in sys.stdlib_module_names] == ["cut", "simian_army.testing"]


def test_the_fault_imports_only_the_contract() -> None:
    imported = re.findall(r"^(?:from|import) (\S+)", (EXAMPLE / "cut" / "__init__.py").read_text(), re.MULTILINE)
    assert [name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names] == ["simian_army"]


def test_it_passes_all_its_checks(copy: Path, outside: Path) -> None:
    said = proved(copy, outside)
    assert said.returncode == 0, said.stdout
    assert "15 passed" in said.stdout


def test_a_bug_of_it_is_told_in_words(copy: Path, outside: Path) -> None:
    file = copy / "cut" / "__init__.py"
    text = file.read_text()
    assert text.count("*self.port.mark(obj, mark), ") == 1
    file.write_text(text.replace("*self.port.mark(obj, mark), ", ""))
    said = proved(copy, outside)
    assert said.returncode == 1
    assert "it is held, but its mark is nowhere: a crash would leave it for ever" in said.stdout
