"""What a port does when the process dies, or the platform does not answer, at one of its calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simian_army.errors import PlatformError, SimianError, Unknown
from simian_army.ports import Removal

MOST = 500
"""Calls that one act may take: a fault kind that asks on and on never comes back."""

_DATA = ("builtins", "datetime", "collections", "simian_army.model", "simian_army.ports", "simian_army.ports_kube")
_MANY = ("patch_all", "evict_all")


class Died(BaseException):
    """The process is gone at this moment; nothing of it may go on."""


class Endless(BaseException):
    """An act has made more calls than anybody would wait for."""


class Trouble(StrEnum):
    """What happens at one call."""

    NONE = "none"
    DIES = "the process dies right after it"
    NO_ANSWER = "its answer is lost"
    AWAY = "the platform cannot be reached"
    GONE_SILENT = "the platform answers no more"


@dataclass
class Probe:
    """Counts the calls of ports that it is put before; ``trouble`` befalls the one numbered ``at``, from 0.

    ``writes`` tells how many writes were carried out. ``calls`` names every call made.
    """

    writes: Callable[[], int]
    trouble: Trouble = Trouble.NONE
    at: int = -1
    calls: list[str] = field(default_factory=list)
    dead: bool = False

    def over(self, port: Any) -> Any:
        """The same port, probed."""
        return _Probed(port, self)

    def call(self, name: str, real: Callable[..., Any], args: tuple[Any, ...], more: dict[str, Any]) -> Any:
        """One call, with what befalls it."""
        if self.dead:
            raise Died
        number = len(self.calls)
        self.calls.append(name)
        if number >= MOST:
            raise Endless
        struck = number == self.at or (self.trouble is Trouble.GONE_SILENT and 0 <= self.at <= number)
        if not struck:
            return real(*args, **more)
        if self.trouble in (Trouble.AWAY, Trouble.GONE_SILENT):
            return _failed(name, args, PlatformError(f"{name}: cannot be reached, timed out"))
        return self._after(name, real, args, more)

    def _after(self, name: str, real: Callable[..., Any], args: tuple[Any, ...], more: dict[str, Any]) -> Any:
        before = self.writes()
        answer = real(*args, **more)
        if self.trouble is Trouble.DIES:
            self._die()
        if self.trouble is not Trouble.NO_ANSWER:
            return answer
        wrote = self.writes() > before
        why = f"{name}: sent, and no answer came in time"
        return _failed(name, args, Unknown(f"{why}; it may have happened") if wrote else PlatformError(why))

    def _die(self) -> None:
        self.dead = True
        raise Died


class _Probed:
    """A port, and whatever it hands out to act with, all of whose calls are probed."""

    def __init__(self, real: Any, probe: Probe) -> None:
        self._real, self._probe = real, probe

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        return self._watched(name, found) if callable(found) else found

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            answer = self._probe.call(name, real, args, more)
            if isinstance(answer, BaseException) or type(answer).__module__ in _DATA:
                return answer
            return _Probed(answer, self._probe)

        return call


def _failed(name: str, args: tuple[Any, ...], error: SimianError) -> Any:
    """Raised by most calls; those on many tell it of each."""
    if name in _MANY:
        return [error for _ in args[0]]
    if name == "remove_all":
        return [Removal(trouble=str(error)) for _ in args[0]]
    raise error
