"""How a fault kind is put to the conformance suite: one call makes a test class of it, for pytest and for unittest."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simian_army.model import NOTHING, Json
from simian_army.testing.checks import acting, breaking, meanwhile, saying
from simian_army.testing.life import Life
from simian_army.testing.world import Opens, World


@dataclass(frozen=True, slots=True)
class Check:
    """One promise; ``held`` ones are asked of kinds that are reversible, ``many`` of those that revert many at once."""

    name: str
    run: Callable[[Life], None]
    held: bool = False
    many: bool = False

    def fits(self, make: Any) -> bool:
        """Whether it is asked of that class of kind."""
        if self.many and not hasattr(make, "revert_all"):
            return False
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


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to use a kind: its parameters, and another kind of target than the first."""

    params: Json = field(default_factory=dict)
    strikes: str = ""


class Suite(unittest.TestCase):
    """What every class that ``conformance`` makes has; ``without`` says which checks are left out, and why."""

    fault: ClassVar[Any]
    opens: ClassVar[Opens]
    ways: ClassVar[Sequence[Way]]
    without: ClassVar[Mapping[str, str]]
    asked: ClassVar[tuple[str, ...]]
    _world: ClassVar[World | None] = None

    @classmethod
    def tearDownClass(cls) -> None:
        """Close the world."""
        world, cls._world = cls._world, None
        if world is not None:
            world.close()

    @classmethod
    def live(cls, check: Check) -> None:
        """Run one check; after one that failed the next has a new world."""
        if cls._world is None:
            cls._world = cls.opens()
        first, *others = cls.ways
        more = [Life(cls.fault, cls._world, way.params, way.strikes) for way in others]
        life = Life(cls.fault, cls._world, first.params, first.strikes, others=more)
        try:
            check.run(life)
            for one in (life, *more):
                one.clear()
        except BaseException:
            cls.tearDownClass()
            raise


def conformance(
    make: Any,
    world: Opens,
    *ways: Way,
    without: Mapping[str, str] = NOTHING,
) -> type[Suite]:
    """A test class that asks every promise of a fault kind.

    Give it a name in a test module (``TestMyFault = conformance(MyFault, KubernetesWorld)``), and pytest or unittest
    runs it. Every check is run in the first of ``ways``; the permissions, the effect, and that all is as before in the
    end, in each of them. ``without`` leaves checks out by name and says why; that reason stands in the table of the
    documentation.

    Raises:
        ValueError: ``without`` names no check of this kind, or gives no reason.
    """
    names = [check.name for check in CHECKS if check.fits(make)]
    wrong = [name for name, reason in without.items() if name not in names or not reason]
    if wrong:
        raise ValueError(f"without: {', '.join(wrong)}: give names of this kind's checks ({', '.join(names)}) and why")
    asked = tuple(name for name in names if name not in without)
    said = {
        "__doc__": f"What {make.name} promises.",
        "fault": make,
        "opens": staticmethod(world),
        "ways": ways or (Way(),),
        "without": dict(without),
        "asked": asked,
    }
    tests = {f"test_{check.name}": _test(check) for check in CHECKS if check.name in asked}
    return type(f"Conformance of {make.name}", (Suite,), {**said, **tests})


def _test(check: Check) -> Callable[[Suite], None]:
    def test(self: Suite) -> None:
        self.live(check)

    test.__doc__ = check.run.__doc__
    return test
