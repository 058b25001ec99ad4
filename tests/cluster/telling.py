"""How a person who runs pytest learns what a long set-up is doing, though pytest keeps all output to itself."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

TERMINAL = Path("/dev/tty")


def teller(config: pytest.Config) -> Callable[[str], None]:
    """What to call with each line.

    It writes to stderr past pytest's capture. A worker of pytest-xdist has no stderr of its own, so there it
    writes to the terminal, if there is one; without one the line shows with a failing test only.
    """
    if hasattr(config, "workerinput"):
        return _to_terminal
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            print(text, file=sys.stderr, flush=True)

    return say


def _to_terminal(text: str) -> None:
    try:
        with TERMINAL.open("w") as screen:
            screen.write(f"{text}\r\n")
    except OSError:
        print(text, file=sys.stderr, flush=True)
