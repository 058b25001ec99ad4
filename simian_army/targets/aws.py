"""AWS: where instances and Auto Scaling Groups live, and the acts on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simian_army import marks
from simian_army.clock import Clock, SystemClock
from simian_army.contract import FaultKind
from simian_army.dating import is_fresh, read
from simian_army.errors import Gone, PlatformError, Unknown
from simian_army.model import Evidence, Health, Identity, Json, Mark, Selector, Target
from simian_army.targets.amazon import facts, marking
from simian_army.targets.amazon.area import Area
from simian_army.targets.amazon.arns import Arn, arn_of
from simian_army.targets.amazon.checks import Checks
from simian_army.targets.amazon.expiry import Expiry
from simian_army.targets.amazon.finding import PLATFORM, THERE, Finder
from simian_army.targets.amazon.health import health_of
from simian_army.targets.amazon.lists import Lists, Obj
from simian_army.targets.amazon.login import logins
from simian_army.targets.amazon.place import Place
from simian_army.targets.amazon.tagging import Tagger
from simian_army.targets.amazon.tags import Need, filters
from simian_army.targets.telling import warn

_HELD = (Need(marks.HELD, None),)


@dataclass(frozen=True, slots=True)
class Aws:
    """Accounts and regions, as ``contract.Platform`` and ``ports.AwsPort``; may be used by many threads."""

    place: Place
    finder: Finder
    clock: Clock
    name: str = PLATFORM

    @classmethod
    def connect(cls, place: Place, clock: Clock | None = None) -> Aws:
        """Read the configuration that ``place`` names; the first request connects.

        Raises:
            ConfigError: what the place names cannot be used.
        """
        time = clock or SystemClock()
        return cls(place, Finder(Lists(place, logins(place, time))), time)

    def close(self) -> None:
        """End the idle connections."""
        for login in self.finder.lists.logins:
            login.close()

    @property
    def unreadable(self) -> int:
        """How many objects were left out of lists so far because they made no sense."""
        return self.finder.lists.unreadable

    def find(self, selector: Selector) -> list[Target]:
        return self.finder.find(selector)

    def read(self, target: Target) -> Target | None:
        obj = self.get(target)
        if obj is None:
            return None
        area, arn = self._at(target)
        (whole,) = self.finder.targets(area, _kind(arn), [obj])
        return whole

    def health(self, target: Target, *, floors: bool = False) -> Health:
        return health_of(self.finder, target.group, floors=floors and self.place.min_size)

    def identity(self, target: Target) -> Identity:
        area, arn = self._at(target)
        who, dates = area.login.who(fresh=True), area.login.dates
        dated = dates.latest(arn.service, area.region)
        if dated is None or not is_fresh(dated, self.clock):
            self.get(target)
            dated = dates.latest(arn.service, area.region)
        return Identity(self.name, who.account, who.endpoint, self.place.embedded, read(dated, self.clock))

    def identities(self) -> Sequence[Identity]:
        here = [login.who(fresh=True) for login in self.finder.lists.logins]
        return tuple(Identity(self.name, who.account, who.endpoint, self.place.embedded) for who in here)

    def marked(self, scopes: Collection[str] = ()) -> Iterator[tuple[Target, Mark | None]]:
        """Every instance and group that bears our tag; None for a mark that this fleet did not write for it."""
        del scopes  # the credentials of config lead to its own accounts and regions and to no others
        lists = self.finder.lists
        for target in lists.each(self._held, lists.areas()):
            theirs = marking.fleets(target.labels)
            if theirs and self.place.fleet not in theirs:
                continue
            mark = marking.mark_in(target.labels, self.place.fleet)
            if mark is not None and not marks.verify(self.place.key, mark, target, self.place.fleet):
                warn("forged", target=str(target), run=mark.run)
                mark = None
            yield (target if mark else replace(target, facts={"mark": marking.words(target.labels)})), mark

    def check(self, kinds: Sequence[FaultKind], selectors: Sequence[Selector] = ()) -> Iterator[Evidence]:
        return Checks(self.finder).run(kinds, selectors)

    def get(self, target: Target) -> dict[str, Any] | None:
        area, arn = self._at(target)
        try:
            obj = _described(area, arn)
        except ValueError as error:
            raise PlatformError(f"aws: {target}: what AWS describes makes no sense: {error}") from error
        if obj is None or facts.state(obj) == "terminated":
            return None
        # a group made again under the same name is another one
        return obj if arn.service == "ec2" or obj["AutoScalingGroupARN"] == target.id else None

    def stop(self, target: Target) -> str:
        area, arn = self._at(target)
        said = area.act("ec2", "StopInstances", InstanceIds=[arn.name]).get("StoppingInstances")
        before = facts.at(said[0], "PreviousState.Name") if isinstance(said, list) and said else None
        if not isinstance(before, str):
            raise Unknown(f"{target}: ec2:StopInstances was answered without its state before: it may be stopping")
        return before

    def start(self, target: Target) -> None:
        area, arn = self._at(target)
        area.act("ec2", "StartInstances", InstanceIds=[arn.name])

    def terminate(self, target: Target) -> None:
        area, arn = self._at(target)
        if facts.MEMBER not in self._there(target)["Tags"]:
            area.act("ec2", "TerminateInstances", InstanceIds=[arn.name])
            return
        operation = "TerminateInstanceInAutoScalingGroup"
        area.act("autoscaling", operation, InstanceId=arn.name, ShouldDecrementDesiredCapacity=False)

    def protected(self, target: Target) -> bool:
        area, arn = self._at(target)
        said = area.read("ec2", "DescribeInstanceAttribute", InstanceId=arn.name, Attribute="disableApiTermination")
        return facts.at(said, "DisableApiTermination.Value") is not False

    def suspend(self, target: Target, processes: Sequence[str]) -> None:
        self._processes("SuspendProcesses", target, processes)

    def resume(self, target: Target, processes: Sequence[str]) -> None:
        self._processes("ResumeProcesses", target, processes)

    def mark(self, target: Target, mark: Mark) -> None:
        self._tagger(target).put(mark)

    def unmark(self, target: Target, mark: Mark) -> None:
        self._tagger(target).take(mark)

    def expires(self) -> bool:
        return bool(self.place.scheduler_role)

    def expire(self, target: Target, mark: Mark) -> None:
        self._expiry(target).put(mark)

    def unexpire(self, target: Target, mark: Mark) -> bool:
        return self._expiry(target).take(mark)

    def bears(self, obj: Json) -> str:
        return marking.words(obj["Tags"])

    def ours(self, obj: Json, mark: Mark) -> bool:
        return bool(marking.left_of(obj["Tags"], mark))

    def _at(self, target: Target) -> tuple[Area, Arn]:
        arn = arn_of(target.id)
        return self.finder.lists.area(arn.account, arn.region), arn

    def _there(self, target: Target) -> Obj:
        obj = self.get(target)
        if obj is None:
            raise Gone(f"{target}: gone")
        return obj

    def _processes(self, operation: str, target: Target, processes: Sequence[str]) -> None:
        area, arn = self._at(target)
        self._there(target)  # by its name alone a namesake would be hit
        area.act("autoscaling", operation, AutoScalingGroupName=arn.name, ScalingProcesses=list(processes))

    def _tagger(self, target: Target) -> Tagger:
        area, arn = self._at(target)

        def tags() -> dict[str, str] | None:
            obj = self.get(target)
            return None if obj is None else obj["Tags"]

        return Tagger(area, arn, target, tags, self.clock)

    def _expiry(self, target: Target) -> Expiry:
        area, arn = self._at(target)
        return Expiry(area, arn, target.id, self.place.scheduler_role)

    def _held(self, area: Area) -> list[Target]:
        lists, targets = self.finder.lists, self.finder.targets
        states = {"Name": "instance-state-name", "Values": list(THERE)}
        instances = lists.instances(area, [states, *filters(_HELD, wild=True)])
        groups = lists.groups(area, Filters=filters(_HELD, wild=False))
        return [*targets(area, "instance", instances), *targets(area, "asg", groups)]


def _kind(arn: Arn) -> str:
    return "instance" if arn.service == "ec2" else "asg"


def _described(area: Area, arn: Arn) -> Obj | None:
    if arn.service == "autoscaling":
        found = area.each(
            "autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups", AutoScalingGroupNames=[arn.name]
        )
        return facts.group(found[0]) if found else None
    try:
        said = area.read("ec2", "DescribeInstances", InstanceIds=[arn.name])
    except Gone:
        return None
    members = [one for some in said.get("Reservations") or () for one in some.get("Instances") or ()]
    return facts.instance(members[0]) if members else None
