"""What authors of fault kinds test with: a conformance suite, worlds to strike in, and fakes. Needs no pytest."""

from simian_army.testing.clouds import CloudWorld
from simian_army.testing.clusters import KubernetesWorld
from simian_army.testing.conformance import CHECKS, Check, Suite, Way, conformance
from simian_army.testing.fakes import FakeClock, OnePort
from simian_army.testing.life import Life, Nonconformity
from simian_army.testing.links import LinkWorld
from simian_army.testing.world import World

__all__ = [
    "CHECKS",
    "Check",
    "CloudWorld",
    "FakeClock",
    "KubernetesWorld",
    "Life",
    "LinkWorld",
    "Nonconformity",
    "OnePort",
    "Suite",
    "Way",
    "World",
    "conformance",
]
