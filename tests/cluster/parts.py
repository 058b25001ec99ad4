"""How the parts of a real Kubernetes are started and stopped, in which order and with which flags."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cluster import access, audit, build
from tests.cluster.api import Api, ApiSaidError
from tests.cluster.folder import Folder
from tests.cluster.process import Part, PartDiedError, free_port
from tests.cluster.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

TRIES = 3
TAKEN = "address already in use"
KWOK_NODES = "kwok.x-k8s.io/node=fake"
CLIENT = ["--kube-api-qps=3000", "--kube-api-burst=6000", "--leader-elect=false", "--secure-port=0"]
CONTROLLERS = [
    "--concurrent-deployment-syncs=20",
    "--concurrent-replicaset-syncs=20",
    "--node-monitor-grace-period=300s",  # a busy machine must not look like dead nodes
]


class Parts:
    """The running parts of one cluster, in a folder of their own. ``start`` once, ``stop`` always."""

    def __init__(self) -> None:
        self._room = Folder()
        self.folder: Path = self._room.path
        self.server = ""
        self.ca = self.folder / "certs" / "apiserver.crt"
        self.audit_log = self.folder / "audit.log"
        self.tokens = access.Tokens.fresh()
        self._parts: dict[str, Part] = {}

    def start(self) -> None:
        """Bring up everything; returns when the API server is ready.

        Raises:
            CannotBuildError: the binaries are not there and cannot be built.
            PartDiedError, NeverError: a part did not come up.
        """
        plane, kwok = str(build.plane()), str(build.kwok())
        self._write()
        self._serve(plane)
        for name, flags in (("controller-manager", self._controllers()), ("scheduler", [])):
            self._run(name, [plane, f"kube-{name}", f"--kubeconfig={self._config(name)}", *CLIENT, *flags])
        self._run("kwok", [kwok, f"--kubeconfig={self._config('kwok')}", *self._kwok()])

    def stop(self) -> None:
        """End every part, the API server before its etcd, and remove the folder."""
        users = [self._parts.pop(name) for name in list(self._parts) if name not in {"apiserver", "etcd"}]
        for part in users:
            part.ask_to_stop()
        for part in users:
            part.stop()
        self._unserve()
        self._room.remove()

    def check(self) -> None:
        """Raise PartDiedError if a part has ended by itself."""
        for part in self._parts.values():
            part.check()

    def pid(self, name: str) -> int:
        """The process id of etcd, apiserver, controller-manager, scheduler or kwok."""
        return self._parts[name].pid

    def _write(self) -> None:
        self.tokens.write(self.folder / "tokens.csv")
        access.signing_key(self.folder / "sa.key")
        (self.folder / "policy.json").write_text(json.dumps(audit.POLICY))

    def _serve(self, plane: str) -> None:
        for left in reversed(range(TRIES)):
            try:
                self._serve_once(plane, free_port(), free_port(), free_port())
            except PartDiedError as died:
                self._unserve()
                if TAKEN not in str(died) or not left:
                    raise
            else:
                return

    def _serve_once(self, plane: str, client: int, peer: int, port: int) -> None:
        etcd, self.server = f"http://127.0.0.1:{client}", f"https://127.0.0.1:{port}"
        self._run("etcd", [plane, "etcd", *_etcd(etcd, f"http://127.0.0.1:{peer}")])
        self._run("apiserver", [plane, "kube-apiserver", f"--etcd-servers={etcd}", *self._apiserver(port)])
        until("the API server to be ready", self._ready, 90)

    def _unserve(self) -> None:
        for name in ("apiserver", "etcd"):
            if name in self._parts:
                self._parts.pop(name).stop()

    def _ready(self) -> bool:
        self.check()
        if not self.ca.exists():
            return False
        try:
            Api(self.server, self.ca, self.tokens.of["admin"]).raw("GET", "/readyz")
        except (ApiSaidError, OSError):
            return False
        return True

    def _run(self, name: str, command: list[str]) -> None:
        self._parts[name] = Part(command, self.folder / f"{name}.log")

    def _config(self, name: str) -> Path:
        file = self.folder / f"{name}.kubeconfig"
        return access.kubeconfig(file, self.server, self.ca, self.tokens.of[f"part:{name}"])

    def _apiserver(self, port: int) -> list[str]:
        key = self.folder / "sa.key"
        return [
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self.ca.parent}",
            "--endpoint-reconciler-type=none",  # else it wants an address that is not loopback
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=RBAC,Node",
            f"--audit-policy-file={self.folder / 'policy.json'}",
            f"--audit-log-path={self.audit_log}",
            "--audit-log-maxsize=10000",
            "--max-requests-inflight=1000",
            "--max-mutating-requests-inflight=1000",
        ]

    def _controllers(self) -> list[str]:
        key = f"--service-account-private-key-file={self.folder / 'sa.key'}"
        return [key, f"--root-ca-file={self.ca}", *CONTROLLERS]

    def _kwok(self) -> list[str]:
        nodes = f"--manage-nodes-with-annotation-selector={KWOK_NODES}"
        return [nodes, f"--config={build.kwok_stages()}", "--node-lease-duration-seconds=40"]


def _etcd(client: str, peer: str) -> list[str]:
    return [
        "--data-dir=etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]
