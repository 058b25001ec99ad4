"""How a group of instances stands: who is in service, who comes or goes, and how few it may have."""

from __future__ import annotations

from simian_army.model import Health, Json, Selector
from simian_army.standing import Floor
from simian_army.targets.amazon import facts
from simian_army.targets.amazon.arns import instance_arn
from simian_army.targets.amazon.finding import Finder
from simian_army.targets.amazon.groups import ASG, Group, group_named


def health_of(finder: Finder, text: str, *, floors: bool = False) -> Health:
    """The health of the group that ``text`` names: members in service and healthy of the desired capacity, or of
    those that share a tag the running ones of all that exist; with ``floors`` the word of its MinSize.

    Raises:
        PlatformError: it could not be read.
    """
    group = group_named(text)
    if group is None:
        return Health(None, 0, 0, f"cannot tell: {text or 'no group'} has no known number of instances")
    return _scaled(finder, group, floors=floors) if group.kind == ASG else _tagged(finder, group)


def _scaled(finder: Finder, group: Group, *, floors: bool) -> Health:
    account, _, region = group.scope.partition("/")
    area = finder.lists.area(account, region)
    found = finder.lists.groups(area, AutoScalingGroupNames=[group.name])
    if not found:
        return Health(None, 0, 0, f"cannot tell: {group} is gone")
    obj = found[0]
    wanted, names = obj.get("DesiredCapacity"), facts.in_service(obj)
    if not isinstance(wanted, int):
        return Health(None, len(names), 0, f"cannot tell: {group} does not say how many instances it wants")
    partition = area.login.who().partition
    return Health(
        whole=len(names) >= wanted,
        ready=len(names),
        wanted=wanted,
        detail=f"{len(names)} of {wanted} instances of {group} are in service",
        floors=(_least(group, obj, len(names)),) if floors else (),
        moving=", ".join(facts.in_motion(obj)),
        up=frozenset(instance_arn(partition, group.scope, name) for name in names),
    )


def _least(group: Group, obj: Json, ready: int) -> Floor:
    name, least = f"ASG {group.name}", obj.get("MinSize")
    if not isinstance(least, int):
        return Floor(name, None, f"{name}: it does not say how few it may have (MinSize)")
    return Floor(name, ready - least, f"{name}: MinSize {least}, {ready} in service")


def _tagged(finder: Finder, group: Group) -> Health:
    members = finder.find(Selector("instance", fields=(("group", str(group)),)))
    up = frozenset(member.id for member in members if member.facts["state"] == "running")
    ready, wanted = len(up), len(members)
    if not wanted:
        return Health(None, 0, 0, f"cannot tell: nothing is left of {group}")
    return Health(ready == wanted, ready, wanted, f"{ready} of {wanted} instances of {group} are running", up=up)
