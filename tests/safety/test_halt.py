"""Does a halt stop everything and say who ordered it."""

from __future__ import annotations

from safety.halt import Halted
from simian_army.contract import Guard
from simian_army.model import Halt
from tests.safety.scenes import NOW, scene

GUARD: Guard = Halted()


def test_a_halt_is_a_final_no_with_author_time_and_reason() -> None:
    verdict = GUARD(scene(halt=Halt("ada", "the shop is on fire", NOW)))
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == (
        "halted by ada at 2026-03-04 12:00:00+00:00: the shop is on fire; `simian resume` ends it"
    )


def test_without_a_halt_it_goes_on() -> None:
    assert GUARD(scene()).allowed
