"""Which time zones a config may name: those of a place, or UTC."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator

from config.parts import LocatedError

WRITE = "write for instance Europe/Berlin"
NOWHERE = {
    "localtime": "whatever the machine that reads it is set to",
    "posixrules": "a rule for zones that have none",
    "Factory": "what a machine is set to before anybody chose",
    "posix": "a second copy of the names",
    "right": "a clock that counts leap seconds",
}
"""What the zone database of many a system has beside the zones of IANA, by the first part of the name."""


def _zone(value: str) -> str:
    instead = NOWHERE.get(value.partition("/")[0])
    if instead:
        raise _wrong(f"{value!r} is no time zone of a place, but {instead}", _near(value.partition("/")[2]))
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _wrong(f"{value!r} is no IANA time zone", _near(value)) from error
    return value


Zone = Annotated[str, AfterValidator(_zone)]


def _wrong(message: str, near: str) -> LocatedError:
    return LocatedError([("", message, f"did you mean {near}?" if near else WRITE)])


def _near(value: str) -> str:
    """The zone that is most like it; people write the city alone, spaces, or small letters."""
    wanted = value.strip().replace(" ", "_").casefold()
    there = sorted(name for name in available_timezones() if name.partition("/")[0] not in NOWHERE)
    by_name = {name.casefold(): name for name in there}
    by_city = {name.rpartition("/")[2].casefold(): name for name in reversed(there)}
    exact = by_name.get(wanted) or by_city.get(wanted)
    if exact or not wanted:
        return exact or ""
    near = get_close_matches(wanted, by_name, n=1, cutoff=0.75)
    if near:
        return by_name[near[0]]
    cities = get_close_matches(wanted, by_city, n=1, cutoff=0.75)
    return by_city[cities[0]] if cities else ""
