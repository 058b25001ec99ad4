"""By which hand people change what guards look at: the exact command, or line of config, on each platform."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from simian_army.model import Target

GROUPS = {"asg": "AutoScalingGroup"}
"""Kinds of target on AWS that are groups of instances."""


@dataclass(frozen=True, slots=True)
class Hands:
    """``context`` is the kube-context that config names, empty for none; ``proxies`` are the patterns of its
    ``platforms.toxiproxy.opt_in``."""

    context: str = ""
    proxies: tuple[str, ...] = ()

    def label(self, target: Target, place: tuple[str, str], key: str, value: str | None) -> str:
        """Write ``key`` at ``place`` (kind and name, of the target itself or above it), or with None take it off."""
        if target.platform == "kubernetes":
            return self._kubectl(target, place, key, value)
        if target.platform == "aws":
            return _aws(target, place, key, value)
        return f"write {key}={value} on {' '.join(place)}" if value else f"take {key} off {' '.join(place)}"

    def proxy(self, name: str, *, allowed: bool) -> str:
        """Let config name a proxy, or leave it out."""
        kept = [pattern for pattern in self.proxies if pattern not in (f"!{name}", name)]
        words = ", ".join(f'"{pattern}"' for pattern in [*kept, name if allowed else f"!{name}"])
        return f"platforms.toxiproxy.opt_in: [{words}]"

    def _kubectl(self, target: Target, place: tuple[str, str], key: str, value: str | None) -> str:
        kind, name = place
        context = f" --context {quote(self.context)}" if self.context else ""
        inside = f" --namespace {quote(target.scope)}" if target.scope and kind.lower() != "namespace" else ""
        said = f"{quote(f'{key}={value}')} --overwrite" if value else f"{quote(key)}-"
        return f"kubectl{context} label {kind.lower()} {quote(name)}{inside} {said}"


def _aws(target: Target, place: tuple[str, str], key: str, value: str | None) -> str:
    kind, name = place
    region = quote(target.scope.partition("/")[2])
    said = f"Key={quote(key)}" + (f",Value={quote(value)}" if value else "")
    if GROUPS.get(kind, kind) == "AutoScalingGroup":
        group = f"ResourceId={quote(name)},ResourceType=auto-scaling-group"
        verb, more = ("create-or-update-tags", ",PropagateAtLaunch=false") if value else ("delete-tags", "")
        return f"aws autoscaling {verb} --region {region} --tags {group},{said}{more}"
    verb = "create-tags" if value else "delete-tags"
    return f"aws ec2 {verb} --region {region} --resources {quote(name)} --tags {said}"
