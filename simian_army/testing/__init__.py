"""What authors of fault kinds test with: a conformance suite, worlds to strike in, and fakes. Needs no pytest."""

from simian_army.testing.conformance import CHECKS, conformance
from simian_army.testing.fakes import FakeClock
from simian_army.testing.life import Life, Nonconformity
from simian_army.testing.world import World

__all__ = ["CHECKS", "FakeClock", "Life", "Nonconformity", "World", "conformance"]
