"""Whether: does the API server itself ask the target, as a webhook, an API service or to convert resources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from safety.shared import is_harmed
from simian_army.errors import PlatformError
from simian_army.model import Scene, Target, Verdict
from simian_army.sights import Front, FrontPort

NAMED = 10
WITHOUT = "to go without, write safety.protect_webhooks: false"


@dataclass(frozen=True, slots=True)
class Behind:
    """Denies pods that answer for the cluster: without them others can create, change or read nothing.

    Of what is no pod, whatever leads into its namespace counts: nobody can tell which pods it stands for. Without a
    ``port`` nobody is asked.
    """

    name: ClassVar[str] = "behind"
    early: ClassVar[bool] = False
    port: FrontPort | None = None

    def __call__(self, scene: Scene) -> Verdict:
        """The target and everyone the fault reaches; the reason names what they answer for."""
        if self.port is None or scene.fault.target.platform != "kubernetes":
            return Verdict(self.name, allowed=True, reason="not applicable: nobody asks what answers for the cluster")
        try:
            fronts = self.port.fronts()
        except PlatformError as error:  # the same for every target
            return self._unknown(error, final=True)
        asked = [scene.fault.target, *(other for other in scene.reach or () if is_harmed(other))]
        try:
            found = [words for one in asked for words in self._answers(self.port, fronts, one)]
        except PlatformError as error:
            return self._unknown(error, final=False)
        if not found:
            who = f"none of these {len(asked)} is" if len(asked) > 1 else "it is not"
            reason = f"{who} behind one of the {len(fronts)} Services that the API server asks"
            return Verdict(self.name, allowed=True, reason=reason)
        more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
        reason = f"the API server itself needs it: {'; '.join(found[:NAMED])}{more}; {WITHOUT}"
        return Verdict(self.name, allowed=False, reason=reason)

    def _answers(self, port: FrontPort, fronts: Sequence[Front], one: Target) -> Iterator[str]:
        """What the target answers for, in words."""
        for front in fronts:
            if front.scope != one.scope:
                continue
            selector = port.selector(front)
            fits = one.kind != "pod" or selector.items() <= one.labels.items()
            if selector and fits:
                yield f"{one} is behind {front}"

    def _unknown(self, error: PlatformError, *, final: bool) -> Verdict:
        reason = f"what answers for the cluster cannot be told: {error}; {WITHOUT}"
        return Verdict(self.name, allowed=False, reason=reason, final=final)
