"""Whether a target consents: what the labels on it and above it say of one use and one fault.

The nearest level with a value decides, the target's own labels first. At a level, any value of the use but
``enabled`` is a no, and once there is any ``<use>.<fault>`` label there, only the faults enabled by one consent.
Where no label of the use or its faults stands at a level, the keys of others that config accepts speak there.
An opt-out, or a level that cannot be read (the opt-out may stand there), is a no from anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from safety.wording import quoted
from simian_army.model import Target, Verdict
from simian_army.standing import note_key

GUARD = "opt-in"
OPT_OUT = "simian-army/opt-out"
NEEDS_NO_LABEL = frozenset({"node"})  # others live there: whom it harms is asked instead (guard shared)


class Also(NamedTuple):
    """A key of others that consents to some faults by one value; any other value of it is a no to these faults.

    ``note`` tells that it is an annotation, which only Kubernetes has.
    """

    key: str
    value: str
    faults: tuple[str, ...]
    note: bool = False


class Keys(NamedTuple):
    """What speaks of one use and fault: ``others`` by the key they stand under among the labels of a target."""

    use: str
    fault: str
    any_fault: str
    others: Mapping[str, Also]


class Said(NamedTuple):
    """What one level says."""

    allowed: bool
    label: str
    value: str
    why: str


def consent(use: str, fault: str, target: Target, also: tuple[Also, ...] = ()) -> Verdict:
    """Whether ``target`` may be struck by faults of kind ``fault`` in the name of ``use``; the reason names the level.

    A node without a label of the use is allowed: the consent asked is that of those who live on it. ``also`` are the
    keys of others that consent too.
    """
    keys = _keys(use, fault, target.platform, also)
    if target.labels.get(OPT_OUT, "false") != "false":
        return _opted_out(target.labels[OPT_OUT], f"the {target.kind} itself")
    said = _said(target.labels, keys)
    place = ("", "")
    for level in target.levels:
        labels = level.labels
        if labels is None:
            return _unreadable(level.kind, level.name)
        if labels.get(OPT_OUT, "false") != "false":
            return _opted_out(labels[OPT_OUT], f"{level.kind} {level.name}")
        if said is None:
            said = _said(labels, keys)
            place = (level.kind, level.name)
    if said is not None:
        return _decided(said, target.kind, place)
    if target.kind in NEEDS_NO_LABEL:
        return _not_asked(target.kind)
    word = "tag" if target.platform == "aws" else "label"
    said_by = (f"{keys.use} {word}", *[_called(other, word) for other in keys.others.values()])
    return _silent(keys.use, said_by, (target.kind, *[level.kind for level in target.levels]))


def _said(labels: Mapping[str, str], keys: Keys) -> Said | None:
    """What these labels say, opt-out aside; None when they say nothing."""
    value = labels.get(keys.use)
    if value is not None and value != "enabled":
        return Said(False, keys.use, value, _why_not(value))  # noqa: FBT003 - a tuple built ten thousand times a run
    exact = labels.get(keys.fault)
    if exact is not None:
        return Said(exact == "enabled", keys.fault, exact, _why_not(exact))
    for label in labels:
        if label.startswith(keys.any_fault):
            return Said(False, label, labels[label], f", so only faults enabled by name: {keys.fault} is not")  # noqa: FBT003
    if value is not None:
        return Said(True, keys.use, value, "")  # noqa: FBT003
    return _said_to_others(labels, keys.others) if keys.others else None


def _said_to_others(labels: Mapping[str, str], others: Mapping[str, Also]) -> Said | None:
    """What the keys of others say: one that says no outweighs all that say yes."""
    there = [(other, labels[key]) for key, other in others.items() if key in labels]
    for other, value in there:
        if value != other.value:
            seen = quoted(value) if other.note else value  # an annotation may be any text, of any length
            return Said(allowed=False, label=_named(other), value=seen, why=f", which is not {other.value}")
    return Said(allowed=True, label=_named(there[0][0]), value=there[0][1], why="") if there else None


def _why_not(value: str) -> str:
    return "" if value in {"enabled", "disabled"} else ", which is neither enabled nor disabled"


def _named(other: Also) -> str:
    return f"annotation {other.key}" if other.note else other.key


def _called(other: Also, word: str) -> str:
    return f"{other.key} {'annotation' if other.note else word}"


@lru_cache(maxsize=256)
def _keys(use: str, fault: str, platform: str, also: tuple[Also, ...]) -> Keys:
    meant = [one for one in also if fault in one.faults and (platform == "kubernetes" or not one.note)]
    others = {note_key(one.key) if one.note else one.key: one for one in meant}
    return Keys(f"simian-army/{use}", f"simian-army/{use}.{fault}", f"simian-army/{use}.", others)


@lru_cache(maxsize=4096)
def _decided(said: Said, kind: str, place: tuple[str, str]) -> Verdict:
    where = " ".join(place) if place[0] else f"the {kind} itself"
    return Verdict(GUARD, said.allowed, f"{said.label}={said.value} on {where}{said.why}")


@lru_cache(maxsize=4096)
def _opted_out(value: str, where: str) -> Verdict:
    doubt = "" if value == "true" else " (anything but false opts out)"
    return Verdict(GUARD, allowed=False, reason=f"{OPT_OUT}={value} on {where}{doubt}")


@lru_cache(maxsize=4096)
def _unreadable(kind: str, name: str) -> Verdict:
    reason = f"the labels of {kind} {name} cannot be read, and an opt-out may stand there; grant the agent to read it"
    return Verdict(GUARD, allowed=False, reason=reason)


@lru_cache(maxsize=64)
def _not_asked(kind: str) -> Verdict:
    return Verdict(GUARD, allowed=True, reason=f"not applicable: a {kind} needs no label, those it carries are asked")


@lru_cache(maxsize=4096)
def _silent(label: str, said_by: tuple[str, ...], kinds: tuple[str, ...]) -> Verdict:
    places = f"the {kinds[0]} itself" + "".join(f" or its {kind}" for kind in kinds[1:])
    nothing = " and no ".join(said_by)
    return Verdict(GUARD, allowed=False, reason=f"no {nothing} on {places}; write {label}=enabled to opt in")
