"""Does every fault kind that we offer keep what the conformance suite asks of a stranger's."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from simian_army.standing import struck
from tests.faults.suites import SUITES, WAYS, WITHOUT

HOME = Path(__file__).parents[2]
LONG = {"timeouts": {"asg-suspend", "instance-stop", "secret-fault", "scale-down"}, "crash_points": {"asg-suspend"}}
"""What takes more than about five seconds."""

for _name, _suite in SUITES.items():
    for _test in _suite.asked:
        if _name in LONG.get(_test, ()):
            setattr(_suite, f"test_{_test}", pytest.mark.slow(getattr(_suite, f"test_{_test}")))
    globals()["Test" + _name.title().replace("-", "")] = _suite
del _suite  # or the last one would be collected twice


def test_no_kind_that_we_offer_is_left_out() -> None:
    said = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["entry-points"]["simian_army.faults"]
    assert sorted(SUITES) == sorted(said)
    assert {*WAYS, *WITHOUT} <= {*SUITES}


def test_each_of_them_is_collected_here() -> None:
    assert {id(suite) for suite in SUITES.values()} <= {id(one) for one in globals().values()}


@pytest.mark.parametrize("name", SUITES)
def test_whatever_a_kind_says_that_it_strikes_is_struck(name: str) -> None:
    suite = SUITES[name]
    ways = {{"member": "instance"}.get(way.strikes, way.strikes) or suite.fault.strikes for way in suite.ways}
    assert ways == {*struck(suite.fault)}
