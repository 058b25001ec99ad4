"""Prints the calls of a clean life of each kind: ``python -m tests.api_faults.record``, for clean.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.api_faults.sites import stage
from tests.api_faults.stage import KINDS
from tests.conftest import FAKE

if __name__ == "__main__":
    os.environ.update(FAKE)
    for name in sys.argv[1:] or KINDS:
        with TemporaryDirectory() as folder, stage(name, Path(folder)) as made:
            made.live(Path(folder) / "clean.db")
            lines = [f"{step} {what}" for step, what in made.steps]
            print(f'    "{name}": """', *lines, '""",', sep="\n")
