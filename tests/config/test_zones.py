"""Is every zone of a place taken, everything else refused with what it is and the zone that was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from pydantic import TypeAdapter, ValidationError

from config.parts import LocatedError
from config.zones import NOWHERE, WRITE, Zone
from tests.config.test_load import GOOD, loaded, mistakes

ZONE: TypeAdapter[str] = TypeAdapter(Zone)
PLACES = sorted(name for name in available_timezones() if name.partition("/")[0] not in NOWHERE)


def refused(name: Any) -> tuple[str, str]:
    """What is wrong with a name, and what to write instead."""
    with pytest.raises(ValidationError) as caught:
        ZONE.validate_python(name)
    (error,) = caught.value.errors()
    located = error["ctx"]["error"]
    assert isinstance(located, LocatedError)
    ((key, message, hint),) = located.found
    assert key == ""
    return message, hint


def test_every_zone_of_a_place_is_taken() -> None:
    assert len(PLACES) > 400
    assert [name for name in PLACES if ZONE.validate_python(name) != name] == []


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_it_is_taken_as_it_is_written(tmp_path: Path, name: str) -> None:
    assert loaded(tmp_path, GOOD.replace("Europe/Berlin", name)).settings.timezone == name


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("localtime", "whatever the machine that reads it is set to"),
        ("posixrules", "a rule for zones that have none"),
        ("Factory", "what a machine is set to before anybody chose"),
        ("posix/Europe/Berlin", "a second copy of the names"),
        ("right/Europe/Berlin", "a clock that counts leap seconds"),
        ("right", "a clock that counts leap seconds"),
    ],
)
def test_what_is_no_zone_of_a_place_is_refused_with_what_it_is(name: str, what: str) -> None:
    message, hint = refused(name)
    assert message == f"{name!r} is no time zone of a place, but {what}"
    assert hint == ("did you mean Europe/Berlin?" if "Berlin" in name else WRITE)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("EUROPE/BERLIN", "Europe/Berlin"),
        ("utc", "UTC"),
        ("New York", "America/New_York"),
        ("new york", "America/New_York"),
        ("America/New York", "America/New_York"),
        (" Europe/Berlin ", "Europe/Berlin"),
        ("Europe/Berlyn", "Europe/Berlin"),
        ("Europ/Berlin", "Europe/Berlin"),
        ("Berlyn", "Europe/Berlin"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Asia/Kolkatta", "Asia/Kolkata"),
    ],
)
def test_a_name_that_is_near_is_asked_for(name: str, meant: str) -> None:
    message, hint = refused(name)
    assert message == f"{name!r} is no IANA time zone"
    known = hint.removeprefix("did you mean ").removesuffix("?")
    assert known in PLACES
    assert known == meant


@pytest.mark.parametrize(
    "name", ["", " ", "/", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "x" * 5000, "a\0b"]
)
def test_what_is_like_none_gets_an_example(name: str) -> None:
    assert refused(name) == (f"{name!r} is no IANA time zone", WRITE)


def test_a_suggestion_is_never_what_is_refused() -> None:
    for name in ["Factry", "locltime", "posixrule", "localtim", "right/localtime", "posix/Factory"]:
        hint = refused(name)[1].removeprefix("did you mean ").removesuffix("?")
        assert hint == WRITE or hint in PLACES, name


def test_it_is_one_line_at_its_place_wherever_a_zone_is_written(tmp_path: Path) -> None:
    text = GOOD.replace("timezone: Europe/Berlin", "timezone: Berlin").replace(
        "[{weekdays: [sat, sun]}", "[{weekdays: [sat, sun], zone: localtime}"
    )
    first, second = mistakes(tmp_path, text)
    assert first == "simian.yaml:3 timezone: 'Berlin' is no IANA time zone, did you mean Europe/Berlin?"
    assert second.startswith(
        "simian.yaml:11 safety.blackouts[0].zone: 'localtime' is no time zone of a place, but what"
    )
    assert second.endswith(f"the machine that reads it is set to, {WRITE}")
