"""What our identity may do in each account and region, tried without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simian_army import marks
from simian_army.contract import FaultKind
from simian_army.errors import Gone, SimianError
from simian_army.model import Evidence, Selector, Target
from simian_army.targets.amazon.answers import WouldDo
from simian_army.targets.amazon.area import Area
from simian_army.targets.amazon.finding import PLATFORM, Finder
from simian_army.targets.scopes import Scopes

Params = Callable[[str], dict[str, Any]]

READS = ("ec2:DescribeInstances", "autoscaling:DescribeAutoScalingGroups")
"""What finding and reading needs, whatever the faults."""


_PROVED = ("sts:GetCallerIdentity", *READS)


def _ids(name: str) -> dict[str, Any]:
    return {"InstanceIds": [name]}


def _tag(name: str) -> dict[str, Any]:
    return {"Resources": [name], "Tags": [{"Key": marks.HELD, "Value": "dry-run"}]}


DRY: dict[str, Params] = {
    "ec2:StopInstances": _ids,
    "ec2:StartInstances": _ids,
    "ec2:TerminateInstances": _ids,
    "ec2:CreateTags": _tag,
    "ec2:DeleteTags": _tag,
}
"""The acts that can be tried with DryRun, and what they are tried with; Auto Scaling has no such thing."""


ASKED: dict[str, Params] = {
    "ec2:DescribeInstanceAttribute": lambda name: {"InstanceId": name, "Attribute": "disableApiTermination"}
}
"""The reads that need an instance to be tried with."""


ABSENT: dict[str, Params] = {"scheduler:DeleteSchedule": lambda fleet: {"Name": f"simian-{fleet}-check"}}
"""The acts that can be tried on what is not there, named as a policy for ours allows: that it is not is a yes."""

_SCHEDULING = ("scheduler:", "iam:PassRole")


@dataclass(frozen=True, slots=True)
class Checks:
    """Asks every account and region that ``finder`` looks into."""

    finder: Finder

    def run(self, kinds: Sequence[FaultKind], selectors: Sequence[Selector]) -> Iterator[Evidence]:
        """One line for each thing tried, and one for all that could not be."""
        lists, areas = self.finder.lists, list[Area]()
        for login in lists.logins:
            try:
                who = login.who(fresh=True)
            except SimianError as error:
                yield Evidence(holds=False, detail=str(error))
                continue
            yield Evidence(holds=True, detail=f"account {who.account}: we are {who.arn}")
            areas += [Area(login, region) for region in lists.place.regions]
        for area in areas:
            yield from _reads(area)
        actions = {action for kind in kinds if kind.platform == PLATFORM for (action,) in kind.permissions}
        wanted = sorted(action for action in actions - set(_PROVED) if self._used(action))
        named = self._named(areas, selectors)
        for area in areas if wanted else ():
            yield from _acts(area, wanted, named.get(area.scope, ""))

    def _used(self, action: str) -> bool:
        return bool(self.finder.lists.place.scheduler_role) or not action.startswith(_SCHEDULING)

    def _named(self, areas: Sequence[Area], selectors: Sequence[Selector]) -> dict[str, str]:
        """An instance of each area that the acts can be tried on: one that could be struck."""
        chosen = [one for one in selectors if one.kind == "instance"] or [Selector("instance")]
        found = self.finder.lists.each(lambda area: self._first(area, chosen), areas)
        return {target.scope: target.name for target in found}

    def _first(self, area: Area, selectors: Sequence[Selector]) -> list[Target]:
        for selector in selectors:
            if area.scope not in Scopes((selector.scopes,)):
                continue
            try:
                # by itself: an area that cannot be read must not hide the others
                found = self.finder.find(replace(selector, scopes=(area.scope,)))
            except SimianError:
                continue  # the reads above have said why
            if found:
                return found[:1]
        return []


def _reads(area: Area) -> Iterator[Evidence]:
    for action in READS:
        yield _read(area, action, {"MaxResults": 5} if action.startswith("ec2:") else {"MaxRecords": 1})


def _acts(area: Area, actions: Sequence[str], name: str) -> Iterator[Evidence]:
    tried = [action for action in actions if action in {*DRY, *ASKED, *ABSENT}] if name else []
    for action in tried:
        yield _try(area, action, name)
    left = [action for action in actions if action not in tried]
    if left:
        why = "no dry run is known for these" if name else "there is no instance to name"
        yield Evidence(holds=True, detail=f"{area.scope}: not tried ({why}): {', '.join(left)}")


def _try(area: Area, action: str, name: str) -> Evidence:
    if action in DRY:
        return _dry(area, action, name)
    return _absent(area, action) if action in ABSENT else _read(area, action, ASKED[action](name))


def _read(area: Area, action: str, params: dict[str, Any]) -> Evidence:
    service, _, operation = action.partition(":")
    try:
        area.read(service, operation, **params)
    except SimianError as error:
        return Evidence(holds=False, detail=str(error))
    return Evidence(holds=True, detail=f"{area.scope}: {action}")


def _absent(area: Area, action: str) -> Evidence:
    service, _, operation = action.partition(":")
    try:
        area.act(service, operation, **ABSENT[action](area.login.place.fleet))
    except Gone:
        return Evidence(holds=True, detail=f"{area.scope}: {action} (tried on what is not there)")
    except SimianError as error:
        return Evidence(holds=False, detail=str(error))
    return Evidence(holds=False, detail=f"{area.scope}: {action}: what should not be there is deleted: whose was it?")


def _dry(area: Area, action: str, name: str) -> Evidence:
    service, _, operation = action.partition(":")
    try:
        area.act(service, operation, DryRun=True, **DRY[action](name))
    except WouldDo:
        return Evidence(holds=True, detail=f"{area.scope}: {action} (dry run on {name})")
    except SimianError as error:
        return Evidence(holds=False, detail=str(error))
    return Evidence(holds=False, detail=f"{area.scope}: {action}: the endpoint does not know DryRun: look at {name}")
