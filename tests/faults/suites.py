"""How each built-in fault kind is put to the conformance suite: all of them as a stranger's would, by their platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from simian_army.plugins import found
from simian_army.testing import CloudWorld, KubernetesWorld, LinkWorld, Suite, Way, World, conformance

ROLE = "arn:aws:iam::{account}:role/starter"
WORLDS: Mapping[str, Any] = {"kubernetes": KubernetesWorld, "aws": CloudWorld, "toxiproxy": LinkWorld}
SPECIAL: Mapping[str, Any] = {"instance-stop": partial(CloudWorld, role=ROLE)}
WAYS: Mapping[str, Sequence[Way]] = {
    "config-fault": [
        Way({"key": "a", "value": "other"}),
        Way({"key": "a", "change": "remove"}),
        Way({"key": "b", "change": "empty"}),
        Way({"key": "url", "change": "dns"}),
    ],
    "secret-fault": [Way({"key": "a"}), Way({"key": "a", "change": "remove"})],
    "exec": [Way({"container": "app", "argv": ["sync"]})],
    "scale-down": [Way({"to": 0}), Way({"to": "50%"}, "statefulset")],
    "rollout-restart": [Way(), Way(strikes="statefulset"), Way(strikes="daemonset")],
    "instance-terminate": [Way(strikes="member"), Way()],
    "network-partition": [Way(), Way({"direction": "egress", "cidrs": ["10.1.0.0/16"]})],
    "node-taint": [Way(), Way({"effect": "NoExecute", "key": "example.com/out", "value": "x"})],
    "asg-suspend": [Way(), Way({"processes": ["Launch"]})],
    "pod-delete": [Way(), Way({"grace": 0})],
    "pod-evict": [Way(), Way({"grace": 0})],
}
"""What a kind is given, where nothing is not enough; the first is put to every check."""

WITHOUT: Mapping[str, Mapping[str, str]] = {}
"""The checks that a kind is not put to, and why."""


def suite(name: str) -> type[Suite]:
    """The suite of one kind."""
    make: Any = found("fault")[name].make
    world: type[World] = SPECIAL.get(name, WORLDS[make.platform])
    return conformance(make, world, *WAYS.get(name, ()), without=WITHOUT.get(name, {}))


SUITES: Mapping[str, type[Suite]] = {
    name: suite(name) for name, plugin in found("fault").items() if plugin.origin.startswith("simian-army ")
}
"""One for every kind that we offer."""
