"""Each test of the ledger's promises runs on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.audit.places import File, Place, Served
from tests.audit.wire import Wire
from tests.cluster.postgres import Postgres


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def new_place(request: pytest.FixtureRequest) -> Callable[[Path], Place]:
    """What makes an empty place; the folder is for the files beside it."""
    if request.param == "sqlite":
        return lambda folder: File(folder / "simian.db")
    server = request.getfixturevalue("postgres")
    return lambda folder: Served(server, server.database(), folder / "fleet.head")


@pytest.fixture
def place(new_place: Callable[[Path], Place], tmp_path: Path) -> Place:
    return new_place(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "simian.db"


@pytest.fixture
def served(postgres: Postgres, tmp_path: Path) -> Served:
    return Served(postgres, postgres.database(), tmp_path / "fleet.head")


@pytest.fixture
def wire(postgres: Postgres) -> Iterator[Wire]:
    with Wire(postgres.port) as made:
        yield made


@pytest.fixture
def through(served: Served, wire: Wire) -> Served:
    return replace(served, url=served.url.replace(f":{served.server.port}/", f":{wire.own}/"))
