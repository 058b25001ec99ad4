"""Which of several faults apply to a target, and in what words none does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from simian_army.contract import FaultKind
from simian_army.extras import Choosy
from simian_army.model import Fault, Target, Verdict
from simian_army.standing import struck

GUARD = "applies"
"""In whose name no fault applies, where no one guard denies them all."""


def strikes(kind: FaultKind, target: Target) -> bool:
    """Whether the fault kind strikes targets of that platform and kind."""
    return kind.platform == target.platform and target.kind in struck(kind)


def unfit(kind: FaultKind, fault: Fault) -> Verdict | None:
    """Why the fault makes no sense on its target, as far as that can be told without asking anybody."""
    if not strikes(kind, fault.target):
        return _no(f"it strikes no {fault.target.kind}")
    why = kind.unfit(fault) if isinstance(kind, Choosy) else ""
    return _no(why) if why else None


def none_of(said: Sequence[tuple[str, Verdict]]) -> Verdict:
    """Why none of these fault kinds applies, each with its denial: one denial, if it is the same for all."""
    if not said:
        return _no("no fault of this monkey strikes such a target")
    if len({(no.guard, no.reason) for _, no in said}) == 1:
        return said[0][1]
    return _together(tuple((kind, no.guard, no.reason) for kind, no in said))


@lru_cache(maxsize=4096)
def _no(why: str) -> Verdict:
    return Verdict(GUARD, allowed=False, reason=why)


@lru_cache(maxsize=4096)
def _together(said: tuple[tuple[str, str, str], ...]) -> Verdict:
    _, first, _ = said[0]
    if all(guard == first for _, guard, _ in said):
        return Verdict(first, allowed=False, reason="; ".join(f"{kind}: {reason}" for kind, _, reason in said))
    return _no("; ".join(f"{kind}: {guard}: {reason}" for kind, guard, reason in said))
