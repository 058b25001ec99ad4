"""Are Debian's packages installed once, by one of all who want them at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster import debian

APT = """#!/bin/sh
mkdir "$PLAYED/busy" || { touch "$PLAYED/refused"; exit 100; }
sleep 0.1
echo "$@" >> "$PLAYED/said"
[ "$1" = update ] || touch "$PLAYED/installed"
rmdir "$PLAYED/busy"
"""


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt-get that, like the real one, refuses to run twice at once."""
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(APT)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("PLAYED", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_of_several_who_want_a_package_one_installs_it_and_the_others_find_it(played: Path) -> None:
    def want(_: int) -> None:
        debian.install(("cow",), (played / "installed").exists)

    with ThreadPoolExecutor(4) as several:
        list(several.map(want, range(4)))
    assert not (played / "refused").exists()
    said = (played / "said").read_text().splitlines()
    assert said == ["update -q", "install -q -y --no-install-recommends cow"]


def test_what_cannot_be_installed_is_told_by_name(played: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "")
    (played / "busy").mkdir()
    with pytest.raises(pytest.skip.Exception, match="cow could not be installed"):
        debian.install(("cow",), lambda: False)
