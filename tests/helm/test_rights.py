"""Does the chart grant what `simian rbac` prints for the same configuration, and never more."""

from __future__ import annotations

from typing import Any

import pytest

from simian_army.plugins import found
from tests.helm.chart import FULL, WHO, Helm, config_of, granted, of_kind, offered
from tests.helm.table import FILE, text

FAULTS = sorted(name for name, one in found("fault").items() if getattr(one.make, "platform", "") == "kubernetes")
OPENING = ("container-kill", "exec")
PLACES: dict[str, list[str]] = {"named": ["shop", "till"], "everywhere": ["*"]}


def values(*monkeys: dict[str, Any], namespaces: list[str] | None = None, **config: Any) -> dict[str, Any]:
    kube = {"context": "in-cluster", "exec": True, "namespaces": namespaces or ["*"]}
    every = {"on": "kubernetes", "use": "chaos", "schedule": {"every": "2h"}}
    named = [{"name": f"m{number}", **every, **said} for number, said in enumerate(monkeys)]
    return {"config": {"fleet": "shop", "platforms": {"kubernetes": kube}, "monkeys": named, **config}}


def strikes(fault: str, **more: Any) -> dict[str, Any]:
    return {"with": {"fault": fault, **more}}


CONFIGS: dict[str, dict[str, Any]] = {
    "no monkey": values(),
    "no monkey, named": values(namespaces=["shop"]),
    "the default fault": values({"select": {"namespaces": ["sh*"]}}, namespaces=["shop", "till"]),
    "weighted": values(
        {"with": {"faults": [{"fault": "scale-down", "weight": 3}, {"fault": "secret-fault", "params": {"key": "a"}}]}},
        {"with": {"fault": "node-cordon"}},
        namespaces=["shop", "till"],
    ),
    "two that look": values({"use": "conformity"}, strikes("node-taint"), namespaces=["shop"]),
    "it only looks": values({"use": "conformity"}, namespaces=["shop", "shop"]),
    "some left out": values(strikes("dns-fault"), namespaces=["!t?ll", "shop", "till", "!s[a-c]x", "sbx"]),
    "all left out": values(strikes("pod-evict"), namespaces=["shop", "!sh*"]),
    "only exclusions": values(strikes("pod-evict"), namespaces=["!kube-*"]),
    "one pattern": values(strikes("pod-failure"), namespaces=["shop", "team-[ab]"]),
    "nobody's word": values(
        strikes("pod-delete"), namespaces=["shop"], safety={"quorum": {"pdb": False, "hpa": False}}
    ),
    "one word": values(strikes("node-drain"), namespaces=["shop"], safety={"quorum": {"pdb": False}}),
    "no fronts": values(strikes("pod-evict"), namespaces=["shop"], safety={"protect_webhooks": False}),
    "under pressure": values(strikes("pod-evict"), namespaces=["shop"], safety={"look": [{"node_pressure": True}]}),
    "elsewhere": values(
        strikes("config-fault", params={"key": "a"}),
        namespaces=["shop"],
        leader={"namespace": "leads"},
        halt={"namespace": "halts", "configmap": "stop"},
        undertaker={"namespace": "buries"},
    ),
    "other platforms": {
        "config": {
            **values(strikes("pod-evict"), namespaces=["shop"])["config"],
            "platforms": {
                "kubernetes": {"context": "in-cluster", "namespaces": ["shop"]},
                "toxiproxy": {"endpoints": ["http://127.0.0.1:8474"]},
            },
            "monkeys": [
                {"name": "slow", "use": "latency", "on": "toxiproxy", "schedule": {"every": "1h"}},
                {"name": "rules", "use": "conformity", "on": "kubernetes", "schedule": {"every": "1h"}},
            ],
        }
    },
}


def same(helm: Helm, said: dict[str, Any], **more: Any) -> dict[str, set[Any]]:
    """What the chart grants to each, once it was compared."""
    made = helm.template(said)
    ours, theirs = offered(config_of(made, helm.folder), **more), {w: granted(made, f"{FULL}-{w}") for w in WHO}
    for who in WHO:
        assert theirs[who] == ours[who], who
        assert ours[who] or who != "agent"
    assert not [atom for atoms in theirs.values() for atom in atoms if "*" in "".join(atom)]
    return theirs


def test_the_chart_carries_the_table_as_it_is() -> None:
    assert FILE.read_text() == text(), "write it anew: .venv/bin/python -m tests.helm.table"


@pytest.mark.parametrize("name", CONFIGS)
def test_the_chart_grants_what_rbac_prints(helm: Helm, name: str) -> None:
    same(helm, CONFIGS[name])


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_the_chart_grants_what_rbac_prints_for_each_fault(helm: Helm, place: str) -> None:
    for fault in FAULTS:
        params = {"params": {"key": "a"}} if fault.endswith(("config-fault", "secret-fault")) else {}
        got = same(helm, values(strikes(fault, **params), namespaces=PLACES[place]))
        every = {atom for atoms in got.values() for atom in atoms}
        assert any(one[2] == "pods/exec" for one in every) is (fault in OPENING), fault
        elsewhere = {one for one in every if one[2] == "secrets" and one[0] != "chaos"}
        assert bool(elsewhere) is (fault == "secret-fault"), fault


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("said", [{"exec": False}, {}], ids=["off", "unsaid"])
def test_while_commands_are_off_there_is_no_rule_for_them(helm: Helm, place: str, said: dict[str, bool]) -> None:
    monkeys = [strikes(fault) for fault in ("pod-evict", *OPENING)]
    wanted = values(*monkeys, namespaces=PLACES[place])
    on = same(helm, wanted)
    kube = wanted["config"]["platforms"]
    kube["kubernetes"] = {"context": "in-cluster", "namespaces": PLACES[place], **said}
    off = same(helm, wanted)
    scopes = ["shop", "till"] if place == "named" else [""]
    opened = {(scope, "", "pods/exec", "", verb) for scope in scopes for verb in ("get", "create")}
    assert {who: on[who] - off[who] for who in WHO} == {"agent": opened, "undertaker": set(), "leaver": set()}
    assert all(off[who] <= on[who] for who in WHO), "and nothing else takes its place"


def test_faults_of_game_days_and_owners_of_others_are_asked_for_by_hand(helm: Helm) -> None:
    said = values(strikes("pod-evict"), namespaces=["shop"])
    rights = {"faults": ["node-cordon"], "owners": [{"group": "argoproj.io", "resource": "rollouts"}]}
    got = same(helm, {**said, "rights": rights}, faults=("node-cordon",), owners=(("argoproj.io", "rollouts"),))
    assert ("", "", "nodes", "", "patch") in got["agent"]
    assert ("", "argoproj.io", "rollouts", "", "get") in got["agent"]


def test_what_only_one_needs_the_other_has_not(helm: Helm) -> None:
    got = same(helm, values(strikes("scale-down"), strikes("pod-evict"), namespaces=["shop"]))
    assert got["undertaker"] == {
        *(("shop", "apps", kind, "", verb) for kind in ("deployments", "statefulsets") for verb in ("get", "patch")),
        *(("shop", "apps", "replicasets", "", verb) for verb in ("list", "patch")),
        *(("chaos", "", "secrets", "", verb) for verb in ("get", "list", "create", "patch")),
    }
    assert ("shop", "", "pods/eviction", "", "create") in got["agent"]


def test_a_fault_that_the_chart_does_not_know_needs_rules_of_its_own(helm: Helm) -> None:
    said = values(strikes("melt"), namespaces=["shop"])
    assert "what the fault melt needs" in helm.refused(said)
    rule = {"apiGroups": ["shop.example"], "resources": ["ovens"], "verbs": ["get", "patch"]}
    made = helm.template({**said, "rights": {"more": {"agent": [rule], "undertaker": [rule]}}})
    assert {("", "shop.example", "ovens", "", verb) for verb in ("get", "patch")} <= granted(made, f"{FULL}-agent")


def test_a_wildcard_is_refused_by_name(helm: Helm) -> None:
    for where in ("apiGroups", "resources", "verbs"):
        rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"], where: ["*"]}
        said = helm.refused({"rights": {"more": {"agent": [rule]}}})
        assert f"/rights/more/agent/0/{where}/0" in said


def test_without_rights_there_are_accounts_and_no_roles(helm: Helm) -> None:
    made = helm.template({**values(strikes("pod-evict")), "rights": {"create": False}, "leave": {"enabled": False}})
    assert of_kind(made, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding") == []
    assert len(of_kind(made, "ServiceAccount")) == 2
