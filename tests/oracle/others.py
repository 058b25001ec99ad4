"""How others stand and what the world says: the oracle of quorum and look."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Any

from simian_army.model import Health, Phase, Target
from tests.oracle.words import KINDS, Case, Kind, Weather, fits, harmed, stopped


def quorum(case: Case) -> bool:
    """Can the group do without the target now; of a fault that stops whom it reaches, can each group there."""
    stops, said = stopped(case.scene.fault), case.world.safety.get("quorum", {})
    if stops == "reach":
        return _all_can(case, said)
    if stops != "target":
        return stops == "nobody"
    if _spared(case.target, said.get("spare", {})):
        return False
    if not case.target.group:
        return True
    health = case.scene.health
    return health is not None and not _beginning(case) and _can(case, case.target.group, health, {case.target.id})


def _all_can(case: Case, said: Mapping[str, Any]) -> bool:
    """Nobody who goes is spared, and no group is asked for more than it can do without, whichever of its members in
    reach go, if not all do."""
    if case.scene.reach is None or case.scene.stand is None or _beginning(case):
        return False
    gone = [one for one in harmed(case.scene.reach) if one.group and not one.facts.get("terminating")]
    if any(_spared(one, said.get("spare", {})) for one in gone):
        return False
    for group in {one.group for one in gone}:
        health, there = case.scene.stand.get(group), {one.id for one in gone if one.group == group}
        many = len(there) if case.scene.at_most is None else min(case.scene.at_most, len(there))
        if health is None or not all(_can(case, group, health, some) for some in combinations(sorted(there), many)):
            return False
    return True


def _beginning(case: Case) -> bool:
    """Whom a fault that is just beginning stops, nobody knows yet, if it stops others than its target."""
    begun = [one for one in case.scene.recent if one.open and one.phase is Phase.INTENDED]
    return any(one.kind in KINDS and KINDS[one.kind].stops == "reach" for one in begun)


def _can(case: Case, group: str, health: Health, going: Collection[str]) -> bool:
    return _above_floors(case, group, health, going) and _enough(case, group, health, going)


def _struck(case: Case, group: str) -> set[str]:
    """The members that open faults of ours struck; what nobody knows of a fault is taken to be that it stops its
    target."""
    here = [one for one in case.scene.recent if one.open and one.group == group]
    return {one.target for one in here if _stopped(one.kind)}


def _above_floors(case: Case, group: str, health: Health, going: Collection[str]) -> bool:
    """Nobody's word on how few there may be is broken; who was struck and still counts as ready is on its way out."""
    leaving = len((health.up & _struck(case, group)) | set(going))
    return not any(floor.room is None or floor.room < leaving for floor in health.floors)


def _enough(case: Case, group: str, health: Health, going: Collection[str]) -> bool:
    said = case.world.safety.get("quorum", {})
    keep, lone, whole = said.get("keep", 1), said.get("spare_lone", True), said.get("whole", True)
    if health.whole is None:
        return not (keep or lone or whole)
    if lone and health.wanted <= 1:
        return False
    struck = _struck(case, group)
    if whole and (health.moving or health.wanted - health.ready > len(struck - health.up)):
        return False
    return len(health.up - struck - set(going)) >= _kept(keep, health)


def _stopped(kind: str) -> bool:
    return KINDS.get(kind, Kind(undone=False)).stops == "target"


def _kept(keep: int | str, health: Health) -> int:
    return math.ceil(int(keep[:-1]) * health.wanted / 100) if isinstance(keep, str) else keep


def _spared(target: Target, said: Mapping[str, Any]) -> bool:
    key, _, values = said.get("labels", "").partition(" in ")
    if key and target.labels.get(key) in values.strip("()").split(","):
        return True
    if not said.get("ordinal_zero") or target.kind != "pod":
        return False
    owner = next((level.name for level in target.levels if level.kind == "StatefulSet"), None)
    if owner is None:
        return False
    return target.name == f"{owner}-0" or target.labels.get("apps.kubernetes.io/pod-index") == "0"


def behind(case: Case) -> bool:
    """The API server itself asks neither the target nor anybody harmed."""
    if case.target.platform != "kubernetes" or not case.world.safety.get("protect_webhooks", True):
        return True
    if "fronts" in case.weather.away:
        return False
    asked = [case.target, *harmed(case.scene.reach)]
    return not any(
        _leads(selector, one) for scope, selector in case.weather.fronts for one in asked if one.scope == scope
    )


def _leads(selector: tuple[tuple[str, str], ...] | None, pod: Target) -> bool:
    """What is no pod may have pods behind any Service there."""
    if selector is None:
        return True
    return bool(selector) and (pod.kind != "pod" or all(pod.labels.get(key) == value for key, value in selector))


def look(case: Case) -> bool:
    """Every look that is for this monkey sees that all is well."""
    return all(
        _well(case, one)
        for one in case.world.safety.get("look", ())
        if case.scene.entry in one.get("monkeys", [case.scene.entry])
    )


def _well(case: Case, said: Mapping[str, Any]) -> bool:
    kind = next(kind for kind in LOOKS if kind in said)
    return LOOKS[kind](case, said)


def _prometheus(case: Case, said: Mapping[str, Any]) -> bool:
    sky = case.weather
    if not _known(case.target, said["query"]) or "prometheus" in sky.away:
        return False
    if sky.series != 1 or sky.warns or abs(sky.off) > 300 or not math.isfinite(float(sky.value)):
        return False
    return float(said.get("min", -math.inf)) <= float(sky.value) <= float(said.get("max", math.inf))


def _alertmanager(case: Case, said: Mapping[str, Any]) -> bool:
    """Matchers here are always one, of severity."""
    sky = case.weather
    if "alertmanager" in sky.away:
        return False
    counted = {"active"} | {state for state in ("silenced", "inhibited") if said.get(state)}
    if any(name != "Watchdog" and state in counted for name, state in sky.alerts):
        return False
    return "watchdog" not in said or any(name == "Watchdog" for name, _ in sky.alerts)


def _cloudwatch(case: Case, said: Mapping[str, Any]) -> bool:
    sky = case.weather
    if "cloudwatch" in sky.away:
        return False
    fine = {"OK", "INSUFFICIENT_DATA"} if said.get("insufficient_data") else {"OK"}
    for pattern in said["cloudwatch"] if isinstance(said["cloudwatch"], list) else [said["cloudwatch"]]:
        states = [state for name, state in sky.alarms if fits([pattern], name)]
        if not states or not set(states) <= fine:
            return False
    return True


def _http(case: Case, said: Mapping[str, Any]) -> bool:
    sky = case.weather
    wanted = said.get("status", 200)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    return "http" not in sky.away and sky.status in wanted and said.get("contains", "") in sky.text


def _node(case: Case, said: Mapping[str, Any]) -> bool:
    if case.target.platform != "kubernetes":
        return True
    sky: Weather = case.weather
    if "node" in sky.away or sky.node is None or not _node_of(case.target):
        return False
    pressed = [sky.node.get(name, "False") for name in ("MemoryPressure", "DiskPressure", "PIDPressure")]
    return sky.node.get("Ready") == "True" and set(pressed) == {"False"}


def _node_of(target: Target) -> bool:
    return target.kind == "node" or bool(target.facts.get("node"))


def _known(target: Target, query: str) -> bool:
    """A target that has no such value is a no."""
    if "$namespace" in query and not (target.platform == "kubernetes" and target.scope):
        return False
    if "$node" in query and not (target.platform == "kubernetes" and _node_of(target)):
        return False
    return "$group" not in query or bool(target.group)


LOOKS = {
    "prometheus": _prometheus,
    "alertmanager": _alertmanager,
    "cloudwatch": _cloudwatch,
    "http": _http,
    "node_pressure": _node,
}
