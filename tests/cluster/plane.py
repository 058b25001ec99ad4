"""A real Kubernetes for one test run, on loopback, with fake nodes whose pods really come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from tests.cluster import access, audit, build, world
from tests.cluster.api import Api, ApiSaidError, Obj
from tests.cluster.parts import Parts
from tests.cluster.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

CORE = "/api/v1"
TELL_EACH = 1000


class Ground(Protocol):
    """The running parts under a cluster; see Parts."""

    folder: Path
    server: str
    ca: Path
    audit_log: Path
    tokens: access.Tokens

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def check(self) -> None: ...


class Cluster:
    """A started cluster inside ``with``; several may run side by side. ``say`` gets one line a step.

    ``admin`` may do everything; ``uid`` is that of the namespace kube-system; ``folder`` goes when the cluster goes.

    Raises (entering): CannotBuildError when there is no Go; PartDiedError or NeverError when it does not start.
    """

    def __init__(
        self, nodes: int = 4, say: Callable[[str], None] = build.say, ground: Callable[[], Ground] = Parts
    ) -> None:
        self._say = say
        self._nodes = nodes
        self._ground = ground

    def __enter__(self) -> Self:
        self._say("starting a real Kubernetes control plane ...")
        self.parts: Ground = self._ground()
        try:
            self.parts.start()
            self.admin = self.api("admin")
            self.uid: str = self.admin.get(f"{CORE}/namespaces/kube-system")["metadata"]["uid"]
            self.kubeconfig = self.kubeconfig_of("admin")
            self.nodes(self._nodes)
        except BaseException:
            self.parts.stop()
            raise
        self._say(f"a real Kubernetes runs at {self.server} with {self._nodes or 1} nodes")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.parts.stop()

    @property
    def folder(self) -> Path:
        """Where its files are: logs, kubeconfigs, etcd's data."""
        return self.parts.folder

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return self.parts.server

    @property
    def context(self) -> str:
        """The name of the one context in each kubeconfig."""
        return access.CONTEXT

    def api(self, user: str) -> Api:
        """The API server as one of the people in access.PEOPLE sees it."""
        return Api(self.server, self.parts.ca, self.parts.tokens.of[user])

    def kubeconfig_of(self, user: str) -> Path:
        """A kubeconfig for one of the people in access.PEOPLE."""
        return self.kubeconfig_with(self.folder / f"{user}.kubeconfig", self.api(user))

    def kubeconfig_with(self, file: Path, api: Api) -> Path:
        """A kubeconfig, written to ``file``, that speaks as ``api`` does."""
        return access.kubeconfig(file, self.server, self.parts.ca, api.token)

    def service_account(self, namespace: str, name: str) -> Api:
        """The API server as a service account, made if need be, sees it; its RBAC is the test's matter."""
        path = f"{CORE}/namespaces/{namespace}/serviceaccounts"
        self.admin.create(path, {"metadata": {"name": name}})
        made = self.admin.create(f"{path}/{name}/token", {"metadata": {"name": name}, "spec": {}})
        return Api(self.server, self.parts.ca, made["status"]["token"])

    def audit_mark(self) -> int:
        """Where the audit log ends now: give it to ``calls`` to see only what came later."""
        log = self.parts.audit_log
        return log.stat().st_size if log.exists() else 0

    def calls(self, since: int = 0) -> Iterator[audit.Call]:
        """What the API server answered, the cluster's own parts left out; each line is written before its answer."""
        return audit.calls(self.parts.audit_log, since)

    def nodes(self, count: int, prefix: str = "node", labels: dict[str, str] | None = None) -> list[str]:
        """Make ``count`` nodes (those that are there stay) and wait until they are ready; returns their names."""
        names = [f"{prefix}-{number}" for number in range(1, count + 1)]
        for name in names:
            self.admin.create(f"{CORE}/nodes", world.node(name, labels or {}))
        until("the nodes to be ready", lambda: set(names) <= self._ready_nodes())
        return names

    def namespace(self, name: str, labels: dict[str, str] | None = None) -> None:
        """Make a namespace and wait until pods can be made in it."""
        self.admin.create(f"{CORE}/namespaces", world.namespace(name, labels or {}))
        accounts = f"{CORE}/namespaces/{name}/serviceaccounts"
        until(f"a service account in namespace {name}", lambda: list(self.admin.items(accounts)))

    def deployment(
        self,
        namespace: str,
        name: str,
        replicas: int = 1,
        labels: dict[str, str] | None = None,
        template_labels: dict[str, str] | None = None,
    ) -> Obj:
        """Make a Deployment, without waiting for its pods (see ``settle``); they carry ``app: <name>`` as well."""
        wanted = world.deployment(name, replicas, labels or {}, template_labels or {})
        return self.admin.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", wanted)

    def budget(self, namespace: str, app: str, min_available: int) -> Obj:
        """Make a PodDisruptionBudget over the pods of the Deployment ``app`` and wait until it counts them."""
        path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
        self.admin.create(path, world.budget(app, app, min_available))
        return (
            until(
                f"the disruption budget of {app} to be counted",
                lambda: next((pdb for pdb in self.admin.items(path) if _counted(pdb, app)), None),
            )
            or {}
        )

    def pods(self, namespace: str, labels: str = "") -> list[Obj]:
        """The pods of a namespace that match a label selector, those already being deleted left out."""
        found = self.admin.items(f"{CORE}/namespaces/{namespace}/pods?labelSelector={labels}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def settle(self, namespace: str, seconds: float = 120) -> None:
        """Wait until every Deployment of the namespace has all its pods ready; says how far it is now and then."""
        told = 0

        def whole() -> bool:
            nonlocal told
            ready, wanted = self._ready_pods(namespace)
            if ready >= told + TELL_EACH:
                told = ready
                self._say(f"  {ready} of {wanted} pods run in {namespace} ...")
            return ready == wanted

        until(f"the Deployments of {namespace} to be whole", whole, seconds)

    def remove_namespace(self, name: str) -> None:
        """Delete a namespace with all that is in it and wait until it is gone."""
        self.admin.delete(f"{CORE}/namespaces/{name}")
        until(f"namespace {name} to be gone", lambda: not self._has(f"{CORE}/namespaces/{name}"), 120)

    def _has(self, path: str) -> bool:
        try:
            self.admin.get(path)
        except ApiSaidError as said:
            if said.code == 404:
                return False
            raise
        return True

    def _ready_nodes(self) -> set[str]:
        return {node["metadata"]["name"] for node in self.admin.items(f"{CORE}/nodes") if _is_ready(node)}

    def _ready_pods(self, namespace: str) -> tuple[int, int]:
        self.parts.check()
        ready = wanted = 0
        for one in self.admin.items(f"/apis/apps/v1/namespaces/{namespace}/deployments"):
            state = one["status"]
            seen = state.get("observedGeneration") == one["metadata"]["generation"]
            told = [state.get(key, 0) for key in ("readyReplicas", "updatedReplicas")]
            old = state.get("replicas", 0) - told[1]  # of an earlier template, they go yet
            ready += max(0, min(told) - old) if seen else 0
            wanted += one["spec"]["replicas"]
        return ready, wanted


def _is_ready(node: Obj) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"].get("conditions", []))


def _counted(pdb: Obj, app: str) -> bool:
    return pdb["metadata"]["name"] == app and bool(pdb.get("status", {}).get("expectedPods"))
