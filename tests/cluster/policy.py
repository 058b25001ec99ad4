"""What a machine without a part means: a loud skip for a person, a failure for CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def in_ci() -> bool:
    """Whether this run stands for the project (``CI=true``): nothing may be left out."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


def installs() -> bool:
    """Whether what needs root or a Debian package may be installed: with ``CI=true`` or ``REAL=1`` only."""
    return in_ci() or os.environ.get("REAL") == "1"


def needs(reason: str) -> NoReturn:
    """Say that a part is missing: skip the test with the reason; in CI fail it."""
    if in_ci():
        pytest.fail(f"CI must run every test, and this one could not: {reason}", pytrace=False)
    pytest.skip(f"NOT RUN, a real part is missing: {reason}")
