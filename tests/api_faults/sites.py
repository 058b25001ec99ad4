"""The sites of these tests: an embedded server of each platform, filled once, behind a door."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest

from simian_army.embedded.cloud import CloudServer
from simian_army.embedded.kube import KubeServer
from simian_army.embedded.toxi.server import ToxiServer
from tests.api_faults.stage import KINDS, Stage
from tests.crash import grounds
from tests.crash.grounds import NODE
from tests.doors import names
from tests.doors.door import opened
from tests.targets.kube.grounds import OpenApi


@contextmanager
def stage(kind: str, folder: Path) -> Iterator[Stage]:
    """The stage of that kind, in an empty folder, an undertaker at work."""
    make = {"kubernetes": _kube, "aws": _aws, "toxiproxy": _links}[KINDS[kind].platform]
    with make(kind, folder) as made:
        made.write(folder / "first.db")
        with made.undertaker():
            yield made


@contextmanager
def _kube(kind: str, folder: Path) -> Iterator[Stage]:
    before = os.environ.get("KUBECONFIG")
    with KubeServer(startup=0.01) as server, opened(server.url, names.kube) as door, ExitStack() as closing:
        OpenApi(server.url).create("/api/v1/nodes", NODE)
        site = closing.enter_context(grounds.embedded_kube(server, folder))
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(kubeconfig.read_text().replace(server.url, door.url))
        os.environ["KUBECONFIG"] = str(kubeconfig)
        try:
            yield Stage(site, door, KINDS[kind], folder, site.said, lambda: server.settle(30))
        finally:
            os.environ["KUBECONFIG"] = before or os.devnull


@contextmanager
def _aws(kind: str, folder: Path) -> Iterator[Stage]:
    with CloudServer() as server, opened(server.url, names.aws) as door, _models_read_once():
        site = grounds.moto(server)
        said = site.said.replace(server.url, door.url).replace("{", "{connect_timeout: 2s, ")
        yield Stage(site, door, KINDS[kind], folder, said)


@contextmanager
def _models_read_once() -> Iterator[None]:
    """Every life makes its clients anew, and would read the same 3 MB of their models again: half a second each."""
    from botocore.loaders import JSONFileLoader

    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: read(path))
        yield


@contextmanager
def _links(kind: str, folder: Path) -> Iterator[Stage]:
    with ToxiServer() as server, opened(server.url, names.links) as door:
        with grounds.proxies(server.url, server) as site:
            yield Stage(site, door, KINDS[kind], folder, site.said.replace(server.url, door.url))
