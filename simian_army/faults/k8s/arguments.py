"""What a fault was told by config: its parameters, each of the kind it must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simian_army.errors import Refused
from simian_army.model import Fault


def known(fault: Fault, params: Mapping[str, str]) -> Mapping[str, Any]:
    """The parameters.

    Raises:
        Refused: one is not among ``params``.
    """
    unknown = sorted(set(fault.params) - set(params))
    if unknown:
        names = ", ".join(params) or "none"
        raise Refused(f"{fault.kind} knows no parameter {', '.join(unknown)}; known: {names}")
    return fault.params


def whole(fault: Fault, name: str, least: int, most: int, default: int | None = None) -> int:
    """A parameter as a whole number from ``least`` to ``most``.

    Raises:
        Refused: it is none.
    """
    value = fault.params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(f"{fault.kind}: {name} is {value!r}, give a whole number from {least} to {most}")
    return value


def word(fault: Fault, name: str, default: str = "") -> str:
    """A parameter as text.

    Raises:
        Refused: it is none.
    """
    value = fault.params.get(name, default)
    if not isinstance(value, str):
        raise Refused(f"{fault.kind}: {name} is {value!r}, give text")
    return value
