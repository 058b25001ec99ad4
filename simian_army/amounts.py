"""How much of a group: a number, or a percentage of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"([0-9]{1,6})(%?)")


@dataclass(frozen=True, slots=True)
class Amount:
    """``number`` members, or with ``percent`` that many hundredths of the whole, rounded up."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, value: object) -> Amount:
        """A whole number, or text such as ``50%``.

        Raises:
            ValueError: it is neither.
        """
        text = "" if isinstance(value, bool) else str(value)
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"{value!r} is no amount: write a whole number, for instance 2, or a percentage, 50%")
        made = cls(int(found[1]), bool(found[2]))
        if made.percent and made.number > 100:
            raise ValueError(f"{text} is more than all: write 100% at most")
        return made

    def of(self, whole: int) -> int:
        """How many that is of ``whole``."""
        return -(-whole * self.number // 100) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.percent else ''}"
