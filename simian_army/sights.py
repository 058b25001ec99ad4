"""What there is to see for who looks around before something is broken, and while it is: questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from simian_army.model import Target


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen in one place, in words that name it, the value and the limit.

    ``fine`` is False for trouble and for ``doubt``: that nobody knows.
    """

    fine: bool
    words: str
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one place; those of the same ``key`` have the same answer.

    ``where`` names the place for people, ``timeout`` is the seconds after which no answer is one. ``ask`` may take its
    time and raise whatever it likes.
    """

    key: tuple[str, ...]
    where: str
    timeout: float
    ask: Callable[[], Sight] = field(compare=False)


class View(Protocol):
    """One thing to look at."""

    @property
    def shared(self) -> bool:
        """Whether the answer is the same for every target."""
        ...

    def about(self, target: Target) -> Question | Sight:
        """What to ask for this target, or what can be said without asking."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """A view as config orders it: ``name`` is its key path; ``monkeys`` those it is for, none meaning all; ``held``
    tells that it is looked at while a fault is held, too."""

    name: str
    view: View
    monkeys: frozenset[str] = frozenset()
    held: bool = True

    def concerns(self, entry: str) -> bool:
        """Whether it is for this monkey."""
        return not self.monkeys or entry in self.monkeys


class Lookout(Protocol):
    """Who asks, and keeps answers for others who ask the same."""

    def now(self, questions: Sequence[Question]) -> Sequence[Sight]:
        """The answers, in order, each some seconds old at most; waits for them, as long as the longest timeout."""
        ...

    def lately(self, questions: Sequence[Question]) -> Sequence[Sight]:
        """The same for who asks again and again: what was seen last, while somebody else looks again."""
        ...

    def close(self) -> None:
        """Look no more."""
        ...


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of CloudWatch; ``state`` is ``OK``, ``ALARM`` or ``INSUFFICIENT_DATA``, ``scope`` account/region."""

    name: str
    scope: str
    state: str
    reason: str


class AlarmPort(Protocol):
    """Reads alarms in every account and region of config."""

    def alarms(self, patterns: Collection[str], scopes: Sequence[str]) -> Sequence[Alarm]:
        """Those of these names, or beginning so where a pattern ends in ``*``, in the scopes that match.

        Raises:
            Forbidden, PlatformError: some place could not be asked.
        """
        ...


class NodePort(Protocol):
    """Reads how nodes are."""

    def conditions(self, node: str) -> Mapping[str, str] | None:
        """Condition type to ``True``, ``False`` or ``Unknown``; None when there is no such node.

        Raises:
            Forbidden, PlatformError: nobody could look.
        """
        ...


@dataclass(frozen=True, slots=True)
class Front:
    """A Service that the API server asks: ``what`` leads to it, the Service is ``name`` in the namespace ``scope``."""

    what: str
    scope: str
    name: str

    def __str__(self) -> str:
        """``service shop/policy (validating webhook shop-policy)``."""
        return f"service {self.scope}/{self.name} ({self.what})"


class FrontPort(Protocol):
    """Reads whom the API server asks."""

    def fronts(self) -> Sequence[Front]:
        """Every Service that webhooks, API services and the conversion of custom resources lead to.

        Raises:
            Forbidden, PlatformError: nobody could look.
        """
        ...

    def selector(self, front: Front) -> Mapping[str, str]:
        """The labels that all of its pods have; empty when there is no such Service, or it leads out of the cluster.

        Raises:
            Forbidden, PlatformError: nobody could look, or the Service does not say which pods it leads to.
        """
        ...
