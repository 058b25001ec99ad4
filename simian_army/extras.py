"""What a fault kind may offer besides what every one must."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from simian_army.model import Evidence, Fault, Mark


class EndsAlone(Protocol):
    """What a fault kind may say besides."""

    @property
    def alone(self) -> str:
        """How it ends when neither agent nor undertaker lives, for people."""
        ...


@runtime_checkable
class Wholesale(Protocol):
    """What a fault kind has besides, if many faults in one scope can be undone with less than one by one."""

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> Sequence[Evidence]:
        """As ``revert``, one evidence for each in order; none of them alone makes it raise. It ends within 30 s: what
        it did not get to is ``under_way``."""
        ...
