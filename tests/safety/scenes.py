"""Scenes for guards: everything a guard may see, with one thing changed at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from simian_army.model import Fault, Json, Level, Phase, Scene, Target
from simian_army.standing import Attempt

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEB = "shop/Deployment/web"


def pod(
    name: str = "web-1",
    labels: Mapping[str, str] | None = None,
    levels: tuple[Level, ...] = (),
    group: str = WEB,
    facts: Json | None = None,
) -> Target:
    """A pod of the Deployment web in the namespace shop, an hour old."""
    return Target(
        "kubernetes",
        "pod",
        f"uid-{name}",
        name,
        "shop",
        group,
        NOW - HOUR,
        labels or {},
        levels,
        facts or {},
        replaced=bool(group),
    )


def node(name: str = "n1", labels: Mapping[str, str] | None = None) -> Target:
    """A node, an hour old."""
    return Target("kubernetes", "node", f"uid-{name}", name, "", "", NOW - HOUR, labels or {})


def instance(labels: Mapping[str, str] | None = None, *, replaced: bool = False) -> Target:
    """An EC2 instance, an hour old."""
    arn, place = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0a1b", "123456789012/eu-west-1"
    group = f"{place}/AutoScalingGroup/web" if replaced else ""
    return Target("aws", "instance", arn, "i-0a1b", place, group, NOW - HOUR, labels or {}, replaced=replaced)


def proxy(name: str = "shop-cart") -> Target:
    """A proxy of one toxiproxy server, which tells no age."""
    end = "http://127.0.0.1:8474"
    return Target("toxiproxy", "proxy", f"{end}/proxies/{name}", name, "127.0.0.1:8474", "", None, {})


def namespace(name: str) -> Target:
    """A namespace, an hour old."""
    return Target("kubernetes", "namespace", f"uid-{name}", name, "", "", NOW - HOUR, {})


def scene(target: Target | None = None, kind: str = "pod-evict", **more: Any) -> Scene:
    """The fleet shop-eu about to do ``kind`` to ``target`` at NOW."""
    fault = Fault(kind, target or pod())
    return Scene(**{"now": NOW, "fleet": "shop-eu", "use": "chaos", "entry": "pods", "fault": fault, **more})


def attempt(
    target: str = "uid-web-9",
    group: str = WEB,
    ago: timedelta = HOUR,
    phase: Phase = Phase.REVERTED,
    *,
    still: bool = False,
) -> Attempt:
    """A fault the ledger remembers, begun ``ago`` before NOW and ``still`` open or not."""
    return Attempt("run", "pods", "pod-evict", target, group, "shop", NOW - ago, phase, still)
