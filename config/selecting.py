"""Which targets: what ``select`` of a monkey in simian.yaml may say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, Field

from config.parts import Duration, Names, Part
from simian_army.rates import RAREST
from simian_army.selectors import labels_match

SCOPES = {"kubernetes": "namespaces", "aws": "regions", "toxiproxy": "endpoints"}
"""How ``select`` calls the places of each platform."""

BARE = "none"
"""How ``owners`` calls that nothing owns the target."""

OWNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", BARE)
_ALIKE = 0.8

HINTS = {
    "labels": {"toxiproxy": ("proxies have no labels", "select them by names")},
    "annotations": {
        "aws": ("annotations are for kubernetes", "on aws write labels: they are over tags"),
        "toxiproxy": ("annotations are for kubernetes", "select proxies by names"),
    },
    "namespace_labels": {
        "aws": ("namespace_labels are for kubernetes", "on aws write regions or labels (over tags)"),
        "toxiproxy": ("namespace_labels are for kubernetes", "select proxies by names or endpoints"),
    },
    "owners": {
        "aws": ("owners are for kubernetes", "on aws write labels: aws:autoscaling:groupName is a tag"),
        "toxiproxy": ("owners are for kubernetes", "nothing owns a proxy: select it by names"),
    },
    "min_age": {"toxiproxy": ("nobody tells how old a proxy is", "leave it out")},
    "nodes": {
        "aws": ("nodes are for kubernetes", "on aws select instances by names or labels"),
        "toxiproxy": ("nodes are for kubernetes", "select proxies by endpoints"),
    },
    "zones": {"toxiproxy": ("a proxy stands in no zone", "select proxies by endpoints")},
}
"""Of words that make no sense on a platform: why, and what to write instead."""


def _query(value: str) -> str:
    labels_match(value)
    return value


def _owners(value: Names) -> Names:
    known = {name.casefold(): name for name in OWNERS}
    for pattern in value:
        word = pattern.removeprefix("!")
        near = get_close_matches(word.casefold(), known, n=1, cutoff=_ALIKE)
        if not word or (near and word.casefold() not in known):  # others own pods too: of these we know no names
            hint = f"did you mean {known[near[0]]}?" if near else f"write a kind, such as {', '.join(OWNERS)}"
            raise ValueError(f"{pattern!r} is no kind of owner: {hint}")
    return value


Query = Annotated[str, AfterValidator(_query)]


class Select(Part):
    """Which targets. ``labels`` (on AWS over tags), ``annotations`` and ``namespace_labels`` are queries. The others
    are patterns (``*`` as in a shell, ``!`` excludes) over names, over where targets stand (namespaces on Kubernetes,
    ``account/region`` on AWS, ``host:port`` on toxiproxy; nodes, zones), and over the kinds of their top ``owners``.
    """

    labels: str = ""
    annotations: Query = ""
    names: Names = ()
    namespaces: Names = ()
    namespace_labels: Query = ""
    regions: Names = ()
    endpoints: Names = ()
    owners: Annotated[Names, AfterValidator(_owners)] = ()
    min_age: Duration = Field(default=timedelta(0), le=timedelta(days=RAREST))
    nodes: Names = ()
    zones: Names = ()

    @property
    def scopes(self) -> Names:
        """The patterns over where they stand; only those of one platform are ever given."""
        return self.namespaces or self.regions or self.endpoints or ("*",)

    @property
    def stands(self) -> tuple[tuple[str, Names], ...]:
        """The patterns over nodes and zones, those that are given."""
        return tuple((kind, said) for kind, said in (("node", self.nodes), ("zone", self.zones)) if said)

    def misplaced(self, on: str) -> Iterator[tuple[str, str, str]]:
        """Words that make no sense on that platform: key, why, and what to write instead."""
        for platform, word in SCOPES.items():
            if platform != on and getattr(self, word):
                yield f"select.{word}", f"{word} are for {platform}", f"on {on} write {SCOPES[on]}"
        for word, hints in HINTS.items():
            if on in hints and getattr(self, word):
                yield (f"select.{word}", *hints[on])
