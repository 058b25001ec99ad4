"""How one kind of database is reached, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

NO_OPTIONS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Store:
    """A database and its ways.

    ``label`` names it in messages, ``secrets`` are what no message may hold. ``file`` is where SQLite keeps it.
    ``write`` and ``read`` are the execution options of a connection that is going to. Inside ``briefly`` a thread's
    calls answer or fail within a stated time.
    """

    engine: sa.Engine
    label: str
    write: Mapping[str, Any]
    read: Mapping[str, Any] = field(default_factory=lambda: NO_OPTIONS)
    file: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    briefly: Callable[[], AbstractContextManager[None]] = nullcontext
