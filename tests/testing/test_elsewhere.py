"""Does the suite notice broken fault kinds on AWS and on a toxiproxy as it does on Kubernetes."""

from __future__ import annotations

from typing import Any

import pytest

from simian_army.faults.aws.asg_suspend import AsgSuspend
from simian_army.faults.aws.instance_stop import InstanceStop
from simian_army.faults.net.proxy_latency import ProxyLatency
from simian_army.model import Evidence, Fault, Mark
from simian_army.testing import CloudWorld, LinkWorld, Nonconformity, conformance

FINE = Evidence(holds=True, detail="all is well")


class Unmarked(AsgSuspend):
    """It suspends without a mark."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.port.suspend(fault.target, list((fault.undo or {})["processes"]))


class HarmFirst(InstanceStop):
    """It stops, then marks."""

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.port.stop(fault.target)
        self.port.mark(fault.target, mark)


class Careless(InstanceStop):
    """It takes its mark off, and starts nothing."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        if self.port.get(fault.target):
            self.port.unmark(fault.target, mark)
        return FINE


class Unnamed(InstanceStop):
    """It does not say that it starts instances."""

    permissions = tuple(one for one in InstanceStop.permissions if one != ("ec2:StartInstances",))


class Idle(ProxyLatency):
    """It reverts nothing."""

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        return FINE


@pytest.mark.parametrize(
    ("world", "check", "make", "words"),
    [
        (CloudWorld, "write_ahead", Unmarked, "its mark is nowhere"),
        (CloudWorld, "crash_points", HarmFirst, "no mark tells of it"),
        (CloudWorld, "write_ahead", Careless, "State.Name is 'stopped', not 'running'"),
        (CloudWorld, "permissions", Unnamed, "do not name: ec2:StartInstances"),
        (LinkWorld, "write_ahead", Idle, "the revert says it holds, but"),
    ],
)
def test_a_check_goes_red_there(world: Any, check: str, make: Any, words: str) -> None:
    suite = conformance(make, world)
    try:
        with pytest.raises(Nonconformity) as red:
            getattr(suite(f"test_{check}"), f"test_{check}")()
    finally:
        suite.tearDownClass()
    assert words in str(red.value)
