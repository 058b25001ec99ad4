"""Whether a group of instances is whole."""

from __future__ import annotations

from simian_army.model import Health, Selector
from simian_army.targets.amazon import facts
from simian_army.targets.amazon.finding import Finder
from simian_army.targets.amazon.groups import ASG, Group, group_named


def health_of(finder: Finder, text: str) -> Health:
    """The health of the group that ``text`` names: members in service and healthy of the desired capacity, or of
    those that share a tag the running ones of all that exist.

    Raises:
        PlatformError: it could not be read.
    """
    group = group_named(text)
    if group is None:
        return Health(None, 0, 0, f"cannot tell: {text or 'no group'} has no known number of instances")
    return _scaled(finder, group) if group.kind == ASG else _tagged(finder, group)


def _scaled(finder: Finder, group: Group) -> Health:
    account, _, region = group.scope.partition("/")
    found = finder.lists.groups(finder.lists.area(account, region), AutoScalingGroupNames=[group.name])
    if not found:
        return Health(None, 0, 0, f"cannot tell: {group} is gone")
    wanted, ready = found[0].get("DesiredCapacity"), facts.in_service(found[0])
    if not isinstance(wanted, int):
        return Health(None, ready, 0, f"cannot tell: {group} does not say how many instances it wants")
    return Health(ready >= wanted, ready, wanted, f"{ready} of {wanted} instances of {group} are in service")


def _tagged(finder: Finder, group: Group) -> Health:
    members = finder.find(Selector("instance", fields=(("group", str(group)),)))
    ready, wanted = sum(1 for member in members if member.facts["state"] == "running"), len(members)
    if not wanted:
        return Health(None, 0, 0, f"cannot tell: nothing is left of {group}")
    return Health(ready == wanted, ready, wanted, f"{ready} of {wanted} instances of {group} are running")
