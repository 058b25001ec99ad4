"""The guards of the house as a config sets them, and what they say of a case."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml

from simian_army.asking import answer
from simian_army.contract import FaultKind, Guard
from simian_army.model import Verdict
from simian_army.wiring import read_config
from simian_army.wiring.books import Books
from simian_army.wiring.rules import guards
from tests.oracle.settings import OWN
from tests.oracle.sky import Sky, Still, behind_of, look_of
from tests.oracle.words import KINDS, Case, Event, Kind, World, stopped

CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//oracle//EN\r\n{}END:VCALENDAR\r\n"


@dataclass(frozen=True)
class House:
    """All guards over one config, under one sky."""

    guards: Mapping[str, Guard]
    sky: Sky

    def verdicts(self, case: Case) -> dict[str, Verdict]:
        """What each says."""
        self.sky.weather = case.weather
        return {name: answer(guard, case.scene) for name, guard in self.guards.items()}

    def denied(self, case: Case) -> frozenset[str]:
        """Who says no."""
        return frozenset(name for name, verdict in self.verdicts(case).items() if not verdict.allowed)


def house(world: World, folder: Path) -> House:
    """Have the config read and its guards made, as `simian run` does."""
    for name, events in world.files.items():
        folder.joinpath(name).write_text(CALENDAR.format("".join(_event(n, one) for n, one in enumerate(events))))
    file = folder / "simian.yaml"
    file.write_text(yaml.safe_dump(json.loads(json.dumps(world.said)), sort_keys=False))
    loaded, sky = read_config(file), Sky()
    at = cast(Books, SimpleNamespace(loaded=loaded, clock=Still()))
    with _being(world.own):
        said = loaded.settings.safety
        made = guards(at, _kinds(), look_of(said.look, sky), behind_of(sky, asked=said.protect_webhooks))
    return House({guard.name: guard for guard in made}, sky)


def _kinds() -> dict[str, FaultKind]:
    return {
        name: cast(FaultKind, SimpleNamespace(**_told(kind), **({"stops_by": stopped} if name == "node-taint" else {})))
        for name, kind in KINDS.items()
    }


def _told(kind: Kind) -> dict[str, Any]:
    return {"reversible": kind.undone, "replaces": kind.replaced, "stops": kind.stops, "anew": kind.anew}


def _event(number: int, event: Event) -> str:
    end, form = event.start + event.length, "%Y%m%d" if event.days else "%Y%m%dT%H%M%SZ"
    words: dict[str, Any] = {
        "BEGIN": "VEVENT",
        "UID": number,
        "DTSTAMP": "20250101T000000Z",
        "DTSTART;VALUE=DATE" if event.days else "DTSTART": event.start.strftime(form),
        "DTEND;VALUE=DATE" if event.days else "DTEND": end.strftime(form),
        "SUMMARY": "quiet",
        **({"RRULE": f"FREQ=WEEKLY;COUNT={event.weeks}"} if event.weeks > 1 else {}),
        **({"STATUS": "CANCELLED"} if event.cancelled else {}),
        "END": "VEVENT",
    }
    return "".join(f"{key}:{value}\r\n" for key, value in words.items())


@contextmanager
def _being(own: Mapping[str, str]) -> Iterator[None]:
    """As the pod or instance that the environment names."""
    before = {name: os.environ.pop(name, None) for name in OWN}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
