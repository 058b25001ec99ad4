"""What the image of the agent is made of: a Debian root file system, the locked wheels, and this tree's own wheel.

Each is a layer, kept in the cache by the digest of what it was made from: a minute for the first, seconds for the others.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import build, images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NAME = "simian.local/simian-army:test"
USER = "65532:65532"
SUITE, PYTHON = "bookworm", "3.11"
INCLUDE = "python3-minimal,libpython3-stdlib,ca-certificates,tzdata"
LEFT_OUT = ("doc", "info", "locale", "man")
BEGAN = "1700000000"
"""The time, in seconds since 1970, that everything in the image says it was made at."""

TREE = build.HERE.parents[1]
SOURCES = ("simian_army", "monkeys", "scheduler", "safety", "config")
HOME = Path("opt/simian")
SITE = HOME / f"lib/python{PYTHON}/site-packages"
PLATFORM = ["--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_36", "--only-binary", ":all:"]
COMPILE = ["python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "/opt/simian"]
START = f"""\
#!/{HOME}/bin/python
import sys

from simian_army.cli import main

sys.exit(main())
"""


def agent(tell: build.Say = build.say) -> images.Image:
    """The image, its layers built if need be.

    Raises:
        CannotBuildError: a tool or a download is missing; the text says which.
    """
    with _place() as place:
        wanted = _uv(["export", "--quiet", "--locked", "--no-dev", "--no-emit-project", "--no-annotate"])
        root = _layer(place, "root", "".join(_debian(Path("x"))), lambda out: _root(place, out, tell))
        low = _layer(place, "wheels", wanted + BEGAN, lambda out: _wheels(place, wanted, out))
        own = _layer(place, "own", _tree() + START + BEGAN, lambda out: _own(place, out))
    env = {
        "PATH": f"/{HOME}/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "HOME": "/tmp",
    }
    return images.Image(NAME, [root, low, own], entrypoint=[f"/{HOME}/bin/simian"], user=USER, env=env)


@contextmanager
def _place() -> Iterator[Path]:
    place = build.cache() / f"agent-{SUITE}"
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place


def _layer(place: Path, name: str, key: str, make: Callable[[Path], None]) -> Path:
    file = place / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.tar"
    if not file.exists():
        for old in place.glob(f"{name}-*.tar"):
            old.unlink()
        fresh = place / "new.tar"
        make(fresh)
        fresh.rename(file)
    return file


def _debian(out: Path) -> list[str]:
    without = [f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in LEFT_OUT]
    return [
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--variant=essential",
        f"--include={INCLUDE}",
        *without,
        SUITE,
        str(out),
    ]


def _root(place: Path, out: Path, tell: build.Say) -> None:
    tell(f"building a Debian {SUITE} for the agent's image (once, a minute) ...")
    whole = place / "root.tar"  # its name tells mmdebstrap what to make
    _do(["unshare", "--mount", *_debian(whole)], seconds=900, env={"SOURCE_DATE_EPOCH": BEGAN})
    shutil.rmtree(place / "root", ignore_errors=True)
    with tarfile.open(whole) as tar:
        tar.extractall(place / "root", filter="tar")
    whole.rename(out)


def _wheels(place: Path, wanted: str, out: Path) -> None:
    with _stage() as stage:
        (stage / "wanted.txt").write_text(wanted)
        site = stage / SITE
        what = ["--require-hashes", "-r", str(stage / "wanted.txt")]
        _uv(["pip", "install", "--quiet", "--no-deps", *PLATFORM, "--target", str(site), *what])
        shutil.rmtree(site / "bin", ignore_errors=True)  # they name a Python that is not in the image
        (stage / HOME / "bin").mkdir()
        (stage / HOME / "bin/python").symlink_to("/usr/bin/python3")
        (stage / HOME / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {PYTHON}\n")
        _pack(place, stage, out)


def _own(place: Path, out: Path) -> None:
    with _stage() as stage:
        _uv(["build", "--quiet", "--wheel", "--out-dir", str(stage), str(TREE)])
        (wheel,) = stage.glob("*.whl")
        with zipfile.ZipFile(wheel) as ours:
            ours.extractall(stage / SITE)  # an installer would write down where the wheel lay
        (stage / HOME / "bin").mkdir()
        start = stage / HOME / "bin/simian"
        start.write_text(START)
        start.chmod(0o755)
        _pack(place, stage, out)


@contextmanager
def _stage() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="simian-image-") as folder:
        yield Path(folder)


def _pack(place: Path, stage: Path, out: Path) -> None:
    """Compile what is staged with the image's own Python, and write it as a layer, the same bytes each time."""
    inside = place / "root"
    (inside / HOME).mkdir(parents=True, exist_ok=True)
    script = 'mount --bind "$1" "$2" && shift 2 && exec chroot "$@"'
    _do(["unshare", "--mount", "sh", "-c", script, "sh", str(stage / HOME), str(inside / HOME), str(inside), *COMPILE])
    with tarfile.open(out, "w") as tar:
        for file in [stage / HOME.parent, *sorted((stage / HOME.parent).rglob("*"))]:
            tar.add(file, str(file.relative_to(stage)), recursive=False, filter=_nobodys)


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = int(BEGAN)
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def _tree() -> str:
    """The digest of everything that this tree's wheel is made from."""
    files = [file for name in SOURCES for file in sorted((TREE / name).rglob("*")) if file.is_file()]
    made = hashlib.sha256()
    for file in [TREE / "pyproject.toml", TREE / "README.md", *files]:
        if "__pycache__" not in file.parts:
            made.update(f"{file.relative_to(TREE)}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return made.hexdigest()


def _uv(words: Sequence[str]) -> str:
    tool = shutil.which("uv", path=f"{TREE / '.tools/bin'}:{os.environ['PATH']}")
    if tool is None:
        raise build.CannotBuildError("there is no `uv` on PATH nor in .tools/bin: `make` puts it there")
    return _do([tool, *words], cwd=TREE)


def _do(words: Sequence[str], seconds: float = 300, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=seconds, check=False
    )
    if done.returncode:
        raise build.CannotBuildError(f"`{' '.join(words)[:300]}` failed:\n{done.stderr[-2000:]}")
    return done.stdout
