"""Is what an agent, its undertaker and who takes both away may do as little as the faults and namespaces take."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from simian_army.faults.k8s.container_kill import ContainerKill
from simian_army.faults.k8s.cpu_hog import CpuHog
from simian_army.faults.k8s.node_cordon import NodeCordon
from simian_army.faults.k8s.node_drain import NodeDrain
from simian_army.faults.k8s.pod_evict import PodEvict
from simian_army.faults.k8s.scale_down import ScaleDown
from simian_army.faults.k8s.secret_fault import SecretFault
from simian_army.needing import reverting
from simian_army.plugins import found
from simian_army.targets.kube.place import Own
from simian_army.targets.kube.rights import WHO, Right, rights
from simian_army.targets.kube.wants import Wants

HOME = Own("shop-eu", "home", "home", "home", "home", "simian-army-halt", ("agent", "undertaker"))
ALL: tuple[Any, ...] = tuple(
    one.make for one in found("fault").values() if getattr(one.make, "platform", "") == "kubernetes"
)


def wants(*kinds: object, namespaces: tuple[str, ...] = ("shop",), **more: Any) -> Wants:
    return Wants(namespaces, kinds, own=HOME, **more)


def verbs(granted: tuple[Right, ...], resource: str, scope: str) -> set[str]:
    return {right.verb for right in granted if (right.resource, right.scope) == (resource, scope)}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("namespaces", [("*",), ("shop", "till"), ("!kube-*",)])
def test_there_is_no_wildcard_and_nothing_twice(who: Any, namespaces: tuple[str, ...]) -> None:
    granted = rights(who, wants(*ALL, namespaces=namespaces, floors=("pdb", "hpa"), fronts=True, pressure=True))
    assert len(granted) == len(set(granted))
    assert not [right for right in granted if "*" in "".join(right)]
    whole = {right[1:] for right in granted if not right.scope}
    assert not [right for right in granted if right.scope and right[1:] in whole], "what holds everywhere is said once"


def test_secrets_of_others_and_commands_are_opened_by_the_faults_that_need_them_alone() -> None:
    for kind in ALL:
        granted = rights("agent", wants(kind, exec=True))
        assert ("pods/exec" in {right.resource for right in granted}) is (
            ("create", "", "pods", "exec") in kind.permissions
        )
        assert bool(verbs(granted, "secrets", "shop")) is (kind is SecretFault)
        assert verbs(granted, "secrets", "") == set()
        assert verbs(granted, "secrets", "home") == {"get", "list", "create", "patch", "delete"}
    assert verbs(rights("agent", wants(ContainerKill, exec=True)), "pods/exec", "shop") == {"get", "create"}


@pytest.mark.parametrize("who", WHO)
def test_while_commands_are_off_nobody_may_run_one(who: Any) -> None:
    on, off = (set(rights(who, wants(*ALL, exec=runs))) for runs in (True, False))
    opened = {Right("shop", "", "pods/exec", verb) for verb in ("get", "create")} if who == "agent" else set()
    assert on - off == opened
    assert off <= on, "and nothing else takes its place"


def test_a_fault_whose_reach_is_everywhere_reads_everywhere_and_writes_where_it_strikes() -> None:
    near, wide = rights("agent", wants(PodEvict)), rights("agent", wants(PodEvict, NodeCordon))
    assert verbs(near, "pods", "") == set()
    assert {right.name for right in near if right.resource == "namespaces"} == {"kube-system", "shop"}
    assert verbs(wide, "pods", "") == {"list"}
    assert verbs(wide, "namespaces", "") == {"get", "list"}
    assert {right.name for right in wide if right.resource == "namespaces"} == {""}
    assert verbs(wide, "pods/eviction", "shop") == {"create"}
    assert verbs(wide, "pods/eviction", "") == set()
    drain = rights("agent", wants(NodeDrain))
    assert verbs(drain, "pods/eviction", "") == {"create"}
    hog = rights("agent", wants(CpuHog))
    assert (verbs(hog, "pods", ""), verbs(hog, "pods", "shop")) == ({"list"}, {"get", "create", "delete"})


def test_who_has_a_word_is_asked_where_pods_are_stopped() -> None:
    def places(*kinds: object, floors: tuple[str, ...] = ("pdb", "hpa")) -> set[str]:
        granted = rights("agent", wants(*kinds, floors=floors))
        return {right.scope for right in granted if right.resource == "poddisruptionbudgets"}

    assert places(NodeCordon) == set()
    assert places(PodEvict) == places(PodEvict, NodeCordon) == {"shop"}
    assert places(NodeDrain) == {""}
    assert places(PodEvict, floors=("hpa",)) == set()


def test_an_undertaker_has_what_reverts_need() -> None:
    granted = rights("undertaker", wants(PodEvict, ScaleDown, NodeDrain))
    assert {right.resource for right in granted} == {"deployments", "statefulsets", "replicasets", "nodes", "secrets"}
    assert "delete" not in verbs(granted, "secrets", "home")
    assert rights("undertaker", wants(PodEvict)) == tuple(
        Right("home", "", "secrets", verb) for verb in ("get", "list", "create", "patch")
    )


def test_outside_a_cluster_nothing_of_ours_is_kept_there() -> None:
    granted = rights("agent", Wants(("shop",), (PodEvict,)))
    assert {right.resource for right in granted}.isdisjoint({"leases", "configmaps", "secrets"})


class Strange:
    """A reversible fault of somebody's that says nothing of its revert."""

    platform: ClassVar[str] = "kubernetes"
    reversible: ClassVar[bool] = True
    strikes: ClassVar[str] = "pod"
    permissions: ClassVar[list[list[str]]] = [["get", "", "pods", ""], ["patch", "shop.example", "ovens", ""]]


def test_of_a_kind_that_does_not_say_what_its_revert_needs_an_undertaker_has_all() -> None:
    assert reverting(Strange) == (("get", "", "pods", ""), ("patch", "shop.example", "ovens", ""))
    assert verbs(rights("undertaker", wants(Strange)), "ovens", "shop") == {"patch"}
    assert verbs(rights("leaver", wants(Strange)), "pods", "shop") >= {"get", "list"}


def test_what_leaves_may_touch_only_what_is_ours_by_name() -> None:
    granted = rights("leaver", wants(PodEvict))
    assert {right.name for right in granted if right.resource == "namespaces"} == {"shop"}
    ours = {(right.resource, right.name, right.verb) for right in granted if right.scope == "home"}
    assert {(kind, name) for kind, name, verb in ours if verb == "patch"} == {
        ("configmaps", "simian-army-halt"),
        ("deployments", "agent"),
        ("deployments", "undertaker"),
    }
    assert ("leases", "simian-army-shop-eu", "delete") in ours
