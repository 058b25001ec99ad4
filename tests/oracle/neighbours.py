"""Whom a fault harms besides, and the labels that anybody may bear."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from simian_army.model import Level, Target
from simian_army.standing import note_key
from tests.oracle.drafts import Draft

AGAINST = ("disabled", "yes", "Enabled", "")


def labelled(rng: Random, draft: Draft) -> dict[str, str]:
    """The labels of one level: mostly none of ours."""
    use, kind = f"simian-army/{draft.use}", draft.fault
    words = {
        use: ("enabled", "enabled", rng.choice(AGAINST)),
        f"{use}.{kind}": ("enabled", "enabled", "disabled"),
        f"{use}.other": ("enabled", "disabled"),
        "simian-army/opt-out": ("true", "false", "false", "yes"),
        "simian-army/other": ("enabled",),
        "kube-monkey/enabled": ("enabled", "disabled", "enabled" * 9),
        note_key("chaos.alpha.example.io/enabled"): ("true", "false", "true\n" * 40),
        "example.com/stop": ("yes", "no"),
    }
    return {key: rng.choice(values) for key, values in words.items() if rng.random() < 0.12}


def neighbour(rng: Random, draft: Draft, number: int) -> Target:
    """One that would be harmed, unless it is of those that are not."""
    aws = draft.platform == "aws"
    owner = "AutoScalingGroup" if aws else rng.choice(("Deployment", "Deployment", "DaemonSet"))
    scope = draft.scope if aws else rng.choice(("shop", "shop", "team", "kube-system", "simian"))
    labels = {f"simian-army/{draft.use}": "enabled"} if rng.random() < 0.85 else labelled(rng, draft)
    levels = () if aws else (Level("Namespace", scope, labelled(rng, draft) if rng.random() < 0.2 else {}),)
    if rng.random() < 0.02:
        levels = (Level("Namespace", scope, None),)
    facts: dict[str, Any] = (
        {} if aws else {"phase": rng.choice(("Running", "Running", "Running", "Succeeded", "Failed", "Pending"))}
    )
    facts |= {} if aws else {"mirror": rng.random() < 0.1}
    facts |= {"swept": True} if owner == "DaemonSet" and rng.random() < 0.5 else {}
    kind, platform = ("instance", "aws") if aws else ("pod", "kubernetes")
    uid = "uid-us" if rng.random() < 0.03 and not aws else f"uid-h{number}"
    group = f"{scope}/{owner}/h{number}"
    return Target(platform, kind, uid, f"h-{number}", scope, group, None, labels, levels, facts, replaced=True)


def consenting(rng: Random, draft: Draft) -> Target:
    """One that would be harmed, and agreed."""
    agreed = {f"simian-army/{draft.use}": "enabled"}
    return replace(neighbour(rng, draft, 0), id="uid-h0", facts={}, scope="shop", labels=agreed, levels=())
