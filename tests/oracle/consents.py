"""Who agreed, who may not be struck, and who we are: the oracle of the guards that look at targets and halts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from simian_army.model import Phase, Target
from simian_army.standing import note_key as annotated
from tests.oracle.amounts import together
from tests.oracle.words import KINDS, PREFIX, Case, Kind, fits, harmed, labels_of, place, seconds

APART, MINUTE = timedelta(seconds=5), timedelta(minutes=1)
OUT = f"{PREFIX}opt-out"
PROTECTED = ("kube-system", "kube-public", "kube-node-lease")


def agrees(case: Case, target: Target) -> bool:
    """The nearest level with a value decides; an opt-out anywhere wins; what cannot be read is a no."""
    if target.platform == "toxiproxy":
        return fits(case.world.said["platforms"]["toxiproxy"].get("opt_in", ()), target.name)
    levels = list(labels_of(target))
    if any(labels is None or labels.get(OUT, "false") != "false" for labels in levels):
        return False
    said = (_says(case, target, labels) for labels in levels if labels is not None)
    return next((one for one in said if one is not None), target.kind == "node")


def _says(case: Case, target: Target, labels: Mapping[str, str]) -> bool | None:
    """What one level says; None when it has no value. Other tools' keys speak where none of ours of that use stands."""
    use = f"{PREFIX}{case.scene.use}"
    word, narrow = labels.get(use), [key for key in labels if key.startswith(f"{use}.")]
    if word is not None and word != "enabled":
        return False
    if narrow:
        return labels.get(f"{use}.{case.scene.fault.kind}") == "enabled"
    if word is not None:
        return True
    theirs = [answer for one in _also(case) if (answer := _theirs(case, target, labels, one)) is not None]
    return all(theirs) if theirs else None


def _also(case: Case) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = case.world.safety.get("opt_in", {}).get("also", ())
    return found


def _theirs(case: Case, target: Target, labels: Mapping[str, str], one: Mapping[str, Any]) -> bool | None:
    if case.scene.fault.kind not in one.get("faults", ["pod-evict", "pod-delete"]):
        return None
    if "annotation" in one and target.platform != "kubernetes":
        return None
    value = labels.get(one["label"] if "label" in one else annotated(one["annotation"]))
    return None if value is None else value == one["value"]


def opt_in(case: Case) -> bool:
    return agrees(case, case.target)


def shared(case: Case) -> bool:
    """Everybody harmed must have agreed, and stand in no protected namespace."""
    if case.scene.reach is None:
        return False
    return all(agrees(case, one) and _unprotected(case, one) for one in harmed(case.scene.reach))


def protected(case: Case) -> bool:
    return _unprotected(case, case.target)


def _unprotected(case: Case, target: Target) -> bool:
    if target.platform != "kubernetes" or not target.scope:
        return True
    return not fits(case.world.safety.get("protected", PROTECTED), target.scope)


def min_age(case: Case) -> bool:
    least = seconds(case.world.safety.get("min_age", "0s"))
    if not least or (case.target.kind == "proxy" and case.target.born is None):
        return True
    return case.target.born is not None and case.scene.now - case.target.born >= least


def myself(case: Case) -> bool:
    return not any(_ours(case, one) for one in [case.target, *harmed(case.scene.reach)])


def _ours(case: Case, target: Target) -> bool:
    """Our own pod, namespace, node or instance."""
    own = case.world.own
    if target.labels.get("app.kubernetes.io/name") == "simian-army":
        return True
    if target.platform == "aws":
        return target.kind == "instance" and target.name == own.get("SIMIAN_INSTANCE")
    if target.platform != "kubernetes":
        return False
    if target.kind == "node":
        return target.name == own.get("SIMIAN_NODE")
    return target.id == own.get("SIMIAN_POD_UID") or target.scope == own.get("SIMIAN_NAMESPACE")


def controlled(case: Case) -> bool:
    return case.target.kind != "pod" or case.target.replaced


def irreversible(case: Case) -> bool:
    kind = KINDS.get(case.scene.fault.kind, Kind(undone=False))
    if kind.undone or (kind.replaced and (case.target.replaced or kind.anew)):
        return True
    return case.scene.fault.kind in case.world.safety.get("allow_irreversible", ())


def identity(case: Case) -> bool:
    """The embedded world is always known; a server that config names must be it; unleashed, a real place must be the one
    that config names, and a target on AWS in its regions."""
    here, target = case.scene.identity, case.target
    if here is None or here.platform != target.platform:
        return False
    said = case.world.said["platforms"][target.platform]
    if here.embedded:
        return True
    if "server" in said and here.endpoint != said["server"]:
        return False
    if case.scene.leashed:
        return True
    if target.platform == "aws" and target.scope.partition("/")[2] not in said["regions"]:
        return False
    known = {
        "kubernetes": [said["cluster_uid"]] if said.get("cluster_uid") else [],
        "aws": said.get("accounts", []),
        "toxiproxy": said.get("endpoints", []),
    }[target.platform]
    return here.id in known


def skew(case: Case) -> bool:
    """Both clocks are known, and at most 5 s apart beyond what the way may have added."""
    reading = case.scene.identity.clock if case.scene.identity else None
    if reading is None or reading.age > MINUTE or reading.doubt > APART:
        return False
    return abs(reading.ours - reading.theirs) - reading.doubt <= APART


def stuck(case: Case) -> bool:
    """Of this kind, in this group, or so many that nothing begins at all."""
    there = [one for one in case.scene.recent if one.open and one.phase is Phase.STUCK]
    if len(there) >= case.world.safety.get("max_stuck", 3):
        return False
    return not any(one.kind == case.scene.fault.kind or together(case, one) for one in there)


def halt(case: Case) -> bool:
    struck = {one.scope for one in [case.target, *harmed(case.scene.reach)]}
    return case.scene.halt is None and not any(team.scope in struck for team in case.scene.teams)


def line(case: Case) -> bool:
    """The line of the target's group, or of anybody harmed, is stopped; without a group each is a line of its own."""
    stopped = [one for one in case.scene.recent if one.line]
    lines = {(one.group or one.target) for one in stopped}
    return not any((one.group or one.id) in lines for one in [case.target, *harmed(case.scene.reach)])


def segment(case: Case) -> bool:
    said = case.world.monkey(case.scene.entry).get("segment", {})
    target = case.target
    if "namespaces" in said:
        return bool(target.scope) and fits(said["namespaces"], target.scope)
    if "version" in said:
        key, _, pattern = said["version"].partition("=")
        return key in target.labels and fits([pattern], target.labels[key])
    if "percent" in said:
        return _number(case, said.get("salt", "")) * 100 < int(said["percent"]) << 64
    return True


def _number(case: Case, salt: str) -> int:
    """The first 8 bytes of SHA-256 over fleet, salt and group, or the id of what has no group, with zero bytes between."""
    text = "\0".join((case.world.said["fleet"], salt, case.target.group or case.target.id))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def zone(case: Case) -> bool:
    said = case.world.monkey(case.scene.entry).get("segment", {})
    if "zones" not in said:
        return True
    zones = place(case.target, "zone") or ()
    return bool(zones) and all(fits(said["zones"], one) for one in zones)
