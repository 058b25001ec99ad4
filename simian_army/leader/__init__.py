"""One actor: who may inject; every other agent of the fleet stands by."""

from __future__ import annotations

from typing import Any, Protocol

from simian_army.leader.term import Leader, Seat

__all__ = ["Leader", "Lease", "Seat"]


class Lease(Protocol):
    """The right to inject. Reverts never need it."""

    @property
    def trouble(self) -> str:
        """Why the last attempt to take or renew it got no answer; empty when it got one."""
        ...

    def try_take(self) -> bool:
        """Take it, in one attempt that ends within the request timeout; True when it is ours, also from before."""
        ...

    def take(self) -> None:
        """Take it, waiting only while nobody shows life and the time of a holder that is gone runs out.

        Raises:
            NotLeader: another process holds it, or nobody can say; the text says which.
        """
        ...

    def left(self) -> float:
        """Seconds for which it is surely ours; 0 when it is lost, refused or was never taken."""
        ...

    def refuse(self) -> None:
        """Grant no injection any more; it stays ours until it is given back."""
        ...

    def beat(self) -> None:
        """Renew it now; a thread of its own does so every few seconds from the moment it is taken."""
        ...

    def give(self) -> None:
        """Give it back, so that whoever stands by has it at once; harmless when it is not held."""
        ...

    def holder(self) -> dict[str, Any]:
        """Who holds or last held it: actor, pid, beat (ISO time); empty when nobody did.

        Raises:
            SimianError: nobody can say.
        """
        ...

    def held_by_anyone(self) -> bool:
        """Whether some process holds it now. On Kubernetes this watches for a sign of life: up to the whole duration.

        Raises:
            SimianError: nobody can say.
        """
        ...
