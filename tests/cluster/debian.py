"""Debian's packages, installed by one process at a time: apt refuses a second one, and many tests want some."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable

from tests.cluster import build, policy

ENV = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # runlevel 1: no daemon is started


def install(packages: tuple[str, ...], there: Callable[[], bool]) -> None:
    """Install them, unless they are ``there`` once whoever installs before us is done; the test is skipped, and failed
    in CI, where that does not succeed."""
    build.cache().mkdir(parents=True, exist_ok=True)
    with (build.cache() / ".debian").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if there():
            return
        try:
            _apt(["update", "-q"], 300)
            _apt(["install", "-q", "-y", "--no-install-recommends", *packages], 900)
        except (OSError, subprocess.SubprocessError) as error:
            policy.needs(f"{', '.join(packages)} could not be installed: {error}")


def _apt(words: list[str], seconds: float) -> None:
    env = {**os.environ, **ENV}
    subprocess.run(["apt-get", *words], env=env, capture_output=True, timeout=seconds, check=True)
