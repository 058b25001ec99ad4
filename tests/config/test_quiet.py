"""What config may say of quiet: every word loads, and each mistake is located with what to write instead."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from config.load import Loaded, load
from simian_army.errors import ConfigError

TEXT = """\
fleet: shop-eu
timezone: Europe/Berlin
key: 0123456789abcdef0123456789abcdef
platforms: {{kubernetes: {{context: shop-eu, cluster_uid: 5f1c}}}}
safety:
  blackouts:
    - {quiet}
calendars: {calendars}
monkeys:
  - {{name: pods, use: chaos, on: kubernetes, schedule: {{every: 2h}}, with: {{fault: pod-evict}}}}
"""


def loaded(folder: Path, quiet: str, calendars: str = "{freeze: [{weekdays: [fri]}]}") -> Loaded:
    file = folder / "simian.yaml"
    file.write_text(TEXT.format(quiet=quiet, calendars=calendars))
    return load(file)


@pytest.mark.parametrize(
    "quiet",
    [
        "{weekdays: [sat, sun]}",
        '{daily: "17:00-09:00", zone: America/New_York}',
        "{dates: 2026-12-24}",
        "{dates: 2026-12-20..2027-01-06, monkeys: [pods]}",
        "{days: 12-24}",
        '{days: "12-20..01-06"}',
        "{days: [12-24, 12-31, 02-29]}",
        "{holidays: DE}",
        "{holidays: NO}",
        "{holidays: {country: DE, subdivision: BY}}",
        "{holidays: {country: DE, subdivision: BY, categories: [public, catholic]}}",
        "{ical: freeze.ics}",
        "{ical: /etc/simian/freeze.ics, refresh: 1m, stale: 10m}",
        "{ical: https://example.org/private/freeze.ics, refresh: 5m, stale: 2h, weekdays: [mon]}",
        "{ical: file:///etc/simian/freeze.ics}",
        "{calendar: freeze, monkeys: [pods]}",
    ],
)
def test_every_word_loads(tmp_path: Path, quiet: str) -> None:
    assert loaded(tmp_path, quiet).settings.safety.blackouts


def test_a_url_is_read_every_ten_minutes_and_trusted_for_an_hour_a_file_at_once_and_a_minute(tmp_path: Path) -> None:
    url = loaded(tmp_path, "{ical: https://example.org/x.ics}").settings.safety.blackouts[0]
    assert url.ages == (timedelta(minutes=10), timedelta(hours=1))
    file = loaded(tmp_path, "{ical: x.ics}").settings.safety.blackouts[0]
    assert file.ages == (timedelta(seconds=2), timedelta(minutes=1))
    slow = loaded(tmp_path, "{ical: https://example.org/x.ics, refresh: 1d}").settings.safety.blackouts[0]
    assert slow.ages == (timedelta(days=1), timedelta(days=3))


def test_the_secret_of_a_url_stands_in_no_dump_of_the_settings(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "{ical: https://ann:geheim@example.org/private-77/x.ics}").settings
    for dump in (repr(settings), settings.model_dump_json(), str(settings.model_dump(mode="json"))):
        assert "private-77" not in dump
        assert "geheim" not in dump
    assert "https://example.org/..." in settings.model_dump_json()


@pytest.mark.parametrize(
    ("quiet", "expected"),
    [
        ("{}", "blackouts[0]: an empty blackout would cover nothing: give weekdays, daily, dates, days, holidays"),
        ("{monkeys: [pods]}", "an empty blackout would cover nothing"),
        ("{days: []}", "blackouts[0].days: an empty list of days would cover nothing"),
        ("{zone: Europe/Berlin}", "an empty blackout would cover nothing"),
        ("{weekdays: [satt]}", "'satt' is no weekday (mon tue wed thu fri sat sun), did you mean sat?"),
        ("{weekday: [sat]}", "blackouts[0].weekday: unknown key, did you mean weekdays?"),
        ("{days: Dec24}", "blackouts[0].days: 'Dec24' is no day of the year: write MM-DD, 12-24 or 12-20..01-06"),
        ("{days: 2026-12-24}", "with a year it belongs in dates"),
        ("{days: 02-30}", "'02-30' is no day of the year"),
        ("{holidays: de}", "holidays.country: 'de' is no country with known holidays, did you mean DE?"),
        ("{holidays: Germany}", "holidays.country: 'Germany' is no country with known holidays, did you mean DE?"),
        (
            "{holidays: England}",
            "holidays.country: 'England' is no country with known holidays, did you mean {country: GB",
        ),
        (
            "{holidays: BV}",
            "holidays.country: the library knows no holidays of BV any more, nor of the years to come, leave",
        ),
        ("{holidays: {country: DE, subdivision: BZ}}", "DE has no part 'BZ' with holidays of its own, there are: BB"),
        ("{holidays: {country: US, categories: [goverment]}}", "category 'goverment', did you mean government?"),
        ("{holidays: {contry: DE}}", "holidays.contry: unknown key, did you mean country?"),
        ("{ical: webcal://example.org/x.ics}", "blackouts[0].ical: webcal:// is for people's calendar programs: write"),
        ("{ical: ftp://example.org/x.ics}", "ftp:// cannot be read: write a file, or a URL with https, http or file"),
        ("{ical: 'https://example.org/a b.ics'}", "a URL has no spaces"),
        ("{ical: https:///x.ics}", "does not say where the calendar is: write https://HOST/PATH"),
        ("{ical: file://server/x.ics}", "does not say where the calendar is: write file:///PATH"),
        ("{ical: ' '}", "write the file or URL of a calendar"),
        ("{weekdays: [mon], refresh: 5m}", "blackouts[0].refresh: refresh is for ical, which is not given, leave it"),
        ("{ical: x.ics, refresh: 2h, stale: 1h}", "blackouts[0].stale: a reading must not be stale before the next"),
        ("{ical: x.ics, refresh: 0s}", "blackouts[0].refresh"),
        ("{weekdays: [mon], zone: Europe/Berlyn}", "blackouts[0].zone: 'Europe/Berlyn' is no IANA time zone"),
        ("{calendar: freez}", "blackouts[0].calendar: there is no calendar 'freez', did you mean freeze?"),
        ("{weekdays: [mon], monkeys: [pod]}", "blackouts[0].monkeys: there is no monkey 'pod', did you mean pods?"),
    ],
)
def test_a_mistake_is_located_with_what_to_write_instead(tmp_path: Path, quiet: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, quiet)
    assert expected in str(caught.value)
    assert "simian.yaml:7 safety.blackouts[0]" in str(caught.value)


@pytest.mark.parametrize(
    ("calendars", "expected"),
    [
        ("{Freeze: [{weekdays: [fri]}]}", "simian.yaml:8 calendars.Freeze: 'Freeze' is no name for a calendar"),
        ("{freeze: []}", "simian.yaml:8 calendars.freeze: an empty calendar would cover nothing"),
        ("{freeze: [{calendar: other}], other: [{days: 12-24}]}", "calendars.freeze[0].calendar: a calendar's window"),
        ("{freeze: [{weekdays: [fri], monkeys: [pods]}]}", "beside calendar: freeze"),
        ("{freeze: [{weekdays: [fry]}]}", "simian.yaml:8 calendars.freeze[0].weekdays: 'fry' is no weekday"),
    ],
)
def test_a_mistake_in_a_calendar_is_located_too(tmp_path: Path, calendars: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "{weekdays: [sat]}", calendars)
    assert expected in str(caught.value)


def test_neither_big_library_is_loaded_for_a_config_that_does_not_need_it(tmp_path: Path) -> None:
    loaded(tmp_path, "{ical: x.ics, days: 12-24, weekdays: [mon]}")
    asked = (
        "import sys; from pathlib import Path; from config.load import load; from simian_army.clock import SystemClock;"
        "from simian_army.wiring.quieting import blackout;"
        f"blackout(load(Path({str(tmp_path / 'simian.yaml')!r})), SystemClock());"
        "print(sorted({'holidays', 'icalendar', 'recurring_ical_events'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
