"""What may be otherwise around a target: how its group stands, and what everybody outside says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from simian_army.model import Health, Level, Phase, Target
from simian_army.standing import Floor
from tests.oracle.drafts import Draft, begun, healthy, members
from tests.oracle.neighbours import consenting

DAY = timedelta(days=1)


def behind(rng: Random, draft: Draft) -> None:
    if rng.random() < 0.5 and draft.kind == "node":
        draft.reach = [consenting(rng, draft)]
    known = [("app", rng.choice(("web", "policy"))), ("version", rng.choice(("2.1", "1")))]
    picked = tuple(rng.sample(known, rng.randint(0, 2)))
    said = (rng.choice(("shop", "shop", "team")), None if rng.random() < 0.2 else picked)
    draft.weather = {"away": frozenset({"fronts"})} if rng.random() < 0.1 else {"fronts": (said,)}


def quorum(rng: Random, draft: Draft) -> None:
    if rng.random() < 0.15 and draft.kind == "node":
        draft.fault = "node-crash"
    elif draft.kind == "node":
        _reached(rng, draft)
        return
    if rng.random() < 0.3:
        draft.labels["role"] = rng.choice(("leader", "primary", "replica"))
    if draft.kind == "pod" and rng.random() < 0.25:
        draft.levels = [Level(rng.choice(("StatefulSet", "StatefulSet", "Deployment")), "web", {}), *draft.levels[-1:]]
        draft.name = rng.choice(("web-0", "else-0", "web-10"))
        draft.labels |= rng.choice(({}, {"apps.kubernetes.io/pod-index": rng.choice("01")}))
    if draft.health is None:
        return
    draft.health = _health(rng, draft)
    draft.members = max(len(draft.health.up), 1) if draft.health else 1
    if draft.kind == "deployment":
        draft.at_most = rng.choice((None, 0, 1, 1, 2, 3))
    for _ in range(rng.choice((0, 0, 1, 2))):
        struck = rng.choice(members(draft.group)[1:6]).id
        _strike(rng, draft, struck, draft.group, (draft.fault, "pod-delete", "asg-suspend", "unheard-of"))


def _strike(rng: Random, draft: Draft, target: str, group: str, kinds: Sequence[str]) -> None:
    """One of these faults is open on a member still, or about to begin."""
    kind = rng.choice(kinds)
    phase = Phase.INTENDED if rng.random() < 0.25 else Phase.INJECTED
    draft.recent.append(begun(draft, 5 * DAY, phase, still=True, target=target, group=group, kind=kind))


def _reached(rng: Random, draft: Draft) -> None:
    """Pods on a node that a fault makes leave, mostly several of a group, and how these groups stand."""
    draft.fault, draft.params = rng.choice((("node-drain", {}), ("node-taint", {"effect": "NoExecute"})))
    groups = [f"shop/{kind}/{name}" for kind, name in (("Deployment", "a"), ("Deployment", "b"), ("DaemonSet", "c"))]
    draft.reach = [_leaver(rng, draft, rng.choice(groups), number) for number in range(rng.randint(1, 5))]
    for group in rng.sample(groups, rng.randint(1, 3)):
        ids = [one.id for one in draft.reach if one.group == group]
        ids += [one.id for one in members(group)[1 : 1 + rng.choice((0, 1, 2, 4, 4, 4))]]
        draft.stand[group] = _stands(rng, ids)
        for struck in rng.sample(ids, min(len(ids), rng.choice((0, 0, 1, 2)))):
            _strike(rng, draft, struck, group, ("pod-delete", "node-cordon", "node-drain", "unheard-of"))


def _leaver(rng: Random, draft: Draft, group: str, number: int) -> Target:
    facts = {"swept": rng.random() < 0.6, "terminating": rng.random() < 0.1}
    labels = {"role": rng.choice(("leader", "replica"))} if rng.random() < 0.15 else {}
    name, levels = f"p-{number}", tuple[Level, ...]()
    if rng.random() < 0.1:
        name, levels = f"set-{rng.randint(0, 1)}", (Level("StatefulSet", "set", {}),)
    one = consenting(rng, draft)
    return replace(
        one, id=f"{group}@{number}", name=name, group=group, labels={**one.labels, **labels}, levels=levels, facts=facts
    )


def _stands(rng: Random, ids: list[str]) -> Health | None:
    chance = rng.random()
    if chance < 0.03:
        return None
    floors = _floors(rng, rng.choice((0, 0, 0, 1)), doubt=0.05)
    if chance < 0.1:
        return Health(None, 0, 0, "nobody can count", floors)
    up = frozenset(ids if rng.random() < 0.7 else rng.sample(ids, rng.randint(0, len(ids))))
    wanted = rng.choice((len(up), len(up), len(ids), len(ids) + 1))
    moving = "rolling out" if rng.random() < 0.05 else ""
    return Health(len(up) >= wanted, len(up), wanted, "counted", floors, moving, up)


def _floors(rng: Random, many: int, doubt: float) -> tuple[Floor, ...]:
    rooms = [rng.choice((0, 1, 2, 3, 5)) for _ in range(many)]
    return tuple(Floor(f"PDB {n}", None if rng.random() < doubt else room, "counted") for n, room in enumerate(rooms))


def _health(rng: Random, draft: Draft) -> Health | None:
    wanted = rng.choice((0, 1, 2, 3, 4, 6, 8))
    ready = max(0, wanted - rng.choice((0, 0, 0, 0, 1, 2)))
    floors = _floors(rng, rng.choice((0, 0, 1, 2)), doubt=0.04)
    health = healthy(draft, ready, wanted, floors, "rolling out" if rng.random() < 0.1 else "")
    chance = rng.random()
    if chance < 0.05:
        return None
    if chance < 0.15:
        return Health(None, 0, 0, "nobody can count", floors)
    if chance < 0.3:
        up = health.up - {draft.id}
        return replace(health, up=up, ready=len(up))
    return health


def look(rng: Random, draft: Draft) -> None:
    sky: dict[str, Any] = {
        "value": rng.choice((0.0, 0.05, 0.1, 0.5, 0.500001, 1, 7, -3, "NaN", "+Inf")),
        "series": rng.choice((0, 1, 1, 1, 2)),
        "warns": rng.random() < 0.3,
        "off": rng.choice((0.0, 299.0, 300.0, -300.0, 301.0, -400.0)),
        "status": rng.choice((200, 204, 302, 404, 503)),
        "text": rng.choice(("all ok", "down", "")),
        "alerts": tuple(
            (name, rng.choice(("active", "silenced", "inhibited")))
            for name in ("Watchdog", "Slow")
            if rng.random() < 0.6
        ),
        "alarms": tuple(
            (name, rng.choice(("OK", "OK", "OK", "ALARM", "INSUFFICIENT_DATA")))
            for name in ("shop-cpu", "shop-disk", "other")
            if rng.random() < 0.85
        ),
        "node": rng.choice((None, {}, *PRESSURES)),
        "away": frozenset(rng.sample(sorted(AWAY), 1)),
    }
    draft.weather = {key: value for key, value in sky.items() if rng.random() < 0.3}
    if rng.random() < 0.1 and draft.kind == "pod":
        draft.facts = {key: value for key, value in draft.facts.items() if key != "node"}


AWAY = ("prometheus", "alertmanager", "cloudwatch", "http", "node")
PRESSURES = (
    {"Ready": "True", "DiskPressure": "True"},
    {"Ready": "True", "MemoryPressure": "Unknown", "PIDPressure": "False"},
    {"Ready": "Unknown"},
    {"Ready": "False"},
    {"Ready": "True", "DiskPressure": "False", "Other": "True"},
)
