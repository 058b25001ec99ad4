"""Guards of third parties as they should not be, each wrong in one way."""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from typing import Any

from simian_army.model import Scene, Verdict

LET_GO = threading.Event()
"""What those that hang wait for; the tests set it when they are done."""

ASKED: list[str] = []
"""Who was asked, in order."""


class Yes:
    """As it should be."""

    name = "yes"
    early = False

    def __call__(self, scene: Scene) -> Any:
        ASKED.append(type(self).__name__)
        return Verdict(self.name, allowed=True, reason="always")


class Raises(Yes):
    def __call__(self, scene: Scene) -> Any:
        raise ZeroDivisionError("one by none")


class Exits(Yes):
    def __call__(self, scene: Scene) -> Any:
        sys.exit(0)


class Interrupts(Yes):
    def __call__(self, scene: Scene) -> Any:
        raise KeyboardInterrupt


class Unprintable(Yes):
    def __call__(self, scene: Scene) -> Any:
        class Bad(Exception):
            def __str__(self) -> str:
                raise RuntimeError("not even this")

        raise Bad


class Hangs(Yes):
    def __call__(self, scene: Scene) -> Any:
        ASKED.append("Hangs")
        LET_GO.wait()
        return super().__call__(scene)


class HangsEarly(Hangs):
    early = True


class SaysTrue(Yes):
    def __call__(self, scene: Scene) -> Any:
        return True


class SaysNothing(Yes):
    def __call__(self, scene: Scene) -> Any:
        return None


class SaysPerhaps(Yes):
    def __call__(self, scene: Scene) -> Any:
        return Verdict(self.name, allowed="perhaps", reason="who knows")  # type: ignore[arg-type]


class NoReason(Yes):
    def __call__(self, scene: Scene) -> Any:
        return Verdict(self.name, allowed=True, reason=None)  # type: ignore[arg-type]


class Generates(Yes):
    def __call__(self, scene: Scene) -> Any:
        yield Verdict(self.name, allowed=True, reason="later")


class NotMade(Yes):
    def __init__(self) -> None:
        raise ValueError("not today")


class ExitsWhenMade(Yes):
    def __init__(self) -> None:
        sys.exit(3)


class HangsWhenMade(Yes):
    def __init__(self) -> None:
        LET_GO.wait()


class NoEarly:
    """Does not say when it wants to be asked."""

    name = "no-early"

    def __call__(self, scene: Scene) -> Any:
        return Verdict(self.name, allowed=True, reason="always")


class NoCall:
    name = "no-call"
    early = False


class LooksBackBadly(Yes):
    def looks_back_to(self, now: datetime) -> Any:
        return "yesterday"


class LooksBackNever(Yes):
    def looks_back_to(self, now: datetime) -> Any:
        LET_GO.wait()
        return now


def no_guard() -> Any:
    """Makes something else."""
    return 7
