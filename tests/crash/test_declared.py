"""Does each kind change nothing but the fields that it says it restores, its mark, and what the server then says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from simian_army.embedded.cloud import CloudServer
from simian_army.embedded.kube import KubeServer
from simian_army.embedded.toxi.server import ToxiServer
from simian_army.plugins import found
from tests.crash import grounds
from tests.crash.grounds import MARKS, NODE, Site
from tests.crash.points import CASES, ELSEWHERE
from tests.targets.contract.grounds import Case
from tests.targets.contract.promises import end, mark_of, prepared
from tests.targets.kube.grounds import OpenApi

SERVERS_OWN: tuple[str, ...] = (
    "metadata.resourceVersion",
    "metadata.managedFields",
    "metadata.generation",
    "spec.taints",
    "status",
    "State.Code",
    "StateReason",
    "StateTransitionReason",
    "PublicIpAddress",
    "PublicDnsName",
    "NetworkInterfaces",
    "LaunchTime",
)
"""What a server changes by itself when a target is struck, and again when it is given back."""


def leaves(obj: Any, path: str = "") -> dict[str, Any]:
    """Dotted path to value, of everything in an object; a list is one value."""
    if not isinstance(obj, Mapping):
        return {path: obj}
    return {
        name: value for key, said in obj.items() for name, value in leaves(said, f"{path}.{key}".strip(".")).items()
    }


def differing(before: Mapping[str, Any], after: Mapping[str, Any], besides: tuple[str, ...]) -> set[str]:
    """The paths at which both differ, but for those below ``besides``."""
    old, new = leaves(before), leaves(after)
    paths = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    return {path for path in paths if not any(f".{one}" in f".{path}" for one in besides)}


def standing(site: Site, kind: str) -> dict[str, Any]:
    """The objects of a kind, without those that are going: what an earlier case was about."""
    going = "metadata.deletionTimestamp"
    return {name: obj for name, obj in site.objects(kind).items() if going not in leaves(obj)}


@pytest.fixture(params=("kubernetes", "aws", "toxiproxy"))
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    if request.param == "aws":
        with CloudServer() as cloud:
            yield grounds.moto(cloud)
    elif request.param == "toxiproxy":
        with ToxiServer() as toxi, grounds.proxies(toxi.url, toxi) as made:
            yield made
    else:
        with KubeServer(startup=0.05) as server:
            OpenApi(server.url).create("/api/v1/nodes", NODE)
            with grounds.embedded_kube(server, tmp_path) as made:
                yield made


def test_a_kind_changes_what_it_says_and_nothing_else(site: Site) -> None:
    with site.ground.connected() as platform:
        for case in CASES:
            make: Any = found("fault")[case.kind].make
            if case.platform != platform.name or not case.fields:
                continue
            kind, fault = prepared(site.ground, platform, Case(make, case.params, members=make.strikes == "pod"))
            before = standing(site, make.strikes)
            kind.inject(fault, mark_of(fault))
            struck = standing(site, make.strikes)
            assert differing(before, struck, SERVERS_OWN), "it does something"
            there = {name: obj for name, obj in struck.items() if name in before}  # what it made is its own
            assert differing(before, there, (*SERVERS_OWN, *kind.restores, *MARKS)) == set()
            end(kind, fault, mark_of(fault))
            assert differing(before, standing(site, make.strikes), SERVERS_OWN) == set()


def test_every_kind_is_killed_in_this_suite() -> None:
    """One that is new says here what it changes, and is killed at every point as well."""
    ours = {name for name, plugin in found("fault").items() if plugin.make and plugin.origin.startswith("simian-army")}
    assert {case.kind for case in CASES} == ours - ELSEWHERE
