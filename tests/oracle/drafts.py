"""A scene in the making: quiet to begin with, so that everybody allows it, then less so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from simian_army.model import Fault, Halt, Health, Identity, Level, Phase, Scene, Target
from simian_army.reading import Reading
from simian_army.standing import Attempt, Floor
from tests.oracle.words import KINDS, Case, Weather, World, stopped

NOTHING, DAY = timedelta(0), timedelta(days=1)
USES = {"slow": "latency"}
STRIKES = {
    "pods": ("pod", "pod-evict"),
    "drops": ("pod", "pod-delete"),
    "nodes": ("node", "node-cordon"),
    "taints": ("node", "node-taint"),
    "restarts": ("deployment", "rollout-restart"),
    "hosts": ("instance", "instance-stop"),
    "ends": ("instance", "instance-terminate"),
    "groups": ("asg", "asg-suspend"),
    "slow": ("proxy", "proxy-latency"),
}
EFFECTS = ("NoExecute", "NoExecute", "NoSchedule", "PreferNoSchedule")
PLATFORMS = {
    "pod": "kubernetes",
    "node": "kubernetes",
    "deployment": "kubernetes",
    "instance": "aws",
    "asg": "aws",
    "proxy": "toxiproxy",
}
PLACE = "123456789012/eu-west-1"
SCOPES = {"pod": "shop", "deployment": "shop", "node": "", "instance": PLACE, "asg": PLACE, "proxy": "127.0.0.1:8474"}
OWNERS = {"pod": "Deployment", "deployment": "Deployment", "instance": "AutoScalingGroup", "asg": "AutoScalingGroup"}
IDS = {"kubernetes": "5f1c", "aws": "123456789012", "toxiproxy": "http://127.0.0.1:8474"}
ABOVE = {
    "pod": ("ReplicaSet", "Deployment", "Namespace"),
    "deployment": ("PodTemplate", "Namespace"),
    "instance": ("AutoScalingGroup",),
}


@dataclass
class Draft:
    """Everything a case is made of."""

    world: World
    entry: str
    now: datetime
    fault: str
    kind: str
    id: str
    name: str
    scope: str
    group: str
    labels: dict[str, str]
    levels: list[Level]
    facts: dict[str, Any]
    replaced: bool
    age: timedelta | None = 10 * DAY
    members: int = 4
    crowd: int | None = 40
    recent: list[Attempt] = field(default_factory=list)
    reach: list[Target] | None = field(default_factory=list)
    identity: Identity | None = None
    halt: Halt | None = None
    teams: tuple[Halt, ...] = ()
    health: Health | None = None
    params: dict[str, Any] = field(default_factory=dict)
    stand: dict[str, Health | None] = field(default_factory=dict)
    at_most: int | None = None
    leashed: bool = False
    weather: dict[str, Any] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        return PLATFORMS[self.kind]

    @property
    def use(self) -> str:
        return USES.get(self.entry, "chaos")

    def case(self) -> Case:
        """As the guards are shown it."""
        born = None if self.age is None else self.now - self.age
        target = Target(
            self.platform,
            self.kind,
            self.id,
            self.name,
            self.scope,
            self.group,
            born,
            self.labels,
            tuple(self.levels),
            self.facts,
            self.replaced,
        )
        fault = Fault(self.fault, target, self.params)
        reach = None if self.reach is None else (*self.reach, *self._own())
        scene = Scene(
            now=self.now,
            fleet=self.world.said["fleet"],
            use=self.use,
            entry=self.entry,
            fault=fault,
            peers=(target, *members(self.group)[1 : self.members]),
            recent=tuple(self.recent),
            reach=reach,
            identity=self.identity,
            halt=self.halt,
            leashed=self.leashed,
            teams=self.teams,
            health=self.health if stopped(fault) == "target" else None,
            crowd=self.crowd,
            stand=self._stand(reach or ()) if stopped(fault) == "reach" else None,
            at_most=self.at_most,
        )
        return Case(self.world, scene, Weather(**self.weather))

    def _own(self) -> tuple[Target, ...]:
        """The pods of a workload, which agree."""
        if self.kind != "deployment":
            return ()
        agreed = {f"simian-army/{self.use}": "enabled"}
        return tuple(replace(one, labels=agreed, replaced=True) for one in members(self.group)[: self.members])

    def _stand(self, reach: Sequence[Target]) -> dict[str, Health]:
        """How each group in reach stands: as it was drawn, else with plenty to spare."""
        groups = {one.group for one in reach if one.group}
        said = {self.group: self.health, **self.stand} if self.kind == "deployment" else self.stand
        found = {group: said[group] if group in said else _plenty(group, reach) for group in groups}
        return {group: health for group, health in found.items() if health is not None}


def _plenty(group: str, reach: Sequence[Target]) -> Health:
    up = frozenset([*(one.id for one in reach if one.group == group), *(one.id for one in members(group)[:8])])
    return Health(True, len(up), len(up), "counted", up=up)


@lru_cache(maxsize=256)
def members(group: str) -> tuple[Target, ...]:
    """Of one group as many as any scene has; the first is never used, the target stands in its place."""
    return tuple(Target("kubernetes", "pod", f"{group}#{n}", f"m-{n}", "shop", group, None, {}) for n in range(20))


def quiet(rng: Random, world: World, entry: str, now: datetime) -> Draft:
    """What nobody objects to, as far as the config can tell."""
    kind, fault = STRIKES[entry]
    group, name = grouped(kind, rng.choice(("web", "api", "cart", "mail", "db"))), f"shop-{rng.randint(1, 999)}"
    draft = Draft(
        world=world,
        entry=entry,
        now=now,
        fault=fault,
        kind=kind,
        id=f"arn:aws:ec2:eu-west-1:123456789012:{kind}/{name}" if PLATFORMS[kind] == "aws" else f"uid-{name}",
        name=name,
        scope=SCOPES[kind],
        group=group,
        labels={} if kind in ("node", "proxy") else {f"simian-army/{USES.get(entry, 'chaos')}": "enabled"},
        levels=[Level(one, "x", {}) for one in ABOVE.get(kind, ())],
        facts={},
        replaced=bool(group),
    )
    draft.labels |= {"version": "2.1", "app": "web"}
    if kind == "deployment":
        draft.name, draft.replaced, draft.at_most = group.rpartition("/")[2], False, 1
    if fault == "node-taint":
        draft.params = {"effect": rng.choice(EFFECTS)}
    if kind != "proxy":
        node = {"pod": ["n1"], "node": [name]}.get(kind, [])
        draft.facts = {"node": "n1", "places": {"node": node, "zone": ["zone-a"], "region": ["r-1"]}}
    clock = Reading(now, now, NOTHING, NOTHING, 0.0)
    draft.identity = Identity(draft.platform, IDS[draft.platform], "https://there:443", clock=clock)
    draft.leashed = not world.said["platforms"]["kubernetes"].get("cluster_uid")
    if group and KINDS[fault].stops != "nobody":
        draft.health = healthy(draft, 4, 4)
    return draft


def grouped(kind: str, name: str) -> str:
    """The group of one of that kind."""
    return f"{SCOPES[kind]}/{OWNERS[kind]}/{name}" if kind in OWNERS else ""


def healthy(draft: Draft, ready: int, wanted: int, floors: tuple[Floor, ...] = (), moving: str = "") -> Health:
    """So many of the group are up, the target among them."""
    first = members(draft.group)[0].id if draft.kind == "deployment" else draft.id
    up = frozenset([first, *(one.id for one in members(draft.group)[1:ready])][:ready])
    return Health(ready >= wanted, ready, wanted, "counted", floors, moving, up)


def begun(draft: Draft, ago: timedelta, phase: Phase = Phase.REVERTED, *, still: bool = False, **more: Any) -> Attempt:
    """A fault before this one; by itself elsewhere."""
    words: dict[str, Any] = {
        "run": "before",
        "entry": "drops",
        "kind": "pod-delete",
        "target": "uid-elsewhere",
        "group": "team/Deployment/other",
        "scope": "team",
        "places": {"node": ("n9",), "zone": ("zone-z",), "region": ("r-9",)},
    }
    return Attempt(at=draft.now - ago, phase=phase, open=still, **(words | more))


NIGHTS = [
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in ((3, 29), (10, 25), (3, 8), (11, 1), (4, 5), (10, 4), (9, 27))
]
"""Of Europe, America, Lord Howe and New Zealand."""
LONG_AGO = datetime(1984, 1, 1, tzinfo=UTC)  # years of which the library knows no holidays of Germany
EPOCH = datetime(2024, 6, 1, tzinfo=UTC)


def some_time(rng: Random) -> datetime:
    """Within four years; often on the hour, where windows begin and end; sometimes in a night that changes the clocks."""
    if rng.random() < 0.05:
        return rng.choice(NIGHTS) + timedelta(minutes=15 * rng.randint(-16 * 4, 10 * 4))
    minutes = rng.choice((0, 0, 30, 15, rng.randint(0, 59)))
    second = rng.choice((0, 0, 0, 59, rng.randint(0, 59)))
    epoch = EPOCH if rng.random() < 0.97 else LONG_AGO
    return epoch + timedelta(days=rng.randint(0, 1500), hours=rng.randint(0, 23), minutes=minutes, seconds=second)
