"""How wide and where: what config says of stages and segments, as the flow and the guards take it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from safety.segment import Segment
from simian_army.exposing import Exposing
from simian_army.stages import Stages

if TYPE_CHECKING:
    from config.schema import Settings
    from simian_army.contract import Ledger


def exposing(settings: Settings, ledger: Ledger) -> Exposing:
    """How wide each monkey strikes."""
    said = {monkey.name: monkey.stages for monkey in settings.monkeys}
    return Exposing(ledger, {name: Stages(own.steps, own.widen_after) for name, own in said.items() if own})


def segments(settings: Settings) -> dict[str, Segment]:
    """Which segment each monkey keeps to, of those that have one."""
    said = {monkey.name: monkey.segment for monkey in settings.monkeys}
    names = [field.name for field in fields(Segment)]
    return {name: Segment(**{word: getattr(own, word) for word in names}) for name, own in said.items() if own}
