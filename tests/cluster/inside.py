"""What the first process of a node's namespaces does: it furnishes them, says so, and reaps what the node leaves behind.

Run as root by keeper.py, in new mount, network, process, IPC, name and cgroup namespaces. Only the standard library.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ADDRESS, SERVICES = "10.99.0.1", "10.96.0.0/16"
READY = "furnished"

# what a kubelet writes into the kernel for the whole machine when it finds it otherwise: it finds it so
TUNED = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def _do(*words: str) -> None:
    subprocess.run(words, check=True)


def _mount(kind: str, place: Path, options: str = "") -> None:
    place.mkdir(parents=True, exist_ok=True)
    _do("mount", "-t", kind, *(("-o", options) if options else ()), "ours", str(place))


def _show(source: Path, place: Path) -> None:
    if source.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    _do("mount", "--bind", str(source), str(place))


def _root(folder: Path, shown: list[Path]) -> Path:
    """A root file system that looks like the machine's and keeps every write in memory of its own."""
    _do("mount", "--make-rprivate", "/")
    mine = folder / "mine"
    _mount("tmpfs", mine, "mode=0755,size=2g")
    root, upper, work = mine / "root", mine / "upper", mine / "work"
    for place in (root, upper, work):
        place.mkdir()
    _mount("overlay", root, f"lowerdir=/,upperdir={upper},workdir={work}")
    for name in ("run", "tmp"):
        _mount("tmpfs", root / name, "mode=1777,size=1g")
    for place in [folder, *shown]:
        _show(place, root / place.relative_to("/"))
    return root


def _devices(root: Path) -> None:
    _show(Path("/dev"), root / "dev")
    _do("mount", "-o", "remount,bind,ro", str(root / "dev"))
    _mount("devpts", root / "dev/pts", "newinstance,ptmxmode=0666,mode=0620")
    _mount("tmpfs", root / "dev/shm", "mode=1777,size=1g")


def _kernel(root: Path) -> None:
    """Its own /proc and /sys; of the switches, only those of its own network can be turned."""
    _mount("proc", root / "proc")
    switches = root / "proc/sys"
    _show(switches, switches)
    _show(switches / "net", switches / "net")
    for name, value in TUNED.items():
        told = root / "run" / name.replace("/", ".")
        told.write_text(value + "\n")
        if (switches / name).exists():
            _show(told, switches / name)
    _do("mount", "-o", "remount,bind,ro", str(switches))
    _mount("sysfs", root / "sys", "ro")


def _cgroups(root: Path) -> None:
    """The hierarchies, of which a cgroup namespace shows what is below our own group alone."""
    base = root / "sys/fs/cgroup"
    _mount("tmpfs", base, "mode=0755,size=1m")
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, _ = line.split(":", 2)
        if names.startswith("name="):
            _mount("cgroup", base / names[5:], f"none,{names}")
        elif names:
            _mount("cgroup", base / names, names)


def _enter(root: Path) -> None:
    old = root / "old"
    old.mkdir()
    _do("pivot_root", str(root), str(old))
    os.chdir("/")
    _do("umount", "-l", "/old")
    # no name server and no proxy: what is asked for by name is told at once that it is nowhere
    Path("/etc/resolv.conf").unlink(missing_ok=True)
    Path("/etc/resolv.conf").write_text("")


def _network() -> None:
    """One address on a wire that leads nowhere. No default route: nothing can leave, an unruled ClusterIP least of all."""
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
    _do("ip", "link", "set", "lo", "up")
    _do("ip", "link", "add", "node0", "type", "veth", "peer", "name", "wire0")
    _do("ip", "address", "add", f"{ADDRESS}/24", "dev", "node0")
    _do("ip", "link", "set", "node0", "up")
    _do("ip", "link", "set", "wire0", "up")
    _do("ip", "route", "add", SERVICES, "dev", "node0")


def _reap() -> None:
    """Take leave of every orphan, for as long as the namespaces last."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        signal.sigwait({signal.SIGCHLD})


def main(folder: Path, shown: list[Path]) -> None:
    """Furnish everything and stay."""
    os.umask(0o022)
    _do("hostname", "node-1")
    root = _root(folder, shown)
    _devices(root)
    _kernel(root)
    _cgroups(root)
    _enter(root)
    _network()
    (folder / READY).touch()
    _reap()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]])
