"""Who is drawn, in which order, and when a run has had enough: the same for a run and for its forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simian_army.model import Fault, Target
from simian_army.outcome import Draw

MISSES = 100  # refused draws after which a run gives up: one fire never reads a whole cluster object by object


def drawn_of(lots: Iterable[tuple[int, Iterable[Fault]]], want: int, strike: Callable[[Fault], Draw]) -> list[Draw]:
    """Draw from each lot in turn, at most so many of each and ``want`` of all; every draw, in order."""
    draws: list[Draw] = []
    for most, faults in lots:
        taken = sum(draw.taken for draw in draws)
        left, misses = want - taken, MISSES - (len(draws) - taken)
        if draws and (left <= 0 or misses <= 0 or draws[-1].final):
            break  # not before the first lot was gone through: who only looks wants nothing, and has findings
        draws += drawn(faults, min(most, left), strike, misses)
    return draws


def drawn(faults: Iterable[Fault], want: int, strike: Callable[[Fault], Draw], misses: int = MISSES) -> list[Draw]:
    """Strike the proposed faults in turn until ``want`` are taken, one of each slot at most; every draw, in order."""
    slots: set[str] = set()
    draws: list[Draw] = []
    for fault in faults:
        slot = fault.slot or fault.target.id
        if want <= 0:
            break
        if slot in slots:
            continue
        draws.append(strike(fault))
        if draws[-1].taken:
            slots.add(slot)
        if draws[-1].final or len(slots) >= want or len(draws) - len(slots) >= misses:
            break  # before the next is asked for: that may cost putting a whole troop in order
    return draws


def in_order(found: Iterable[Target]) -> list[Target]:
    """The candidates as a monkey is shown them: by id, in whatever order they were listed."""
    return sorted(found, key=lambda target: target.id)
