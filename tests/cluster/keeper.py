"""Who keeps a node's namespaces: it lives as long as whoever started it, and takes away all that they were.

Its standard input is a pipe that nobody writes to. When the other end is closed, by a stop or by the death of whoever
held it, however that came, the first process in the namespaces is killed, and the kernel ends everything else in them:
processes, mounts, interfaces, rules. Then its control groups and its folder are removed. Only the standard library.

    keeper.py keep GROUPS FOLDER SHOWN ...      prints the number of the namespaces' first process
    keeper.py enter GROUPS PID COMMAND ...      becomes the command, inside
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
INSIDE = Path(__file__).with_name("inside.py")
THERE = ["--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup"]
NEW = [*THERE, "--fork", "--kill-child=KILL"]
PDEATHSIG = 1
TRIES, PAUSE = 100, 0.05
SUFFIX = 8
"""How many letters of a folder's name are its own; those before are the same for every node."""


def groups(name: str) -> list[Path]:
    """The folder of this name in every mounted cgroup v1 hierarchy, there or not."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    mounts = [line.split(" - ") for line in lines]
    places = {left.split()[4] for left, right in mounts if right.split()[0] == "cgroup"}
    return [Path(place) / name for place in sorted(places)]


def join(name: str) -> None:
    """Move this process into the groups of this name, so that what it starts is counted there."""
    for place in groups(name):
        (place / "cgroup.procs").write_text("0")


def remove(place: Path) -> None:
    """Remove a control group and those in it; the kernel lets go of a dead process's a moment later."""
    for folder, _, _ in os.walk(place, topdown=False):
        for _ in range(TRIES):
            if _gone(Path(folder)):
                break
            threading.Event().wait(PAUSE)


def _gone(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def sweep(beside: Path) -> None:
    """Remove the groups of nodes whose keeper was killed: nobody is in them, and no folder beside the new one is theirs."""
    for place in groups(""):
        for old in place.glob(f"{beside.name[:-SUFFIX]}*"):
            if not (beside.parent / old.name).exists() and not (old / "cgroup.procs").read_text():
                remove(old)


def _make(name: str) -> None:
    for place in groups(name):
        place.mkdir(exist_ok=True)
        for key in ("cpuset.cpus", "cpuset.mems"):
            if (place / key).exists():
                (place / key).write_text((place.parent / key).read_text())


def _before(name: str) -> None:
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    join(name)


def _first(pid: int) -> int:
    """The process that ``unshare`` made, by its number outside."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while True:
        words = children.read_text().split()
        if words:
            return int(words[0])
        threading.Event().wait(PAUSE / 10)


def _keep(child: subprocess.Popen[bytes]) -> None:
    """Return when nobody holds the other end of the pipe, or the namespaces ended by themselves."""
    with contextlib.suppress(OSError), open(os.pidfd_open(child.pid), "rb", buffering=0) as ended:  # noqa: PTH123 - no path
        print(_first(child.pid), flush=True)
        select.select([sys.stdin, ended], [], [])


def enter(name: str, pid: str, command: list[str]) -> None:
    """Become a command in the control groups and the namespaces of a node."""
    join(name)
    os.execvp("nsenter", ["nsenter", "--target", pid, *THERE, "--wd=/", "--", *command])


def keep(name: str, folder: Path, shown: list[str]) -> None:
    """Keep the namespaces of a node whose groups are called ``name`` until nobody wants them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    sweep(folder)
    _make(name)
    words = ["unshare", *NEW, sys.executable, "-I", "-S", str(INSIDE), str(folder), *shown]
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=lambda: _before(name))  # noqa: PLW1509 - one thread
    try:
        _keep(child)
    finally:
        child.kill()  # its own child gets the same
        child.wait()
        for place in groups(name):
            remove(place)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1] == "enter":
        enter(sys.argv[2], sys.argv[3], sys.argv[4:])
    keep(sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
