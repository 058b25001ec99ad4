"""How a fault kind is put to the conformance suite: one call makes a test class of it, for pytest and for unittest."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simian_army.model import NOTHING, Json
from simian_army.testing.checks import acting, breaking, meanwhile, saying
from simian_army.testing.life import Life
from simian_army.testing.world import Opens


@dataclass(frozen=True, slots=True)
class Check:
    """One promise; ``held`` ones are asked of kinds that are reversible, ``many`` of those that revert many at once."""

    name: str
    run: Callable[[Life], None]
    held: bool = False
    many: bool = False

    def fits(self, make: Any) -> bool:
        """Whether it is asked of that class of kind."""
        if self.many:
            return hasattr(make, "revert_all")
        return not self.held or bool(make.reversible)


CHECKS = (
    Check("docstring", saying.says_what_it_does),
    Check("json", saying.is_json),
    Check("permissions", saying.names_its_permissions),
    Check("prepare", acting.prepares_without_writing),
    Check("write_ahead", acting.is_undone_by_what_was_written_before, held=True),
    Check("restores", acting.changes_what_it_says, held=True),
    Check("effect", acting.is_seen_only_while_it_stands),
    Check("inject_twice", acting.is_injected_once),
    Check("revert_twice", acting.is_reverted_once),
    Check("revert_without_inject", acting.is_reverted_without_being_injected),
    Check("revert_many", acting.is_reverted_with_others, held=True, many=True),
    Check("changed_meanwhile", meanwhile.keeps_what_others_changed, held=True),
    Check("gone_meanwhile", meanwhile.bears_that_its_target_goes),
    Check("mark_forged", meanwhile.heeds_no_forged_mark, held=True),
    Check("crash_points", breaking.is_given_back_wherever_it_dies),
    Check("timeouts", breaking.bears_that_nobody_answers),
)
"""The suite, in the order of a fault's life."""


def conformance(
    make: Any, world: Opens, *, params: Json = NOTHING, strikes: str = "", without: Mapping[str, str] = NOTHING
) -> type[unittest.TestCase]:
    """A test class that asks every promise of a fault kind, each in a world of its own.

    Give it a name in a test module (``TestMyFault = conformance(MyFault, KubernetesWorld)``), and pytest or unittest
    runs it. ``params`` are the fault's, ``strikes`` another kind of target than the first. ``without`` leaves checks out
    by name and says why; that reason stands in the table of the documentation.

    Raises:
        ValueError: ``without`` names no check, or gives no reason.
    """
    names = {check.name for check in CHECKS}
    wrong = [name for name, reason in without.items() if name not in names or not reason]
    if wrong:
        raise ValueError(f"without: {', '.join(wrong)}: give the names of checks ({', '.join(sorted(names))}) and why")

    def live(check: Check) -> None:
        here = world()
        try:
            check.run(Life(make, here, params, strikes))
        finally:
            here.close()

    asked = [check for check in CHECKS if check.fits(make) and check.name not in without]
    tests = {f"test_{check.name}": _test(check, live) for check in asked}
    said = {"__doc__": f"What {make.name} promises.", "fault": make, "without": dict(without)}
    return type(f"Conformance of {make.name}", (unittest.TestCase,), {**said, **tests})


def _test(check: Check, live: Callable[[Check], None]) -> Callable[[unittest.TestCase], None]:
    def test(self: unittest.TestCase) -> None:
        del self
        live(check)

    test.__doc__ = check.run.__doc__
    return test
