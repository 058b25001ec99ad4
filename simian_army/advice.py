"""What to change so that a target would be hit, and so that it never would."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simian_army.hands import Hands
from simian_army.model import Target, Verdict
from simian_army.whom import group_names

OPT_OUT = "simian-army/opt-out"
PLACE = r"on (?:the (?P<own>\S+) itself|(?P<kind>\S+) (?P<name>[^\s,]+))"
SAID = re.compile(rf"^(?P<key>simian-army/\S+?)=\S* {PLACE}")
NARROW = re.compile(rf"{PLACE}, so only faults enabled by name: (?P<key>\S+) is not$")
SILENT = re.compile(r"write (?P<key>\S+)=(?P<value>\S+) to opt in$")

WORDS = {
    "protected": "take its pattern out of safety.protected",
    "min-age": "wait until it is old enough, or lower safety.min_age",
    "select": "change the monkey's select where the reason says",
    "myself": "nothing: the fleet never strikes itself",
    "controlled": "have a controller own the pod: a Deployment, for instance",
    "irreversible": "add the fault to safety.allow_irreversible",
    "blackout": "wait until that window is over, or change safety.blackouts or the calendar it names",
    "budget": "wait, or raise what the reason names in safety.budget or in the monkey's budget",
    "shared": "have everyone whom it harms opt in",
    "identity": "write where it may strike into platforms: cluster_uid, accounts or endpoints",
    "behind": "set safety.protect_webhooks: false, if the cluster may do without it for a while",
    "stuck": "close what is stuck with the command that the reason names",
    "halt": "end the halt as the reason says",
    "quorum": "wait until the group can do without it, or change safety.quorum",
    "line": "analyse the run with the command that the reason names",
    "segment": "widen the monkey's segment",
    "zone": "widen the monkey's segment",
    "look": "wait until all is well there, or change safety.look",
    "pace": "wait for its turn, or strike by hand: `simian once`",
    "lock": "wait until that run is over",
    "skew": "set both clocks by the same time servers (NTP), and see to it that the server answers in time",
}
"""The change that a denial of each guard asks for."""

FORMS = (
    ("blackout", "names no calendar of the config", "write the label as the reason says, or take it off"),
    ("blackout", "nobody can say", "make that calendar readable: as long as nobody can tell what it says, it is a no"),
    ("shared", " is protected by ", "choose another: protected pods never consent, whatever their labels say"),
    ("shared", "could not be computed", "have the agent allowed to list the pods that it reaches: see `simian rbac`"),
    ("quorum", "(spare_lone)", "give it a peer (a second replica), or set safety.quorum.spare_lone: false"),
    ("quorum", "would stay, ", "give the group more replicas, or lower safety.quorum.keep"),
    ("quorum", "(whole)", "wait until the group is whole and at rest, or set safety.quorum.whole: false"),
    ("quorum", "PDB ", "give the group more replicas, or have the PDB allow a disruption: the API server refuses, too"),
    ("quorum", "HPA ", "wait until it has scaled up, or lower the minReplicas of the HPA"),
)
"""Denials that ask for another change than others of their guard: the guard, what the reason holds, and the change."""

OTHERS = "what its reason says"
"""The same of all others."""


@dataclass(frozen=True, slots=True)
class Change:
    """One denial, and what to change so that it is none."""

    guard: str
    reason: str
    change: str


def changes(target: Target, denied: Sequence[Verdict], hands: Hands) -> list[Change]:
    """For each denial, in order, what to change."""
    return [Change(one.guard, one.reason, _change(target, one, hands)) for one in denied]


def never(target: Target, hands: Hands) -> str:
    """What to do so that no monkey ever strikes the target: for its whole group, if it has one."""
    if target.platform == "toxiproxy":
        return hands.proxy(target.name, allowed=False)
    return hands.label(target, _top(target), OPT_OUT, "true")


def nowhere(scope: str, platform: str, hands: Hands) -> str:
    """The same for all that is in a place; empty where a place cannot opt out."""
    if platform != "kubernetes":
        return ""
    place = Target(platform, "namespace", scope, scope, "", "", None, {})
    return hands.label(place, ("namespace", scope), OPT_OUT, "true")


def _change(target: Target, denied: Verdict, hands: Hands) -> str:
    if denied.guard == "opt-in":
        return _consent(target, denied.reason, hands)
    form = next((change for guard, part, change in FORMS if guard == denied.guard and part in denied.reason), "")
    return form or WORDS.get(denied.guard, OTHERS)


def _consent(target: Target, reason: str, hands: Hands) -> str:
    if target.platform == "toxiproxy":
        return hands.proxy(target.name, allowed=True)
    if silent := SILENT.search(reason):
        return hands.label(target, _top(target), silent["key"], silent["value"])
    if narrow := NARROW.search(reason):
        return hands.label(target, _place(target, narrow), narrow["key"], "enabled")
    if said := SAID.match(reason):
        value = None if said["key"] == OPT_OUT else "enabled"
        return hands.label(target, _place(target, said), said["key"], value)
    return OTHERS


def _place(target: Target, said: re.Match[str]) -> tuple[str, str]:
    """``the pod itself`` or ``Deployment web``."""
    return (target.kind, target.name) if said["own"] else (said["kind"], said["name"])


def _top(target: Target) -> tuple[str, str]:
    """The owner that stays while members come and go; what has none is its own."""
    called = group_names(target)
    kind, _, name = called[0].removeprefix(f"{target.scope}/").partition("/") if called else ("", "", "")
    own = target.platform == "kubernetes" or kind == "AutoScalingGroup"
    return (kind, name) if called and own else (target.kind, target.name)
