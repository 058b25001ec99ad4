"""Who is asked before: what ``approval`` of a monkey in simian.yaml may say."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from config.parts import Duration, Part
from simian_army.waiting import LONGEST


class Approval(Part):
    """What this monkey draws waits for somebody's word; after ``expires`` it is too late."""

    expires: Duration = Field(default=timedelta(hours=4), ge=timedelta(minutes=1), le=LONGEST)

    def misplaced(self, on: str) -> list[tuple[str, str, str]]:
        """What is wrong with it for a monkey on that platform."""
        if on == "kubernetes":
            return []
        why = f"nobody can approve on {on}: the word is an annotation in Kubernetes, whose RBAC knows who may write it"
        return [("approval", why, "leave it out, and let `simian once` strike when somebody wants it")]
