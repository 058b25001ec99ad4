"""How CloudWatch's alarms stand, in every account and region."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simian_army.errors import PlatformError
from simian_army.sights import Alarm
from simian_army.targets.amazon.area import Area
from simian_army.targets.amazon.lists import Lists
from simian_army.targets.scopes import Scopes

NAMES = 100
"""Alarms that may be named in one request."""
TYPES = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms"}
"""What is asked for, each by itself, and where it stands: without being asked, AWS leaves composite alarms out."""
SHOWN = 120


@dataclass(frozen=True, slots=True)
class AlarmReader:
    """``sights.AlarmPort`` over the accounts and regions of ``lists``."""

    lists: Lists

    def alarms(self, patterns: Collection[str], scopes: Sequence[str]) -> list[Alarm]:
        """As the port says."""
        wanted = Scopes((tuple(scopes),))
        areas = [area for area in self.lists.areas() if area.scope in wanted]
        if not areas:
            raise PlatformError(f"aws: {', '.join(scopes)} is no account/region of config: see platforms.aws.regions")
        return self.lists.each(lambda area: list(_of(area, patterns)), areas)


def _of(area: Area, patterns: Collection[str]) -> Iterator[Alarm]:
    names = sorted(pattern for pattern in patterns if not pattern.endswith("*"))
    asked: list[dict[str, Any]] = [{"AlarmNames": names[at : at + NAMES]} for at in range(0, len(names), NAMES)]
    asked += [{"AlarmNamePrefix": pattern[:-1]} for pattern in patterns if pattern.endswith("*") and len(pattern) > 1]
    asked += [{}] if "*" in patterns else []
    for params in asked:
        for kind, key in TYPES.items():
            found = area.each("cloudwatch", "DescribeAlarms", key, AlarmTypes=[kind], **params)
            yield from (_alarm(area, raw) for raw in found)


def _alarm(area: Area, raw: Any) -> Alarm:
    name, state = (raw.get("AlarmName"), raw.get("StateValue")) if isinstance(raw, dict) else (None, None)
    if not (isinstance(name, str) and isinstance(state, str)):
        raise PlatformError(f"{area.scope}: cloudwatch:DescribeAlarms: what it describes makes no sense")
    return Alarm(name, area.scope, state, " ".join(str(raw.get("StateReason") or "no reason given").split())[:SHOWN])
