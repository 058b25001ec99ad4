"""Which instances and groups match a selector, as targets with the group that stands above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simian_army.errors import PlatformError
from simian_army.model import Level, Selector, Target
from simian_army.standing import PLACES, places_of
from simian_army.targets.amazon import facts, tags
from simian_army.targets.amazon.area import Area
from simian_army.targets.amazon.arns import instance_arn
from simian_army.targets.amazon.groups import ASG, Group, group_asked, group_of
from simian_army.targets.amazon.lists import Lists, Obj
from simian_army.targets.amazon.tags import Need
from simian_army.targets.scopes import Scopes

PLATFORM = "aws"
KINDS = ("asg", "instance")

THERE = ("pending", "running", "stopping", "stopped")
"""The states of an instance that exists and is not on its way out."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds in all accounts and regions."""

    lists: Lists

    def find(self, selector: Selector) -> list[Target]:
        """All that match: instances that run, unless those of one group are asked for: these are what a fault on the
        group harms, so all that exist are told, with every fact.

        Raises:
            PlatformError: unknown kind, field or query; or one of the lists could not be had whole.
        """
        if selector.kind not in KINDS:
            raise PlatformError(f"aws: no target kind is called {selector.kind!r}; known: {', '.join(KINDS)}")
        group, needs = group_asked(selector.fields), tags.parse(selector.labels)
        if group and selector.kind != "instance":
            raise PlatformError(f"aws: an {selector.kind} is not found by the field group; only instances are")
        if group:
            account, _, region = group.scope.partition("/")
            needs = (*needs, *group.needs(self.lists.place.group_tag))
            areas = [self.lists.area(account, region)]
        else:
            areas = self.lists.areas()
        scopes = Scopes((selector.scopes,))
        work = self._instances if selector.kind == "instance" else self._groups
        return self.lists.each(lambda area: work(area, selector, needs), [a for a in areas if a.scope in scopes])

    def targets(self, area: Area, kind: str, objs: Sequence[Obj]) -> list[Target]:
        """The targets that objects of one area are, with all their facts."""
        if kind == "asg":
            return [_group(area, obj) for obj in objs]
        levels = self.lists.levels(area, [obj["Tags"].get(facts.MEMBER, "") for obj in objs])
        return [self._instance(area, obj, levels) for obj in objs]

    def _instances(self, area: Area, selector: Selector, needs: Sequence[Need]) -> list[Target]:
        states = THERE if selector.fields else ("running",)
        asked = [{"Name": "instance-state-name", "Values": list(states)}, *tags.filters(needs, wild=True)]
        found = self.lists.instances(area, asked)
        meant = [obj for obj in found if facts.state(obj) in states and _meant(selector, needs, obj, "InstanceId")]
        pairs = [
            (t, obj) for t, obj in zip(self.targets(area, "instance", meant), meant, strict=True) if _in(selector, t)
        ]
        if selector.fields:
            return [target for target, _ in pairs]
        return [replace(target, facts=_some(selector, target, obj, named=True)) for target, obj in pairs]

    def _groups(self, area: Area, selector: Selector, needs: Sequence[Need]) -> list[Target]:
        found = self.lists.groups(area, Filters=tags.filters(needs, wild=False))
        meant = [obj for obj in found if _meant(selector, needs, obj, "AutoScalingGroupName")]
        pairs = [(t, obj) for t, obj in zip(self.targets(area, "asg", meant), meant, strict=True) if _in(selector, t)]
        return [replace(target, facts=_some(selector, target, obj)) for target, obj in pairs]

    def _instance(self, area: Area, obj: Obj, levels: Mapping[str, tuple[Level, ...]]) -> Target:
        name, tagged, place = obj["InstanceId"], obj["Tags"], self.lists.place
        group = group_of(area.scope, tagged, place.group_tag)
        return Target(
            platform=PLATFORM,
            kind="instance",
            id=instance_arn(area.login.who().partition, area.scope, name),
            name=name,
            scope=area.scope,
            group=group,
            born=facts.born(obj["LaunchTime"]),
            labels=tagged,
            levels=levels[tagged.get(facts.MEMBER, "")],
            facts={**facts.facts_of("instance", obj, group), PLACES: facts.places(obj, area.region)},
            replaced=bool(tagged.get(facts.MEMBER)),
        )


def _group(area: Area, obj: Obj) -> Target:
    name = obj["AutoScalingGroupName"]
    group = str(Group(area.scope, ASG, name))
    return Target(
        platform=PLATFORM,
        kind="asg",
        id=obj["AutoScalingGroupARN"],
        name=name,
        scope=area.scope,
        group=group,
        born=facts.born(obj["CreatedTime"]),
        labels=obj["Tags"],
        facts={**facts.facts_of("asg", obj, group), PLACES: facts.places(obj, area.region)},
    )


def _meant(selector: Selector, needs: Sequence[Need], obj: Obj, name: str) -> bool:
    if not tags.holds(needs, obj["Tags"]):
        return False
    called = [text for text in (obj[name], obj["Tags"].get("Name") if name == "InstanceId" else "") if text]
    barred = tuple(pattern for pattern in selector.names if pattern.startswith("!"))
    wanted = tuple(pattern for pattern in selector.names if not pattern.startswith("!"))
    # it has two names: one that is wanted is enough, one that is barred is too much
    return all(text in Scopes((barred,)) for text in called) and any(text in Scopes((wanted,)) for text in called)


def _in(selector: Selector, target: Target) -> bool:
    """Whether it stands where the selector says, with all its zones; what stands in none known is not meant."""
    places = places_of(target.facts)
    return all(
        bool(places.get(kind)) and all(place in Scopes((patterns,)) for place in places.get(kind, ()))
        for kind, patterns in selector.stands
    )


def _some(selector: Selector, target: Target, obj: Obj, *, named: bool = False) -> dict[str, Any]:
    name = {"Name": target.facts["Name"]} if named and target.facts["Name"] else {}
    return {**name, **facts.some_facts(target.facts, obj, selector.facts)}
