"""A house on an embedded API server that the test can look into; no fake stands between them but the server itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.clock import Clock
from simian_army.embedded.kube import KubeServer
from simian_army.embedded.world import demo_world
from simian_army.errors import UsageError
from simian_army.undertaker.service import Undertaker

KEY = "0123456789abcdef0123456789abcdef"
PODS = "- {name: pods, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-evict}}"
NODES = "- {name: nodes, use: chaos, on: kubernetes, schedule: {every: 2h}, hold: 1h, with: {fault: node-cordon}}"


@dataclass(frozen=True)
class Ground:
    """A server, and the folder with the config and the kubeconfig that lead to it."""

    server: KubeServer
    folder: Path
    undertakers: list[Undertaker] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "simian.yaml"

    def write(self, monkeys: str = f"{PODS}\n{NODES}", more: str = "", leashed: str = "false") -> Path:
        uid = next(o for o in self.server.objects("Namespace") if o["metadata"]["name"] == "kube-system")
        self.config.write_text(
            f"fleet: test\nleashed: {leashed}\nkey: {KEY}\nseed: fixed\n"
            f"platforms:\n  kubernetes: {{context: here, cluster_uid: {uid['metadata']['uid']}}}\n"
            f"safety:\n  budget: {{cooldown: 0s, max_percent: 100}}\n{more}"
            "monkeys:\n" + "\n".join(f"  {line}" for line in monkeys.splitlines()) + "\n"
        )
        return self.config

    @contextmanager
    def house(self, *, leashed: bool = False, clock: Clock | None = None) -> Iterator[wiring.House]:
        with (
            wiring.books(wiring.read_config(self.config), clock=clock) as books,
            wiring.house(books, leashed=leashed, wake=self.wake) as house,
        ):
            books.lease.take()
            yield house

    def wake(self) -> None:
        """An undertaker in a thread of ours: quicker to come than a process, and the same code."""
        threading.Thread(target=self._undertake, name="undertaker", daemon=True).start()

    def _undertake(self) -> None:
        with suppress(UsageError), wiring.undertake(wiring.read_config(self.config), until_idle=True) as made:
            self.undertakers.append(made)
            made.run()

    def writes(self) -> list[str]:
        """What was written to targets, in order."""
        asking = "/selfsubjectaccessreviews"
        return [f"{w.method} {w.path} {w.code}" for w in self.server.writes if asking not in w.path]

    def node(self, name: str) -> Any:
        return next(o for o in self.server.objects("Node") if o["metadata"]["name"] == name)


@contextmanager
def ground(folder: Path, world: Sequence[Any] = ()) -> Iterator[Ground]:
    with KubeServer(world or demo_world(), startup=0.05) as server:
        assert server.settle(60)
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "here", "cluster": {"server": server.url}}],
            "users": [{"name": "here", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "here"}}],
            "current-context": "here",
        }
        (folder / "kubeconfig").write_text(json.dumps(kubeconfig))
        made = Ground(server, folder)
        yield made
        for undertaker in made.undertakers:  # its world is gone: it would try for ever
            undertaker.stopping.set()
