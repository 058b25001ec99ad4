"""What this machine allows, asked of itself before a real node is tried on it: ``python -m tests.cluster.machine``."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster import build, debian, keeper, policy

PACKAGES = {
    "containerd": ("containerd", "ctr", "containerd-shim-runc-v2"),
    "runc": ("runc",),
    "containernetworking-plugins": ("/usr/lib/cni/bridge", "/usr/lib/cni/host-local", "/usr/lib/cni/portmap"),
    "iptables": ("iptables-save", "iptables-restore"),
    "conntrack": ("conntrack",),
    "iproute2": ("ip",),
    "busybox-static": ("busybox",),
    "mmdebstrap": ("mmdebstrap",),
    "util-linux": ("unshare", "nsenter", "pivot_root"),
}
"""Debian's package to what the node needs of it: programs on PATH, or files."""

CONTROLLERS = frozenset({"cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"})
NEEDED = ("overlay", "snapshots", "veth", "bridge", "iptables")
OVERLAY = 'mkdir -p {0}/u {0}/w && mount -t overlay -o "lowerdir=/etc,upperdir={0}/u,workdir={0}/w" p /mnt'
TRIED = {
    "overlay": OVERLAY.format("/run"),
    "snapshots": OVERLAY.format("$1"),  # containers' file systems lie on disk, where temporary files do
    "veth": "ip link add p0 type veth peer name p1",
    "bridge": "ip link add p2 type bridge",
    "dummy": "ip link add p3 type dummy",
    "iptables": "iptables -t nat -A OUTPUT -p tcp -m statistic --mode random --probability 0.5 -j DNAT --to 10.0.0.1",
    "nftables": "nft add table ip p",
    "tbf": "tc qdisc add dev lo root tbf rate 1mbit burst 10kb latency 50ms",
    "netem": "tc qdisc add dev lo root netem delay 1ms",
    "bridge-netfilter": "test -e /proc/sys/net/bridge/bridge-nf-call-iptables",
}
"""What is tried, each in throw-away namespaces of its own. What is not needed is for whoever writes the next fault."""

ALONE = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "sh", "-c"]
BEFORE = "mount --make-rprivate / && mount -t tmpfs p /run && "


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found: ``allows`` holds what was tried, ``lacks`` the Debian packages that are not there."""

    kernel: str
    root: bool
    cores: int
    memory_mib: int
    capabilities: str
    cgroups: tuple[str, ...]
    allows: dict[str, bool]
    lacks: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why no real node can run here; empty if it can."""
        if not self.root:
            return "it needs root, to make namespaces"
        if self.lacks:
            return f"apt-get install {' '.join(self.lacks)}"
        without = sorted(CONTROLLERS - set(self.cgroups))
        if without:
            return f"it needs cgroup v1 with the controllers {', '.join(without)}"
        refused = [name for name in NEEDED if not self.allows[name]]
        return f"the kernel refuses {', '.join(refused)} in namespaces of our own" if refused else ""


def probe() -> Machine:
    """Try everything; nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="simian-probe-") as folder:
        return _probe(folder)


def _probe(folder: str) -> Machine:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    root = os.geteuid() == 0
    return Machine(
        kernel=platform.release(),
        root=root,
        cores=len(os.sched_getaffinity(0)),
        memory_mib=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        capabilities=status["CapEff"],
        cgroups=tuple(sorted(name for place in keeper.groups("") for name in place.name.split(","))),
        allows={name: root and _works(command, folder) for name, command in TRIED.items()},
        lacks=lacking(),
    )


def lacking() -> tuple[str, ...]:
    """The Debian packages that are not there."""
    return tuple(name for name, files in PACKAGES.items() if not all(shutil.which(file) for file in files))


def ready() -> Machine:
    """This machine, with all that a real node needs; what is missing is installed where that is allowed.

    Otherwise the test is skipped, and failed in CI, with the reason.
    """
    if not policy.installs():
        policy.needs("a real node: it is started as root, with Debian packages; REAL=1 lets it")
    if os.geteuid() == 0 and lacking():
        debian.install(lacking(), lambda: not lacking())
    found = probe()
    if found.reason:
        policy.needs(f"a real node: {found.reason}")
    build.cache().mkdir(parents=True, exist_ok=True)
    (build.cache() / "machine.json").write_text(json.dumps(asdict(found), indent=1))
    return found


def _works(command: str, folder: str) -> bool:
    try:
        done = subprocess.run([*ALONE, BEFORE + command, "sh", folder], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    print(json.dumps(asdict(probe()), indent=1))
