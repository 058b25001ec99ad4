"""Feeds: read anew in time, trusted until stale, never beyond; nothing of a secret URL is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.quiet import shown
from simian_army.calendars import feed as feeds
from simian_army.calendars.copies import Copy
from simian_army.calendars.feed import Feed
from simian_army.calendars.fetching import LIMIT, fetcher
from simian_army.errors import CalendarError
from tests.simian_army.calendars.papers import FREEZE, ics
from tests.simian_army.calendars.publisher import Publisher, publishing
from tests.simian_army.fakes import FakeClock

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
QUIET, OPEN = ics(FREEZE), ics()
TEN, HOUR = timedelta(minutes=10), timedelta(hours=1)


class Clock(FakeClock):
    """Time passes when told, and events are really waited for."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))


@dataclass
class Source:
    """What is fetched; raises ``trouble`` while there is some."""

    text: bytes = QUIET
    trouble: Exception | None = None
    reads: list[bytes] = field(default_factory=list)

    def __call__(self) -> bytes:
        self.reads.append(self.text)
        if self.trouble:
            raise self.trouble
        return self.text


def made(source: Callable[[], bytes], clock: Clock, copy: Path | None = None) -> Feed:
    return Feed("freeze.ics", source, clock, TEN, HOUR, Copy(copy) if copy else None)


@pytest.fixture
def published() -> Iterator[Publisher]:
    with publishing(QUIET) as said:
        yield said


def of(said: Publisher, clock: Clock, url: str = "", timeout: float = 30) -> Feed:
    url = url or said.url
    return Feed(shown(url), fetcher(url, Path(), timeout), clock, TEN, HOUR)


def test_it_is_read_once_however_often_it_is_asked_until_it_is_due() -> None:
    source, clock = Source(), Clock()
    feed = made(source, clock)
    assert all(feed.covers(NOW, BERLIN) for _ in range(50))
    clock.advance(599)
    feed.covers(NOW, BERLIN)
    assert len(source.reads) == 1
    source.text = OPEN
    clock.advance(2)
    assert not feed.covers(NOW, BERLIN)
    assert len(source.reads) == 2


def test_an_event_is_named_by_its_summary() -> None:
    feed = made(Source(), Clock())
    assert feed.called(NOW, BERLIN) == "ical freeze.ics (Change freeze)"
    assert feed.called(NOW + timedelta(days=1), BERLIN) == "ical freeze.ics"
    assert feed.ends(NOW, BERLIN) == datetime(2026, 3, 4, 17, tzinfo=BERLIN)


def test_the_end_of_one_event_may_lie_in_another_and_months_away_and_nowhere() -> None:
    spring = "DTSTART;VALUE=DATE:20260301\nDTEND;VALUE=DATE:20260615"
    after = "DTSTART:20260614T220000Z\nDTEND:20260701T100030Z"
    feed = made(Source(ics(FREEZE, spring, after)), Clock())
    assert feed.ends(NOW, BERLIN) == datetime(2026, 7, 1, 10, 1, tzinfo=UTC)
    assert made(Source(ics("DTSTART;VALUE=DATE:20260301\nRRULE:FREQ=DAILY")), Clock()).ends(NOW, BERLIN) is None
    free = NOW - timedelta(days=300)
    assert feed.ends(free, BERLIN) == free


def test_while_it_cannot_be_read_the_last_reading_counts_until_it_is_stale() -> None:
    source, clock = Source(), Clock()
    feed = made(source, clock)
    assert feed.covers(NOW, BERLIN)
    source.trouble = OSError("its server answered 503")
    clock.advance(3599)
    assert feed.covers(NOW, BERLIN)
    clock.advance(2)
    with pytest.raises(CalendarError) as caught:
        feed.covers(NOW, BERLIN)
    assert str(caught.value) == (
        "ical freeze.ics: its server answered 503; last read 60 min ago, trusted for 60 min: "
        "until it can be read nothing begins"
    )
    source.trouble = None
    clock.advance(feeds.AGAIN)
    assert feed.covers(NOW, BERLIN)


def test_one_that_was_never_read_is_a_doubt_that_says_why() -> None:
    feed = made(Source(trouble=OSError("it cannot be read: No such file or directory")), Clock())
    with pytest.raises(CalendarError, match="ical freeze.ics: it cannot be read: No such file"):
        feed.covers(NOW, BERLIN)
    with pytest.raises(CalendarError, match="no iCalendar file"):
        made(Source(b"<html>"), Clock()).ends(NOW, BERLIN)


def test_one_that_breaks_later_is_not_believed_to_be_empty() -> None:
    source, clock = Source(), Clock()
    feed = made(source, clock)
    assert feed.covers(NOW, BERLIN)
    source.text = b"BEGIN:VCALENDAR"
    clock.advance(601)
    assert feed.covers(NOW, BERLIN)
    clock.advance(3600)
    with pytest.raises(CalendarError, match="no iCalendar file"):
        feed.covers(NOW, BERLIN)


def test_one_in_trouble_is_not_asked_again_at_once() -> None:
    source, clock = Source(trouble=OSError("away")), Clock()
    feed = made(source, clock)
    for _ in range(20):
        with pytest.raises(CalendarError):
            feed.covers(NOW, BERLIN)
    assert len(source.reads) == 1
    clock.advance(feeds.AGAIN + 1)
    with pytest.raises(CalendarError):
        feed.covers(NOW, BERLIN)
    assert len(source.reads) == 2


def test_a_wall_clock_set_back_makes_no_reading_younger() -> None:
    source, clock = Source(), Clock()
    feed = made(source, clock)
    assert feed.covers(NOW, BERLIN)
    source.trouble = OSError("away")
    clock.advance(3601)
    clock.wall -= timedelta(hours=2)
    with pytest.raises(CalendarError):
        feed.covers(NOW, BERLIN)


def test_a_reading_outlives_the_process_until_it_is_stale(tmp_path: Path) -> None:
    copy, clock = tmp_path / "simian.db.calendars" / "x.ics", Clock()
    assert made(Source(), clock, copy).covers(NOW, BERLIN)
    settled(copy)
    away = Source(trouble=OSError("away"))
    clock.advance(1800)
    assert made(away, clock, copy).covers(NOW, BERLIN)
    assert copy.stat().st_mode & 0o077 == 0
    clock.advance(1801)
    with pytest.raises(CalendarError, match="away"):
        made(away, clock, copy).covers(NOW, BERLIN)


def test_a_copy_from_the_future_or_that_is_no_calendar_is_not_believed(tmp_path: Path) -> None:
    copy, away = tmp_path / "x.ics", Source(trouble=OSError("away"))
    for text in (b"2026-03-04T13:00:00+00:00\n" + QUIET, b"2026-03-04T11:59:00+00:00\nnothing", b"yesterday\n", b""):
        copy.write_bytes(text)
        with pytest.raises(CalendarError, match="away"):
            made(away, Clock(), copy).covers(NOW, BERLIN)
    copy.write_bytes(b"2026-03-04T11:59:00+00:00\n" + QUIET)
    assert made(away, Clock(), copy).covers(NOW, BERLIN)


def test_what_differs_only_in_when_it_was_asked_for_is_not_read_through_again() -> None:
    source, clock = Source(ics(FREEZE + "\nDTSTAMP:20260304T000000Z")), Clock()
    feed = made(source, clock)
    feed.covers(NOW, BERLIN)
    before = feed._reading
    source.text = source.text.replace(b"DTSTAMP:20260304T0", b"DTSTAMP:20260304T1")
    clock.advance(601)
    feed.covers(NOW, BERLIN)
    assert before and feed._reading and before is not feed._reading
    assert feed._reading.events is before.events


def settled(copy: Path) -> None:
    """The copy is written after the guard has its answer."""
    for _ in range(3000):
        if copy.exists():
            return
        threading.Event().wait(0.01)
    raise AssertionError("no copy was written")


def test_a_published_calendar_is_fetched_with_the_password_of_its_url(published: Publisher) -> None:
    url = published.url.replace("http://", "http://ann:se%3Acret@")
    assert of(published, Clock(), url).covers(NOW, BERLIN)
    assert published.asked == [("/private-0123456789/freeze.ics", "Basic YW5uOnNlOmNyZXQ=")]


@pytest.mark.parametrize(
    ("code", "body", "headers", "reason"),
    [
        (404, b"", {}, "its server answered 404"),
        (500, b"", {}, "its server answered 500"),
        (200, b"x" * (LIMIT + 1), {}, "larger than 1024 KiB"),
        (302, b"", {"Location": "file:///etc/passwd"}, "its server answered 302"),
        (302, b"", {"Location": "ftp://127.0.0.1/private-0123456789"}, "leads on from http to ftp"),
        (200, QUIET, {"Transfer-Encoding": "chunked"}, "its server"),
    ],
)
def test_what_a_server_may_answer_is_told_without_the_secret_of_its_url(
    published: Publisher, code: int, body: bytes, headers: dict[str, str], reason: str
) -> None:
    published.code, published.body, published.headers = code, body, headers
    url = published.url.replace("http://", "http://ann:geheim@")
    with pytest.raises(CalendarError, match=reason) as caught:
        of(published, Clock(), url).covers(NOW, BERLIN)
    assert f"http://127.0.0.1:{published.port}/...: " in str(caught.value)
    assert "private-0123456789" not in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_server_that_is_not_there_is_told(published: Publisher) -> None:
    with pytest.raises(CalendarError, match="could not be asked: .*refused"):
        of(published, Clock(), "http://127.0.0.1:9/x.ics").covers(NOW, BERLIN)


def test_one_that_leads_on_is_followed_without_the_password(published: Publisher) -> None:
    with publishing(QUIET) as elsewhere:
        published.code, published.headers = 302, {"Location": elsewhere.url}
        assert of(published, Clock(), published.url.replace("http://", "http://a:b@")).covers(NOW, BERLIN)
        assert elsewhere.asked == [("/private-0123456789/freeze.ics", None)]


def test_a_guard_waits_for_a_slow_server_no_longer_than_its_patience_and_others_not_again(
    published: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "PATIENCE", 0.3)
    published.go.clear()
    clock = Clock()
    feed = of(published, clock, timeout=60)
    with pytest.raises(CalendarError, match="no answer within 0.3 s; while it cannot be read nothing begins"):
        feed.covers(NOW, BERLIN)
    clock.advance(1)
    with pytest.raises(CalendarError):
        feed.covers(NOW, BERLIN)  # no more waiting: its patience is over
    assert len(published.asked) == 1
    published.go.set()
    trial = feed._trial
    assert trial and trial.done.wait(30)
    assert feed.covers(NOW, BERLIN)
    assert len(published.asked) == 1


def test_a_file_is_read_from_the_config_s_folder_or_where_it_is_said(tmp_path: Path) -> None:
    file = tmp_path / "change freeze.ics"
    file.write_bytes(QUIET)
    for ical in ("change freeze.ics", str(file), f"file://{tmp_path}/change%20freeze.ics"):
        assert fetcher(ical, tmp_path, 1)() == QUIET
    file.write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(ValueError, match="larger"):
        fetcher("change freeze.ics", tmp_path, 1)()
    with pytest.raises(OSError, match="cannot be read: Is a directory"):
        fetcher(".", tmp_path, 1)()


def test_many_who_ask_at_once_read_it_once() -> None:
    source, told = Source(), list[bool]()
    feed = made(source, Clock())
    threads = [threading.Thread(target=lambda: told.append(feed.covers(NOW, BERLIN))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [True] * 16
    assert len(source.reads) == 1
