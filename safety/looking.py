"""Whether: is all well around, before something is broken and while it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from simian_army.model import Scene, Target, Verdict
from simian_army.sights import Look, Lookout, Question, Sight


@dataclass(frozen=True, slots=True)
class LookBothWays:
    """Allows faults only while every look that concerns the monkey sees that all is well; who does not know says no.

    ``holding`` tells that it is asked for a held fault, again and again, and waits for no answer it can have later.
    """

    name: ClassVar[str] = "look"
    early: ClassVar[bool] = False
    looks: tuple[Look, ...]
    lookout: Lookout
    holding: bool = False

    def __call__(self, scene: Scene) -> Verdict:
        """The denial has what each look saw that is not well; it is final when every target would be told the same."""
        mine = [look for look in self.looks if look.concerns(scene.entry)]
        if not mine:
            return Verdict(self.name, allowed=True, reason=self._idle())
        seen = list(zip(mine, self._see(mine, scene.fault.target), strict=True))
        bad = [(look, sight) for look, sight in seen if not sight.fine]
        words = "; ".join(f"{sight.words} ({look.name})" for look, sight in bad or seen)
        return Verdict(self.name, not bad, words, final=any(look.view.shared for look, _ in bad))

    def while_held(self) -> LookBothWays:
        """The guard for faults that are held."""
        return replace(self, looks=tuple(look for look in self.looks if look.held), holding=True)

    def survey(self) -> list[tuple[Look, Sight]]:
        """What is seen now where it is the same for every target."""
        nobody = Target("", "", "", "", "", "", None, {})
        common = [look for look in self.looks if look.view.shared]
        return list(zip(common, self._see(common, nobody), strict=True))

    def _see(self, looks: Sequence[Look], target: Target) -> list[Sight]:
        """What each sees; all are asked at once, so that together they take no longer than the slowest."""
        said = [look.view.about(target) for look in looks]
        questions = [one for one in said if isinstance(one, Question)]
        answers = iter((self.lookout.lately if self.holding else self.lookout.now)(questions))
        return [next(answers) if isinstance(one, Question) else one for one in said]

    def _idle(self) -> str:
        return "not applicable: no look is for this monkey" if self.looks else "not applicable: safety.look is empty"
