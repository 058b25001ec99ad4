"""Is the chart right: what it refuses, what its pods may, and what the agent is told by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from simian_army import wiring
from simian_army.rates import Rate
from tests.helm.chart import CHART, FULL, HOME, KEY, RELEASE, Helm, config_of, halting, of_kind

MONKEY = {"name": "pods", "use": "chaos", "on": "kubernetes", "schedule": {"every": "2h"}}


def config(**more: Any) -> dict[str, Any]:
    kube = {"context": "in-cluster", "namespaces": ["shop"]}
    return {"config": {"fleet": "shop", "platforms": {"kubernetes": kube}, "monkeys": [MONKEY], **more}}


def pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The pod specs, by the name of what makes the pods."""
    made = of_kind(objects, "Deployment", "Job")
    return {one["metadata"]["name"].removeprefix(f"{FULL}-"): one["spec"]["template"]["spec"] for one in made}


def test_lint_finds_nothing(helm: Helm) -> None:
    said = helm.run("lint", "--strict", str(CHART), "-f", str(helm.values(config())))
    assert said.returncode == 0, said.stdout + said.stderr
    assert "1 chart(s) linted, 0 chart(s) failed" in said.stdout
    assert "WARNING" not in said.stdout


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"replicas": 2}, "'replicas'"),
        ({"image": {"pullPolicy": "Sometimes"}}, "/image/pullPolicy"),
        ({"image": {"digest": "latest"}}, "/image/digest"),
        ({"key": {"value": "short"}}, "/key/value"),
        ({"ledger": {"size": "big"}}, "/ledger/size"),
        ({"leave": {"seconds": 1}}, "/leave/seconds"),
        ({"agent": {"grace": "long"}}, "/agent/grace"),
        ({"securityContext": {"runAsUser": 0}}, "/securityContext/runAsUser"),
        ({"securityContext": {"privileged": True}}, "'privileged'"),
        (config(fleet="Shop"), "/config/fleet"),
        (config(key=KEY), "'key'"),
        (config(ledger="sqlite:///x.db"), "'ledger'"),
        (config(monkey=[]), "'monkey'"),
        (config(monkeys=[{"name": "pods", "use": "chaos", "on": "kubernetes"}]), "'schedule'"),
        (config(platforms={"kubernetes": {"context": "shop-eu"}}), "/config/platforms/kubernetes/context"),
        (config(platforms={"kubernetes": None}), "'kubernetes'"),
        (config(observe={"listen": ""}), "/config/observe/listen"),
    ],
)
def test_a_wrong_value_is_refused_by_name(helm: Helm, values: dict[str, Any], named: str) -> None:
    said = helm.refused(values)
    assert "values don't meet the specifications" in said
    assert named in said
    assert KEY not in said


def test_without_a_key_it_says_how_to_make_one(helm: Helm) -> None:
    assert "openssl rand -hex 32" in helm.refused({"key": {"value": ""}})
    made = helm.template({"key": {"value": "", "existingSecret": "mine", "secretKey": "k"}})
    assert of_kind(made, "Secret") == []
    for spec in pods(made).values():
        (key,) = [one for one in spec["containers"][0]["env"] if one["name"] == "SIMIAN_KEY"]
        assert key["valueFrom"]["secretKeyRef"] == {"name": "mine", "key": "k"}


def test_the_key_stands_in_the_secret_alone(helm: Helm) -> None:
    made = helm.template(config())
    (secret,) = of_kind(made, "Secret")
    assert secret["stringData"] == {"key": KEY}
    assert KEY not in str([one for one in made if one is not secret])


def test_every_pod_is_restricted_and_limited(helm: Helm) -> None:
    made = pods(helm.template(config()))
    assert sorted(made) == ["agent", "leaver", "undertaker"]
    for spec in made.values():
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 65532
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"}.isdisjoint(spec)
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"]["cpu"]
        assert all({"configMap", "persistentVolumeClaim", "emptyDir"} & set(one) for one in spec["volumes"])
        assert "ports" not in container


def test_every_probe_runs_a_command_that_there_is(helm: Helm) -> None:
    from typer.testing import CliRunner

    from simian_army.cli.app import app

    made = pods(helm.template(config()))
    commands = [
        made[who]["containers"][0][f"{probe}Probe"]["exec"]["command"]
        for who in ("agent", "undertaker")
        for probe in ("startup", "liveness", "readiness")
    ]
    commands += [[*spec["containers"][0]["command"], *spec["containers"][0]["args"]] for spec in made.values()]
    for command in commands:
        assert command[0] == "simian"
        options = [word for word in command[1:] if word.startswith("-")]
        shown = CliRunner().invoke(app, [command[1], "--help"], env={"COLUMNS": "200"}).stdout
        assert [one for one in options if one not in shown] == [], command


def test_the_guards_know_the_fleets_own_pods(helm: Helm) -> None:
    made = of_kind(helm.template(config()), "Deployment", "Job")
    for one in made:
        assert one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == "simian-army"
    for spec in pods(made).values():
        env = {one["name"]: one.get("valueFrom") for one in spec["containers"][0]["env"]}
        assert {"SIMIAN_NAMESPACE", "SIMIAN_POD_UID", "SIMIAN_NODE"} <= env.keys()


@pytest.mark.parametrize(
    ("halt", "space", "name"),
    [({}, HOME, "simian-army-halt"), ({"namespace": "halts", "configmap": "stop"}, "halts", "stop")],
    ids=["unsaid", "elsewhere"],
)
def test_the_notes_halt_where_the_agent_looks(helm: Helm, halt: dict[str, str], space: str, name: str) -> None:
    said = config(halt=halt)
    assert halting(helm.notes(said)) == [
        ["-n", space, "create", "configmap", name, "--from-literal=for=simian"],
        ["-n", space, "annotate", "configmap", name, "simian-army/halt=why"],
    ]
    (role,) = [
        one
        for one in of_kind(helm.template(said), "Role")
        if any(rule.get("resourceNames") == [name] for rule in one["rules"])
        and one["metadata"]["name"] == f"{FULL}-agent"
    ]
    assert role["metadata"]["namespace"] == space, "there it may read it"


def test_on_is_a_word_in_whatever_yaml_helm_reads(helm: Helm) -> None:
    file = helm.folder / "plain.yaml"
    file.write_text(
        f"key: {{value: {KEY}}}\nconfig:\n  fleet: shop\n  platforms: {{kubernetes: {{context: in-cluster}}}}\n"
        "  safety: {budget: {per_day: 1000000}, blackouts: [{daily: 17:00-09:00}]}\n"
        "  notices: [{use: apprise, on: [stuck], with: {urls: ['json://127.0.0.1']}}]\n"
        "  monkeys: [{name: pods, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-delete}}]\n"
    )
    said = helm.run("template", RELEASE, str(CHART), "-n", HOME, "-f", str(file))
    assert said.returncode == 0, said.stderr
    made = [one for one in yaml.safe_load_all(said.stdout) if one]
    settings = wiring.read_config(config_of(made, helm.folder / "read")).settings
    assert (settings.monkeys[0].on, settings.safety.budget.per_day) == ("kubernetes", Rate.per_day(1000000))
    assert [str(phase) for phase in settings.notices[0].on] == ["stuck"]
    rules = [rule for role in of_kind(made, "ClusterRole") for rule in role["rules"] if "delete" in rule["verbs"]]
    assert rules[0]["resources"] == ["pods"], "the monkey's fault was seen"


def test_pods_start_anew_when_the_config_changes_and_not_else(helm: Helm) -> None:
    def digests(**more: Any) -> list[str]:
        made = of_kind(helm.template(config(**more)), "Deployment")
        return [one["spec"]["template"]["metadata"]["annotations"]["simian-army/config"] for one in made]

    before = digests()
    assert digests() == before
    assert all(one != other for one, other in zip(before, digests(leashed=False), strict=True))


def test_the_ledger_lies_on_a_claim_that_may_be_chosen(helm: Helm) -> None:
    made = helm.template({**config(), "ledger": {"storageClass": "-", "volumeName": "pv-1", "keep": True}})
    (claim,) = of_kind(made, "PersistentVolumeClaim")
    assert (claim["spec"]["storageClassName"], claim["spec"]["volumeName"]) == ("", "pv-1")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    other = helm.template({**config(), "ledger": {"existingClaim": "mine"}})
    assert of_kind(other, "PersistentVolumeClaim") == []
    volumes = {one["name"]: one for one in pods(other)["agent"]["volumes"]}
    assert volumes["ledger"]["persistentVolumeClaim"] == {"claimName": "mine"}
    assert "ledger" not in {one["name"] for one in pods(other)["undertaker"]["volumes"]}


def test_what_the_agent_writes_lies_on_its_volume(helm: Helm) -> None:
    loaded = wiring.read_config(config_of(helm.template(config()), helm.folder))
    agent = pods(helm.template(config()))["agent"]["containers"][0]
    mounts = {one["name"]: Path(one["mountPath"]) for one in agent["volumeMounts"]}
    ledger = Path(loaded.settings.ledger.get_secret_value().removeprefix("sqlite:///"))
    assert ledger.parent == Path(loaded.settings.halt.file).parent == mounts["ledger"]
    assert wiring.file_of(loaded).path.parent == mounts["ledger"]


def test_what_uninstalls_is_there_only_then(helm: Helm) -> None:
    made = helm.template(config())
    hooked = [one for one in made if "helm.sh/hook" in one["metadata"].get("annotations", {})]
    assert {one["kind"] for one in hooked} == {
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "Job",
    }
    assert all(one["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete" for one in hooked)
    assert all("hook-succeeded" in one["metadata"]["annotations"]["helm.sh/hook-delete-policy"] for one in hooked)
    weights = {one["kind"]: int(one["metadata"]["annotations"]["helm.sh/hook-weight"]) for one in hooked}
    assert max(weight for kind, weight in weights.items() if kind != "Job") < weights["Job"]
    left = helm.template({**config(), "leave": {"enabled": False}})
    assert of_kind(left, "Job") == []
