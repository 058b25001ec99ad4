"""How open faults are looked at: whether a held one may go on, whether a struck group is whole again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simian_army.clock import Clock
from simian_army.contract import FaultKind
from simian_army.ending import Outcome, Watch
from simian_army.errors import SimianError
from simian_army.model import Health, Phase, Target
from simian_army.records import Held


@dataclass(frozen=True, slots=True)
class Looks:
    """``objection`` says why a held fault has lost its consent, ``health`` whether the target's group is whole."""

    kinds: Mapping[str, FaultKind]
    clock: Clock
    objection: Callable[[Held], str]
    health: Callable[[Target], Health]

    def consent(self, watch: Watch) -> str:
        """Why a held fault must end, as its guards see it now; empty while it may go on, or when nobody could look."""
        try:
            objection = self.objection(watch.held)
        except SimianError as error:
            watch.trouble = str(error)  # the look is taken again; for how long there was none, the watch knows
            return ""
        except Exception as error:  # noqa: BLE001 - the guard border: doubt means no
            return f"its consent could not be asked: {type(error).__name__}: {error}"
        watch.blind, watch.trouble = None, ""
        return objection

    def whole(self, watch: Watch) -> Outcome | None:
        """How what cannot be reverted has ended; None while its group is not whole, or when nobody could look."""
        held = watch.held
        if watch.ending:  # an act nobody can vouch for: it counts as done and is never repeated
            return watch, Phase.UNKNOWN, {"detail": f"{watch.ending}; {self._seen(held)}", "kind": held.fault.kind}
        try:
            health = self.health(held.fault.target)
        except SimianError as error:
            watch.trouble = str(error)
            return None
        if health.whole is False:
            watch.trouble = health.detail
            return None
        seconds = round((self.clock.now() - held.end).total_seconds(), 1)
        return watch, Phase.CLOSED, {"detail": health.detail, "recovered": seconds, "kind": held.fault.kind}

    def _seen(self, held: Held) -> str:
        try:
            seen = self.kinds[held.fault.kind].observe(held.fault)
        except Exception as error:  # noqa: BLE001 - the revert border: whoever cannot look still ends the attempt
            return f"the target could not be looked at: {error}"
        return seen.detail
