"""A fault kind whose platform is a set of names, and nobody to look after its faults: the keeper alone is measured."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from simian_army.clock import SystemClock
from simian_army.model import Evidence, Fault, Health, Json, Mark, Selector, Target
from simian_army.records import Held

CLOCK = SystemClock()


@dataclass(slots=True)
class Lever:
    """Pulls the lever named by the target's id; each revert takes ``answer`` seconds, as a request would."""

    answer: float = 0.0
    pulled: dict[str, Target] = field(default_factory=dict)
    name: ClassVar[str] = "lever"
    platform: ClassVar[str] = "bench"
    strikes: ClassVar[str] = "lever"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    restores: ClassVar[tuple[str, ...]] = ("pulled",)
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {"pulled": "whether it was pulled before"}
    permissions: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        return {"pulled": fault.target.id in self.pulled}

    def inject(self, fault: Fault, mark: Mark) -> None:
        del mark
        self.pulled[fault.target.id] = fault.target

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(fault.target.id in self.pulled, "looked at")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del mark
        CLOCK.wait(threading.Event(), self.answer)
        self.pulled.pop(fault.target.id, None)
        return Evidence(holds=True, detail="it is back")

    def read(self, target: Target) -> Target | None:
        """As a platform reads one: what a keeper asks every two seconds."""
        return target

    def marked(self, scopes: Collection[str] = ()) -> Iterator[tuple[Target, Mark | None]]:
        """As a platform lists what bears our mark."""
        del scopes
        yield from ((target, None) for target in self.pulled.values())


class Nobody:
    """No undertaker; ``released`` is told of each fault that is over."""

    def __init__(self, released: Callable[[Held], object] = lambda _: None) -> None:
        self._released = released

    def ready(self) -> None:
        return

    def entrust(self, held: Held) -> None:
        del held

    def take_over(self, held: Held) -> None:
        del held

    def release(self, held: Held) -> None:
        self._released(held)

    def lost(self) -> str:
        return ""


def levers(count: int, scope: str = "here") -> list[Target]:
    """So many targets."""
    names = [f"lever-{number}" for number in range(count)]
    return [Target("bench", "lever", name, name, scope, name, CLOCK.now(), {}) for name in names]


def whole(target: Target) -> Health:
    """Every group is, always."""
    return Health(whole=True, ready=1, wanted=1, detail=f"{target} is whole")
