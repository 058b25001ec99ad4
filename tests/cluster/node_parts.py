"""How a real node and the control plane over it are started and stopped, all in namespaces of their own."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster import access, build, door
from tests.cluster.api import Api, ApiSaidError
from tests.cluster.images import Image, layer
from tests.cluster.inside import ADDRESS
from tests.cluster.namespaces import Namespaces
from tests.cluster.node_flags import INSIDE, KUBELET, KUBERNETES, NAME, PAUSE, PORT, SOCKET, Flags
from tests.cluster.parts import CLIENT
from tests.cluster.process import Part
from tests.cluster.trust import Authority
from tests.cluster.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence

BUSYBOX = "docker.io/library/busybox:1.37"
"""The name under which Debian's static busybox is there; pods may write ``busybox:1.37``."""


LOAD = ["ctr", f"--address={SOCKET}", "--namespace=k8s.io", "images", "import", "--no-unpack", "-"]


class NodeParts:
    """The running parts, with the surface that Cluster wants. ``start`` once, ``stop`` always."""

    def __init__(self) -> None:
        self.space = Namespaces()
        self.folder = self.space.folder
        self.server = ""
        self.ca = self.folder / "authority.crt"
        self.audit_log = self.folder / "audit.log"
        self.tokens = access.Tokens.fresh()
        self.tokens.of["part:kube-proxy"] = secrets.token_hex(16)
        self.flags = Flags(self.folder)
        self._parts: dict[str, Part] = {}
        self._kubelet = secrets.token_hex(16)
        self._door = socket.create_server(("127.0.0.1", 0))

    def start(self) -> None:
        """Bring up everything; returns when the node is ready.

        Raises:
            CannotBuildError: the binaries are not there and cannot be built.
            PartDiedError, NeverError: a part did not come up.
        """
        plane, node = str(build.plane()), str(build.node())
        self._write()
        self._run("containerd", ["containerd", f"--config={self.folder}/containerd.toml"])
        self._run("etcd", [plane, "etcd", *self.flags.etcd()])
        self._open()
        self._run("apiserver", [plane, "kube-apiserver", *self.flags.apiserver(self.audit_log)])
        until("containerd to listen", self._listens, 30)
        self.load(_busybox(PAUSE, self.folder, ["sleep", "2147483647"]), _busybox(BUSYBOX, self.folder, ["sh"]))
        until("the API server to be ready", self._ready, 90)
        for name, flags in (("controller-manager", self.flags.controllers()), ("scheduler", [])):
            self._run(name, [plane, f"kube-{name}", f"--kubeconfig={self._config(name)}", *CLIENT, *flags])
        self._config("kube-proxy")
        access.kubeconfig(self.folder / "kubelet.kubeconfig", INSIDE, self.ca, self._kubelet)
        self._run("kubelet", [node, "kubelet", *self.flags.kubelet()])
        until("the node to be ready", self._node_ready, 60)
        self._run("kube-proxy", [node, "kube-proxy", f"--config={self.folder}/kube-proxy.json"])

    def stop(self) -> None:
        """End everything at once; nothing of it is kept, so nothing needs to end in order."""
        self._door.close()
        self.space.close()
        for part in self._parts.values():
            part.kill()

    def check(self) -> None:
        """Raise PartDiedError if a part has ended by itself."""
        for part in self._parts.values():
            part.check()

    def load(self, *images: Image) -> None:
        """Give images to the node."""
        for image in images:
            self.space.feed(image.write, *LOAD)

    def _write(self) -> None:
        self.tokens.write(self.folder / "tokens.csv")
        with (self.folder / "tokens.csv").open("a") as rows:
            rows.write(f'{self._kubelet},{KUBELET},{KUBELET},"system:nodes"\n')
        access.signing_key(self.folder / "sa.key")
        trust = Authority(self.folder)
        trust.issue("apiserver", hosts=[*KUBERNETES, ADDRESS])
        trust.issue("kubelet", hosts=[NAME, ADDRESS])
        trust.issue("apiserver-to-kubelet", organization="system:masters")
        self.flags.write()

    def _open(self) -> None:
        number = self._door.fileno()
        python = str(Path(sys.executable).resolve())  # a virtual environment may not be seen inside
        words = [python, "-I", "-S", str(Path(door.__file__)), str(number), ADDRESS, str(PORT)]
        self._parts["door"] = self.space.part("door", words, [number])
        self.server = f"https://127.0.0.1:{self._door.getsockname()[1]}"

    def _run(self, name: str, command: Sequence[str]) -> None:
        self._parts[name] = self.space.part(name, command)

    def _config(self, name: str) -> Path:
        file = self.folder / f"{name}.kubeconfig"
        return access.kubeconfig(file, INSIDE, self.ca, self.tokens.of[f"part:{name}"])

    def _ready(self) -> bool:
        self.check()
        try:
            self._admin().raw("GET", "/readyz")
        except (ApiSaidError, OSError):
            return False
        return True

    def _listens(self) -> bool:
        self.check()
        return self.space.has(SOCKET)

    def _node_ready(self) -> bool:
        self.check()
        nodes = list(self._admin().items("/api/v1/nodes"))
        up = [one for node in nodes for one in node["status"].get("conditions", []) if one["type"] == "Ready"]
        return bool(up) and up[0]["status"] == "True" and not nodes[0]["spec"].get("taints")

    def _admin(self) -> Api:
        return Api(self.server, self.ca, self.tokens.of["admin"])


def _busybox(name: str, folder: Path, command: Sequence[str]) -> Image:
    file = folder / "busybox.tar"
    if not file.exists():
        said = subprocess.run(["busybox", "--list"], check=True, capture_output=True, text=True)
        program = Path(shutil.which("busybox") or "/bin/busybox").read_bytes()
        tools = set(said.stdout.split()) - {"busybox"}
        layer(file, {"bin/busybox": program}, {f"bin/{tool}": "busybox" for tool in tools})
    return Image(name, [file], command=command, env={"PATH": "/bin"})
