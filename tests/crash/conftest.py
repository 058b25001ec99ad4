"""Gives each crash test its kind and point, as planned, and the scene of its site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simian_army.plugins import found
from tests.crash import plan
from tests.crash.grounds import Site
from tests.crash.nursery import Nursery
from tests.crash.points import Case
from tests.crash.promises import DoneOnce, GivesBack
from tests.crash.scene import Scene


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "point" not in metafunc.fixturenames or metafunc.cls is None:
        return
    stage, names = metafunc.cls.stage, ["case", "point"]
    if metafunc.function is GivesBack.test_a_held_fault_is_given_back_wherever_its_agent_died:
        rows: list[tuple[Any, ...]] = list(plan.held(stage))
    elif metafunc.function is DoneOnce.test_what_cannot_be_undone_is_done_once_at_most_and_counts:
        rows = list(plan.momentary(stage))
    else:
        rows, names = list(plan.alone(stage)), [*names, "why"]
    ids = ["-".join(getattr(one, "kind", getattr(one, "name", one)) for one in row) for row in rows]
    metafunc.parametrize(names, rows, ids=ids)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.fixture
def scene(site: Site, case: Case, tmp_path: Path, nursery: Nursery) -> Scene:
    make: Any = found("fault")[case.kind].make
    return Scene(site, case, make, tmp_path, nursery)
