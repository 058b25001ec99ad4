"""How a mark is put on a resource and taken off it, though others may write tags at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simian_army import marks
from simian_army.clock import Clock
from simian_army.errors import Forbidden, Gone, Refused, Unknown
from simian_army.model import Mark, Target
from simian_army.targets.amazon import marking
from simian_army.targets.amazon.area import Area
from simian_army.targets.amazon.arns import Arn

LOOKS = 5
"""How often a mark just written is looked for: what AWS describes may be a moment old."""

_PAUSE = 0.4  # seconds between two of these

_TYPE = "auto-scaling-group"


@dataclass(frozen=True, slots=True)
class Tagger:
    """Writes to one resource; ``tags`` tells those that it has now, None when it is gone."""

    area: Area
    arn: Arn
    target: Target
    tags: Callable[[], Mapping[str, str] | None]
    clock: Clock

    def put(self, mark: Mark) -> None:
        """Write the mark and read it back.

        Raises:
            Refused: there is another one, or it does not fit; then nothing of ours is left there.
            Gone, Forbidden, PlatformError, Unknown: as the calls tell.
        """
        new, now = marking.written(mark), self._now()
        if marking.words(now) and not self._stands(now, new, mark):
            raise Refused(f"{self.target}: another fault holds it: {marking.words(now)}")
        marking.must_have_room(now, new)
        self._write(new)
        try:
            seen = self._seen(new, mark)
        except (Refused, Forbidden) as no:
            # a plain no would end the attempt, and the mark would stay for ever
            raise Unknown(f"{self.target}: our mark was written, and may still be there: {no}") from no
        if seen is not None:
            raise Refused(f"{self.target}: our mark did not stand alone there ({seen}); it was taken off again")

    def take(self, mark: Mark) -> None:
        """Remove what is left of the mark; nothing when there is nothing, or the resource is gone.

        Raises:
            Refused, Forbidden, PlatformError, Unknown: as the calls tell.
        """
        left = marking.left_of(self.tags() or {}, mark)
        if not left:
            return
        if self.arn.service == "ec2":
            # with its value a tag goes only if it still has that value
            pairs = [{"Key": key, "Value": value} for key, value in left.items()]
            self.area.act("ec2", "DeleteTags", Resources=[self.arn.name], Tags=pairs)
            return
        self.area.act("autoscaling", "DeleteTags", Tags=[self._on_group(key) for key in left])

    def _seen(self, new: Mapping[str, str], mark: Mark) -> str | None:
        """None once the mark stands there alone; else what was there instead, and ours is taken off."""
        now: Mapping[str, str] = {}
        for _ in range(LOOKS):
            now = self._now()
            if self._stands(now, new, mark):
                return None
            if marking.parts(now, mark.fleet).keys() >= new.keys() - {marks.HELD} or self._foreign(now, mark):
                break
            self.clock.wait(threading.Event(), _PAUSE)
        self.take(mark)
        return marking.words(now) or "no mark"

    def _write(self, new: Mapping[str, str]) -> None:
        if self.arn.service == "ec2":
            pairs = [{"Key": key, "Value": value} for key, value in new.items()]
            self.area.act("ec2", "CreateTags", Resources=[self.arn.name], Tags=pairs)
            return
        # a member born during the hold must not look marked
        tags = [{**self._on_group(key), "Value": value, "PropagateAtLaunch": False} for key, value in new.items()]
        self.area.act("autoscaling", "CreateOrUpdateTags", Tags=tags)

    def _on_group(self, key: str) -> dict[str, Any]:
        return {"ResourceId": self.arn.name, "ResourceType": _TYPE, "Key": key}

    def _now(self) -> Mapping[str, str]:
        tags = self.tags()
        if tags is None:
            raise Gone(f"{self.target}: gone")
        return tags

    def _stands(self, now: Mapping[str, str], new: Mapping[str, str], mark: Mark) -> bool:
        same = {**marking.parts(now, mark.fleet), marks.HELD: now.get(marks.HELD)} == new
        return same and not self._foreign(now, mark)

    def _foreign(self, now: Mapping[str, str], mark: Mark) -> bool:
        return bool(marking.fleets(now) - {mark.fleet})
