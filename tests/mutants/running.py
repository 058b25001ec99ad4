"""Do the tests notice a flip: each in a process of its own, in which only the flipped module is another."""

from __future__ import annotations

import ast
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, settings

import config.schema  # noqa: F401 - slow to import, and knows no guard: once, before the forks
from simian_army.clock import SystemClock

LIMIT = 300.0
"""Seconds after which tests that have not ended count as having noticed: the flip runs in circles."""
KILLED, SURVIVED, LATE = "killed", "survived", "late"
STEP = 0.02
OURS = ("safety", "scheduler", "config", "monkeys", "simian_army", "tests")
OPTIONS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=--import-mode=importlib"),
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),  # before the fork, for all
)


@dataclass(frozen=True)
class Job:
    """One flip to be tried: the module by its name, what it is instead (None: as it is), and the tests, rounds in order:
    the next round is only run while nobody noticed."""

    module: str
    tree: ast.Module | None
    rounds: tuple[tuple[str, ...], ...]


def tried(jobs: Sequence[Job], workers: int) -> Iterator[tuple[int, str]]:
    """The number of each job and what became of it, as they end; ``workers`` at a time."""
    clock = SystemClock()
    waiting, running = list(enumerate(jobs)), dict[int, tuple[int, float]]()
    while waiting or running:
        while waiting and len(running) < workers:
            number, job = waiting.pop(0)
            running[_start(job)] = (number, clock.monotonic() + LIMIT)
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended in running:
            yield running.pop(ended)[0], SURVIVED if os.waitstatus_to_exitcode(status) == 0 else KILLED
            continue
        for child, (number, ends) in list(running.items()):
            if clock.monotonic() > ends:
                os.killpg(child, 9)  # the child leads a group of its own
                os.waitpid(child, 0)
                del running[child]
                yield number, LATE
        clock.wait(Event(), STEP)


def _start(job: Job) -> int:
    gc.freeze()  # what both have stays shared
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        code = _noticed(job)
    finally:
        os._exit(code)


def _noticed(job: Job) -> int:
    """0 when every round of tests passed."""
    # what fails need not be made small, and every run tries the same examples
    settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate], derandomize=True, database=None)
    settings.load_profile("mutants")
    if job.tree is not None:
        _forget(job.module)
        sys.meta_path.insert(0, _Instead(job.module, job.tree))
    for tests in job.rounds:
        if code := pytest.main([*OPTIONS, *tests]):
            return int(code)
    return 0


def _forget(module: str) -> None:
    """Should it have been imported before, all of ours is imported anew."""
    if module not in sys.modules:
        return
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]


class _Instead(MetaPathFinder, Loader):
    """Imports one module from a tree."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module, self.tree = module, tree

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self.module:
            return None
        return spec_from_loader(name, self, origin=file_of(name))

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, file_of(self.module), "exec"), module.__dict__)


def file_of(module: str) -> str:
    """Where a module stands."""
    return str(Path(*module.split(".")).with_suffix(".py"))
