"""An AWS in memory that does only what a test lets it: the states and answers that moto never shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from simian_army.errors import PlatformError, Refused
from simian_army.model import Fault, Json, Mark, Target
from simian_army.targets.amazon import marking
from tests.targets.amazon.world import mark_of

TARGET = Target(
    "aws", "instance", "arn:aws:ec2:r:1:instance/i-1", "i-1", "1/r", "", datetime(2026, 1, 1, tzinfo=UTC), {}
)
GROUP = replace(TARGET, kind="asg", id="arn:asg", name="web", group="1/r/AutoScalingGroup/web")


@dataclass
class FakeAws:
    """``obj`` is the one thing there is; ``calls`` what was asked to change; ``raises`` what a call answers instead.

    ``slow`` holds the states that a start or stop leads through, one a look. With a ``role`` it takes ``schedules``.
    """

    obj: dict[str, Any] | None
    raises: dict[str, Exception] = field(default_factory=dict)
    slow: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    guarded: bool = False
    role: bool = False
    schedules: list[str] = field(default_factory=list)

    def get(self, target: Target) -> dict[str, Any] | None:
        if self.obj and self.slow and self.calls:
            self.obj["State"] = {"Name": self.slow.pop(0)}
        return None if self.obj is None else {**self.obj, "Tags": dict(self.obj["Tags"])}

    def stop(self, target: Target) -> str:
        self._called("stop")
        before = self._state()
        self._become("stopped" if before == "running" else before)
        return before

    def start(self, target: Target) -> None:
        self._called("start")
        self._become("running")

    def terminate(self, target: Target) -> None:
        self._called("terminate")
        self._become("shutting-down")

    def protected(self, target: Target) -> bool:
        return self.guarded

    def suspend(self, target: Target, processes: Sequence[str]) -> None:
        self._called(f"suspend {' '.join(processes)}")
        self._suspended({*self._names(), *processes})

    def resume(self, target: Target, processes: Sequence[str]) -> None:
        self._called(f"resume {' '.join(processes)}")
        self._suspended({*self._names()} - {*processes})

    def mark(self, target: Target, mark: Mark) -> None:
        self._called("mark")
        assert self.obj is not None
        self.obj["Tags"] |= marking.written(mark)

    def unmark(self, target: Target, mark: Mark) -> None:
        self._called("unmark")
        if self.obj is not None:
            left = marking.left_of(self.obj["Tags"], mark)
            self.obj["Tags"] = {key: value for key, value in self.obj["Tags"].items() if key not in left}

    def expires(self) -> bool:
        return self.role

    def expire(self, target: Target, mark: Mark) -> None:
        self._called("expire")
        self.schedules.append(mark.run)

    def unexpire(self, target: Target, mark: Mark) -> bool:
        self._called("unexpire")
        there = mark.run in self.schedules
        self.schedules = [run for run in self.schedules if run != mark.run]
        return there

    def bears(self, obj: Json) -> str:
        return marking.words(obj["Tags"])

    def ours(self, obj: Json, mark: Mark) -> bool:
        return bool(marking.left_of(obj["Tags"], mark))

    def _called(self, what: str) -> None:
        self.calls.append(what)
        error = self.raises.get(what.split(" ", maxsplit=1)[0])
        if error is not None:
            raise error

    def _state(self) -> str:
        assert self.obj is not None
        return str(self.obj["State"]["Name"])

    def _become(self, state: str) -> None:
        assert self.obj is not None
        self.obj["State"] = {"Name": state}

    def _names(self) -> list[str]:
        assert self.obj is not None
        return [one["ProcessName"] for one in self.obj["SuspendedProcesses"]]

    def _suspended(self, names: set[str]) -> None:
        assert self.obj is not None
        self.obj["SuspendedProcesses"] = [{"ProcessName": name} for name in sorted(names)]


def instance(state: str = "running", **more: Any) -> dict[str, Any]:
    """An instance as the port gives it."""
    return {"InstanceId": "i-1", "State": {"Name": state}, "RootDeviceType": "ebs", "Tags": {"app": "a"}, **more}


def group(*suspended: str) -> dict[str, Any]:
    """A group as the port gives it."""
    return {
        "AutoScalingGroupName": "web",
        "SuspendedProcesses": [{"ProcessName": name} for name in suspended],
        "Tags": {"app": "a"},
    }


def marked(obj: dict[str, Any], fault: Fault, **who: str) -> dict[str, Any]:
    """The same with a mark of the fault on it."""
    return {**obj, "Tags": {**obj["Tags"], **marking.written(mark_of(fault, **who))}}


NO = Refused("AWS said no")
TROUBLE = PlatformError("not reached")
