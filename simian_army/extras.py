"""What a fault kind or a platform may offer besides what every one must."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from simian_army.model import Evidence, Fault, Health, Mark, Target
from simian_army.pace import Pace


class EndsAlone(Protocol):
    """What a fault kind may say besides."""

    @property
    def alone(self) -> str:
        """How it ends when neither agent nor undertaker lives, for people."""
        ...


@runtime_checkable
class ByGroup(Protocol):
    """What a monkey has besides, if its targets say how often it strikes: it is then asked of each group by itself how
    often, how many of its members, and which."""

    def pace(self, members: Sequence[Target]) -> Pace | str | None:
        """How often something in the group of these is struck, or in words why never; None, whoever they are, if the
        monkey is not set up by groups."""
        ...


@runtime_checkable
class Choosy(Protocol):
    """What a fault kind has besides, if it can tell of some targets that it makes no sense there before it reads
    anything: where a monkey draws among several faults, this one is then not drawn."""

    def unfit(self, fault: Fault) -> str:
        """Why, as far as the target's own metadata and facts tell; empty if nothing speaks against it."""
        ...


@runtime_checkable
class Wholesale(Protocol):
    """What a fault kind has besides, if many faults in one scope can be undone with less than one by one."""

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> Sequence[Evidence]:
        """As ``revert``, one evidence for each in order; none of them alone makes it raise. It ends within 30 s: what
        it did not get to is ``under_way``."""
        ...


@runtime_checkable
class Surveys(Protocol):
    """What a platform has besides, if it can tell how many groups stand with fewer requests than one by one."""

    def survey(self, targets: Sequence[Target], *, floors: bool = True) -> Mapping[str, Health]:
        """How the group of each of these stands, by group; with ``floors`` everybody's word on how few it may have.

        Raises:
            PlatformError: it could not be asked.
        """
        ...


class Restrained(Protocol):
    """What a fault kind on Kubernetes may say besides of its ``permissions``, so that nobody is granted more."""

    @property
    def reverting(self) -> Sequence[Sequence[str]]:
        """Those that its revert needs: all that an undertaker is granted. Without it, all of them."""
        ...

    @property
    def everywhere(self) -> Sequence[Sequence[str]]:
        """Those that it needs in every namespace, because its reach goes beyond those that config names. Without it,
        none."""
        ...
