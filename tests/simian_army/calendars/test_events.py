"""What calendars say: repeated and moved events, days and zones; and what is refused rather than guessed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from simian_army.calendars.events import Events
from tests.simian_army.calendars.minutes import MINUTE, NIGHTS, changes, night, quiet_minutes, shown, walk
from tests.simian_army.calendars.papers import FREEZE, ics

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def quiet_days(text: bytes, zone: ZoneInfo = BERLIN, hour: int = 12) -> list[str]:
    """The days of 2026 on which it is quiet at that hour."""
    events = Events.parse(text, NOW)
    noon = [datetime(2026, 1, 1, hour, tzinfo=zone) + timedelta(days=n) for n in range(365)]
    return [f"{at:%m-%d}" for at in noon if events.at(at, zone)]


def edges(text: bytes, zone: ZoneInfo, day: datetime) -> list[str]:
    """When it begins and ends to be quiet in the two days from ``day``, as the clock of ``zone`` shows it."""
    events = Events.parse(text, NOW)
    told = [
        (at, bool(events.at(at, zone))) for at in walk(day.astimezone(UTC), day.astimezone(UTC) + timedelta(days=2))
    ]
    turned = [at for (_, before), (at, now) in zip(told, told[1:], strict=False) if before != now]
    return [f"{at.astimezone(zone):%d %H:%M}" for at in turned]


def test_an_event_is_quiet_in_its_own_zone_from_its_start_until_its_end() -> None:
    assert edges(ics(FREEZE), BERLIN, datetime(2026, 3, 4, tzinfo=BERLIN)) == ["04 09:00", "04 17:00"]
    kolkata = ZoneInfo("Asia/Kolkata")
    assert edges(ics(FREEZE), kolkata, datetime(2026, 3, 4, tzinfo=kolkata)) == ["04 13:30", "04 21:30"]


def test_a_repeated_event_comes_again_except_on_its_excluded_dates() -> None:
    event = (
        "DTSTART;TZID=Europe/Berlin:20261016T090000\nDURATION:PT8H\nRRULE:FREQ=WEEKLY;COUNT=4\n"
        "EXDATE;TZID=Europe/Berlin:20261023T090000"
    )
    assert quiet_days(ics(event)) == ["10-16", "10-30", "11-06"]


def test_one_of_a_series_that_was_moved_is_quiet_where_it_went() -> None:
    series = "UID:a\nDTSTART:20260302T090000Z\nDURATION:PT8H\nRRULE:FREQ=WEEKLY;COUNT=3"
    moved = "UID:a\nRECURRENCE-ID:20260309T090000Z\nDTSTART:20260310T090000Z\nDURATION:PT8H"
    assert quiet_days(ics(series, moved)) == ["03-02", "03-10", "03-16"]


def test_one_of_a_series_that_was_cancelled_is_not_quiet() -> None:
    series = "UID:a\nDTSTART:20260302T090000Z\nDURATION:PT8H\nRRULE:FREQ=WEEKLY;COUNT=3"
    gone = "UID:a\nRECURRENCE-ID:20260309T090000Z\nDTSTART:20260309T090000Z\nDURATION:PT8H\nSTATUS:CANCELLED"
    assert quiet_days(ics(series, gone)) == ["03-02", "03-16"]


def test_free_and_tentative_events_are_quiet_too() -> None:
    free = "DTSTART;VALUE=DATE:20260401\nTRANSP:TRANSPARENT"
    maybe = "DTSTART;VALUE=DATE:20260403\nSTATUS:TENTATIVE"
    assert quiet_days(ics(free, maybe)) == ["04-01", "04-03"]


def test_days_are_those_of_the_asking_zone_and_their_end_is_not_in_them() -> None:
    text = ics("DTSTART;VALUE=DATE:20260401\nDTEND;VALUE=DATE:20260403")
    for name in ("Europe/Berlin", "Australia/Lord_Howe", "America/New_York"):
        zone = ZoneInfo(name)
        assert edges(text, zone, datetime(2026, 3, 31, 12, tzinfo=zone)) == ["01 00:00"]
        assert edges(text, zone, datetime(2026, 4, 2, 0, tzinfo=zone)) == ["03 00:00"]


@pytest.mark.parametrize(("name", "number"), NIGHTS)
def test_an_all_day_event_is_the_local_day_on_the_nights_the_clocks_change(name: str, number: int) -> None:
    zone = ZoneInfo(name)
    start, end = night(zone, number)
    day = changes(zone, 2026)[number].astimezone(zone).date()
    events = Events.parse(ics(f"DTSTART;VALUE=DATE:{day:%Y%m%d}"), start)
    quiet = quiet_minutes(start, end, lambda other: other == day)
    for at in walk(start, end):
        assert bool(events.at(at, zone)) == (shown(at, zone) in quiet), at


def test_a_nightly_event_of_a_zone_stays_at_its_local_hour_when_the_clocks_change() -> None:
    events = Events.parse(ics("DTSTART;TZID=Europe/Berlin:20260320T220000\nDURATION:PT1H\nRRULE:FREQ=DAILY"), NOW)
    start = datetime(2026, 3, 27, tzinfo=UTC)
    quiet = quiet_minutes(start, start + timedelta(days=5), lambda _: True, (time(22), time(23)))
    for at in walk(start, start + timedelta(days=5)):
        assert bool(events.at(at, BERLIN)) == (shown(at, BERLIN) in quiet), at


def test_a_time_without_a_zone_is_one_of_the_asking_zone_or_of_the_calendar() -> None:
    floating = "DTSTART:20260401T090000\nDTEND:20260401T100000"
    tokyo = ZoneInfo("Asia/Tokyo")
    assert edges(ics(floating), tokyo, datetime(2026, 4, 1, tzinfo=tokyo)) == ["01 09:00", "01 10:00"]
    ours = ics(floating, head="X-WR-TIMEZONE:Europe/Berlin")
    assert edges(ours, BERLIN, datetime(2026, 4, 1, tzinfo=BERLIN)) == ["01 09:00", "01 10:00"]
    assert edges(ours, tokyo, datetime(2026, 4, 1, tzinfo=tokyo)) == ["01 16:00", "01 17:00"]


ZONE = """\
BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


@pytest.mark.parametrize("zone", ["W. Europe Standard Time", "Customized Time Zone", "Europe/Berlin"])
def test_zones_as_other_programs_name_them_are_understood(zone: str) -> None:
    event = f"DTSTART;TZID={zone}:20260701T090000\nDURATION:PT1H"
    assert edges(ics(event, head=ZONE), BERLIN, datetime(2026, 7, 1, tzinfo=BERLIN)) == ["01 09:00", "01 10:00"]


def test_what_lasts_for_months_is_found_in_each_of_them_and_over_the_year_s_end() -> None:
    events = Events.parse(ics("DTSTART;VALUE=DATE:20251101\nDTEND;VALUE=DATE:20270301"), NOW)
    for month in range(1, 13):
        assert events.at(datetime(2026, month, 1, tzinfo=BERLIN), BERLIN)
        assert events.at(datetime(2026, month, 28, 23, 59, tzinfo=BERLIN), BERLIN)
    assert events.at(datetime(2027, 2, 28, 23, 59, tzinfo=BERLIN), BERLIN)
    assert not events.at(datetime(2027, 3, 1, tzinfo=BERLIN), BERLIN)
    assert not events.at(datetime(2025, 10, 31, 23, 59, tzinfo=BERLIN), BERLIN)


def test_an_event_of_no_length_covers_nothing() -> None:
    events = Events.parse(ics("DTSTART:20260401T090000Z"), NOW)
    assert not any(events.at(datetime(2026, 4, 1, 9, tzinfo=UTC) + MINUTE * n, BERLIN) for n in (-1, 0, 1))


def test_a_summary_is_told_short_and_on_one_line() -> None:
    long = f"SUMMARY:one\\ntwo {'x' * 200}\nDTSTART:20260401T090000Z\nDURATION:PT1H"
    (event,) = Events.parse(ics(long), NOW).at(datetime(2026, 4, 1, 9, tzinfo=UTC), BERLIN)
    assert event.name.startswith("one two xxx")
    assert len(event.name) < 90


BAD = {
    "a page": (b"<html>not found</html>", "no iCalendar file"),
    "nothing": (b"", "no iCalendar file"),
    "half a file": (ics(FREEZE)[:-40], "no iCalendar file"),
    "bytes": (b"\xff\xfe\x00", "not UTF-8"),
    "a zone nobody knows": (
        ics("DTSTART;TZID=Mars/Base:20260401T090000\nDURATION:PT1H"),
        "DTSTART is in the time zone 'Mars/Base', which is unknown",
    ),
    "an exclusion in a zone nobody knows": (
        ics("DTSTART:20260401T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE;TZID=Mars/Base:20260402T090000"),
        "EXDATE is in the time zone 'Mars/Base'",
    ),
    "no start": (ics("SUMMARY:x"), "no iCalendar file that can be read"),
    "a start that is no time": (ics("DTSTART:2026-04-01\nDURATION:PT1H"), "DTSTART"),
    "a rule that is none": (ics("DTSTART:20260401T090000Z\nDURATION:PT1H\nRRULE:FREQ=WHENEVER"), "can be read"),
    "every second": (ics("DTSTART:20260401T090000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY"), "repeat too often"),
    "every minute": (
        ics(
            "DTSTART:20260401T090000Z\nDURATION:PT1S\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9;BYMINUTE="
            + ",".join(str(n) for n in range(60))
            + ";BYSECOND="
            + ",".join(str(n) for n in range(60))
        ),
        "repeat too often",
    ),
    "too many": (ics(*["DTSTART:20260401T090000Z"] * 5001), "5001 events"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_understood_for_sure_is_refused(name: str) -> None:
    text, reason = BAD[name]
    with pytest.raises(ValueError, match=reason):
        Events.parse(text, NOW)
