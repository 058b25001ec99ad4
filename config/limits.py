"""How much: what ``safety.budget`` in simian.yaml may say."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from config.parts import Duration, Part


class Limits(Part):
    """How much at once, a day and in a group."""

    concurrent: int = Field(default=3, ge=0)
    per_day: int = Field(default=20, ge=0)
    per_group: int = Field(default=1, ge=0)
    max_percent: int = Field(default=34, ge=0, le=100)
    cooldown: Duration = timedelta(hours=1)
