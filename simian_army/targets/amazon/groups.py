"""What a group of instances is called: an Auto Scaling Group, or those that share the value of a tag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simian_army.errors import PlatformError
from simian_army.targets.amazon.facts import MEMBER
from simian_army.targets.amazon.tags import Need, tag_is

ASG = "AutoScalingGroup"
TAG = "Tag"


@dataclass(frozen=True, slots=True)
class Group:
    """``account/region/AutoScalingGroup/NAME`` or ``account/region/Tag/VALUE``."""

    scope: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.scope}/{self.kind}/{self.name}"

    def needs(self, group_tag: str) -> tuple[Need, ...]:
        """The tags that its members have."""
        if self.kind == ASG:
            return (tag_is(MEMBER, self.name),)
        return (tag_is(group_tag, self.name), Need(MEMBER, None, wanted=False))


def group_named(text: str) -> Group | None:
    """The group that ``text`` names; None when it names none."""
    account, _, rest = text.partition("/")
    region, _, rest = rest.partition("/")
    kind, _, name = rest.partition("/")
    return Group(f"{account}/{region}", kind, name) if kind in (ASG, TAG) and name else None


def group_asked(fields: tuple[tuple[str, str], ...]) -> Group | None:
    """The one group that a selector's fields ask for; None when there are no fields.

    Raises:
        PlatformError: they ask for anything else.
    """
    if not fields:
        return None
    group = group_named(fields[0][1]) if len(fields) == 1 and fields[0][0] == "group" else None
    if group is None:
        raise PlatformError(f"aws: the fields {dict(fields)} cannot be asked; known: group=account/region/{ASG}/NAME")
    return group


def group_of(scope: str, tags: Mapping[str, str], group_tag: str) -> str:
    """The name of the group that an instance with these tags belongs to; empty for none."""
    if tags.get(MEMBER):
        return str(Group(scope, ASG, tags[MEMBER]))
    return str(Group(scope, TAG, tags[group_tag])) if tags.get(group_tag) else ""
