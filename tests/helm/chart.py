"""What the chart renders, and what `simian rbac` prints for the configuration that it renders."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from simian_army import wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.cluster.audit import Call

CHART = Path(__file__).parents[2] / "helm/simian-army"
KEY = "5b1f0c7d" * 8
RELEASE, HOME = "army", "chaos"
FULL = f"{RELEASE}-simian-army"
WHO = ("agent", "undertaker", "leaver")
Obj = dict[str, Any]
Atom = tuple[str, str, str, str, str]
"""Scope, API group, resource, name, verb: one right."""


@dataclass(frozen=True)
class Helm:
    """The tool, with its own folders in ``folder``."""

    binary: Path
    folder: Path

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end; the caller looks at the exit code."""
        own = {f"HELM_{name}_HOME": str(self.folder / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
        return subprocess.run(
            [str(self.binary), *words],
            env={**os.environ, **own, **env},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def values(self, values: Obj) -> Path:
        """A file that says these, and the key."""
        file = self.folder / "values.json"
        file.write_text(json.dumps({"key": {"value": KEY}, **values}))
        return file

    def template(self, values: Obj) -> list[Obj]:
        """Every object that the chart renders, those of its hook too."""
        said = self.run("template", RELEASE, str(CHART), "-n", HOME, "-f", str(self.values(values)))
        assert said.returncode == 0, said.stderr
        return [one for one in yaml.safe_load_all(said.stdout) if one]

    def notes(self, values: Obj) -> str:
        """What whoever installs these is told; no cluster is asked."""
        file = str(self.values(values))
        said = self.run("install", RELEASE, str(CHART), "-n", HOME, "-f", file, "--dry-run=client")
        assert said.returncode == 0, said.stderr
        return said.stdout.partition("\nNOTES:\n")[2]

    def refused(self, values: Obj) -> str:
        """Why the chart does not take these."""
        said = self.run("template", RELEASE, str(CHART), "-n", HOME, "-f", str(self.values(values)))
        assert said.returncode != 0
        return said.stderr


def of_kind(objects: list[Obj], *kinds: str) -> list[Obj]:
    """Those of these kinds."""
    return [one for one in objects if one["kind"] in kinds]


def halting(notes: str) -> list[list[str]]:
    """The two commands of kubectl by which the notes have somebody halt, in words."""
    said = notes.partition("Stop everything, by kubectl alone:\n")[2].splitlines()[:2]
    return [shlex.split(line)[1:] for line in said]


def config_of(objects: list[Obj], folder: Path) -> Path:
    """The rendered simian.yaml, in a file; its key is ``${env:SIMIAN_KEY}``."""
    (one,) = of_kind(objects, "ConfigMap")
    folder.mkdir(exist_ok=True)
    file = folder / "simian.yaml"
    file.write_text(one["data"]["simian.yaml"])
    return file


def granted(objects: list[Obj], account: str) -> set[Atom]:
    """Every right that these objects bind to a service account of HOME, as atoms."""
    roles = {_at(one): one for one in of_kind(objects, "Role", "ClusterRole")}
    found: set[Atom] = set()
    for binding in of_kind(objects, "RoleBinding", "ClusterRoleBinding"):
        wanted = {"kind": "ServiceAccount", "name": account, "namespace": HOME}
        if wanted not in binding["subjects"]:
            continue
        scope = binding["metadata"].get("namespace", "")
        role = roles[binding["roleRef"]["kind"], scope, binding["roleRef"]["name"]]
        found |= {atom for rule in role["rules"] for atom in _atoms(scope, rule)}
    return found


def unused(atoms: set[Atom], calls: Sequence[Call]) -> set[Atom]:
    """Those of these rights that none of the calls took."""
    return {
        atom
        for atom in atoms
        if not any(
            (call.verb, call.resource) == (atom[4], atom[2])
            and atom[0] in ("", call.namespace)
            and atom[3] in ("", call.name)
            for call in calls
        )
    }


def offered(config: Path, **more: Any) -> dict[str, set[Atom]]:
    """What ``simian rbac`` grants to each for the same config."""
    loaded = wiring.read_config(config)
    names = {who: f"{FULL}-{who}" for who in WHO}
    accounts = [wiring.Account(who, HOME, name) for who, name in names.items()]  # type: ignore[arg-type]
    asked = wiring.Asked(HOME, deployments=(names["agent"], names["undertaker"]), **more)
    made = wiring.manifests(loaded, asked, accounts)
    return {who: granted(made, name) for who, name in names.items()}


def _at(one: Obj) -> tuple[str, str, str]:
    return one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]


def _atoms(scope: str, rule: Obj) -> list[Atom]:
    names = rule.get("resourceNames", [""])
    return [
        (scope, group, resource, name, verb)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in names
        for verb in rule["verbs"]
    ]
