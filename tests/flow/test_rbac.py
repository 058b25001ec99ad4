"""Does `simian rbac` print what kubectl takes, for the config as it stands, asking no cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from simian_army.cli.granting import Wish, rbac
from simian_army.errors import PluginError, UsageError

KEY = "0123456789abcdef0123456789abcdef"
WISH = Wish("chaos", "agent", "undertaker")


def written(folder: Path, platform: str = "kubernetes: {context: in-cluster, namespaces: [shop]}") -> Path:
    file = folder / "simian.yaml"
    file.write_text(
        f"fleet: shop-eu\nkey: {KEY}\nplatforms: {{{platform}}}\nmonkeys:\n"
        "  - {name: m, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: scale-down}}\n"
        if "kubernetes" in platform
        else f"fleet: shop-eu\nkey: {KEY}\nplatforms: {{{platform}}}\n"
    )
    return file


def test_it_prints_accounts_roles_and_bindings_that_belong_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rbac(written(tmp_path), WISH)
    text = capsys.readouterr().out
    assert "&id" not in text, "no anchors: people read it"
    made = list(yaml.safe_load_all(text))
    rbac(written(tmp_path), Wish("chaos", "agent", "undertaker", as_json=True))
    assert json.loads(capsys.readouterr().out)["items"] == made
    kinds = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in made]
    assert ("ServiceAccount", "chaos", "agent") in kinds
    assert ("ClusterRole", None, "chaos-agent") in kinds
    assert ("Role", "shop", "undertaker") in kinds
    for one in made:
        if one["kind"].endswith("Binding"):
            role = (one["roleRef"]["kind"], one["metadata"].get("namespace"), one["roleRef"]["name"])
            assert role in kinds
            assert one["subjects"][0]["namespace"] == "chaos"
    assert not any("*" in str(one.get("rules")) for one in made)


def test_what_is_struck_by_hand_and_who_else_owns_workloads_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rbac(written(tmp_path), Wish("chaos", "a", "u", "l", ["node-cordon"], ["argoproj.io/rollouts"]))
    made = list(yaml.safe_load_all(capsys.readouterr().out))
    rules = [rule for one in made for rule in one.get("rules", ())]
    assert any("rollouts" in rule["resources"] for rule in rules)
    assert any("nodes" in rule["resources"] and "patch" in rule["verbs"] for rule in rules)
    assert {one["metadata"]["name"] for one in made if one["kind"] == "ServiceAccount"} == {"a", "u", "l"}


@pytest.mark.parametrize("owner", ["rollouts", "argoproj.io/", "argoproj.io/*"])
def test_an_owner_is_group_and_kinds(tmp_path: Path, owner: str) -> None:
    with pytest.raises(UsageError, match="for instance argoproj.io/rollouts"):
        rbac(written(tmp_path), Wish("chaos", "a", "u", owners=[owner]))


def test_a_fault_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="node-cordn.*node-cordon"):
        rbac(written(tmp_path), Wish("chaos", "a", "u", faults=["node-cordn"]))


def test_a_config_without_a_cluster_takes_no_rights(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="write platforms.kubernetes"):
        rbac(written(tmp_path, 'toxiproxy: {endpoints: ["http://127.0.0.1:1"]}'), WISH)
