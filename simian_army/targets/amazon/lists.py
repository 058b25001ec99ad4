"""Everything there is in every account and region, whole, however many pages it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from simian_army.errors import PlatformError
from simian_army.model import Level
from simian_army.targets.amazon import facts
from simian_army.targets.amazon.area import Area
from simian_army.targets.amazon.groups import ASG
from simian_army.targets.amazon.login import Login
from simian_army.targets.amazon.place import Place
from simian_army.targets.telling import warn

AT_ONCE = 4
"""How many regions are asked side by side."""

_NAMES = 50  # groups that AWS lets be named in one request

Obj = dict[str, Any]
T = TypeVar("T")


@dataclass(slots=True)
class Lists:
    """Lists of all accounts and regions. ``unreadable`` counts the objects left out since the start."""

    place: Place
    logins: Sequence[Login]
    unreadable: int = field(default=0, init=False)

    def areas(self) -> list[Area]:
        """Every account in every region."""
        return [Area(login, region) for login in self.logins for region in self.place.regions]

    def area(self, account: str, region: str) -> Area:
        """Where that is.

        Raises:
            PlatformError: config does not lead to this account.
        """
        for login in self.logins:
            if login.account == account:
                return Area(login, region)
        fix = "to reach what is there, put it into platforms.aws.accounts"
        raise PlatformError(f"aws: account {account} is not one that config leads to: {fix}")

    def each(self, work: Callable[[Area], Iterable[T]], areas: Sequence[Area]) -> list[T]:
        """What ``work`` gives for all areas, side by side, in their order; the first error is raised."""
        with ThreadPoolExecutor(AT_ONCE, "aws") as pool:
            return [one for found in pool.map(work, areas) for one in found]

    def instances(self, area: Area, filters: Sequence[Obj]) -> list[Obj]:
        """The instances that AWS finds; those that make no sense are left out, counted and logged.

        Raises:
            Forbidden, PlatformError: the list could not be had whole.
        """
        found = area.each("ec2", "DescribeInstances", "Reservations", Filters=list(filters))
        return self._sound(area, facts.instance, (one for some in found for one in _members(some)))

    def groups(self, area: Area, **asked: Any) -> list[Obj]:
        """The Auto Scaling Groups that AWS finds; those that make no sense are left out, counted and logged.

        Raises:
            Forbidden, PlatformError: the list could not be had whole.
        """
        found = area.each("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups", **asked)
        return self._sound(area, facts.group, found)

    def levels(self, area: Area, names: Iterable[str]) -> dict[str, tuple[Level, ...]]:
        """The level above the members of each group; without labels where the group could not be read."""
        wanted = sorted(set(names) - {""})
        tags: dict[str, dict[str, str]] = {}
        try:
            for start in range(0, len(wanted), _NAMES):
                groups = self.groups(area, AutoScalingGroupNames=wanted[start : start + _NAMES])
                tags.update({obj["AutoScalingGroupName"]: obj["Tags"] for obj in groups})
        except PlatformError as error:
            warn("groups unread", scope=area.scope, error=str(error))
        return {"": (), **{name: (Level(ASG, name, tags.get(name)),) for name in wanted}}

    def _sound(self, area: Area, sense: Callable[[Any], Obj], found: Iterable[Any]) -> list[Obj]:
        sound: list[Obj] = []
        for raw in found:
            try:
                sound.append(sense(raw))
            except ValueError as error:
                self.unreadable += 1
                warn("unreadable", scope=area.scope, name=_name(raw), why=str(error))
        return sound


def _members(reservation: Any) -> list[Any]:
    found = reservation.get("Instances", []) if isinstance(reservation, dict) else [reservation]
    return found if isinstance(found, list) else [found]


def _name(raw: Any) -> str:
    names = [raw.get("InstanceId"), raw.get("AutoScalingGroupName")] if isinstance(raw, dict) else []
    return next((str(name) for name in names if name), "?")
