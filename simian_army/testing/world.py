"""Where a fault kind is tested: what a world must do so that the conformance suite can strike in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, TypeAlias

from simian_army.model import Json, Mark, Target


class World(Protocol):
    """One throw-away platform, made for the checks of one kind, and anew after one that failed. ``fleet`` and ``key``
    are those of the marks.

    All but ``port`` act past the fault kind, as an administrator would: what they do is no write of the kind's.
    """

    @property
    def fleet(self) -> str: ...

    @property
    def key(self) -> bytes: ...

    def port(self) -> Any:
        """What the fault kind is made of; it keeps nothing of an earlier kind."""
        ...

    def target(self, kind: str) -> Target:
        """One that may be struck, read whole; another one each time."""
        ...

    def look(self) -> Json:
        """Everything there that a fault or anybody else may change, by name; that of a target under ``str(target)``.

        Left out are marks, and what the platform changes by itself (versions, times, status, what controllers make).
        """
        ...

    def marks(self) -> Sequence[str]:
        """The run of every mark there is, on whatever object, genuine or not."""
        ...

    def found(self, kinds: Collection[str]) -> Sequence[tuple[Target, Mark | None]]:
        """What an agent finds that looks for marks on these kinds of target; as ``Platform.marked``."""
        ...

    def writes(self) -> int:
        """How many writes through ports were carried out so far."""
        ...

    def asked(self) -> Sequence[tuple[str, ...]]:
        """Every permission that requests through ports took so far, in the words and order of ``permissions``; empty
        where the platform knows none. What the world carries out itself, without a request, it adds."""
        ...

    def always(self) -> Collection[tuple[str, ...]]:
        """The permissions that a fleet has whatever its faults: what finding and reading targets takes."""
        ...

    def change(self, target: Target, before: Json) -> None:
        """Somebody else changes the target: what the fault changed since ``before`` (a ``look``), where that can be
        changed to a third value, and something besides."""
        ...

    def remove(self, target: Target) -> None:
        """Somebody deletes the target, and maybe makes another of its name."""
        ...

    def forge(self, target: Target, mark: Mark) -> None:
        """Somebody without the key writes this mark on the target, instead of one that is there."""
        ...

    def strip(self, target: Target) -> None:
        """Somebody takes every mark off the target."""
        ...

    def clear(self, target: Target) -> None:
        """Nobody needs a target and its kinds any more: all that was made for it goes, if it is there still."""
        ...

    def close(self) -> None:
        """Take the world away."""
        ...


Opens: TypeAlias = Callable[[], World]
"""What makes a world anew for each test: a class, or a ``functools.partial`` of one."""
