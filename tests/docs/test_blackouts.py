"""Does docs/blackouts.md tell the truth: its examples load, and do as their comments say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.load import Loaded, load
from config.quiet import REFRESH, STALE, WORDS
from safety.blackout import CALENDAR
from simian_army.calendars import feed, fetching
from simian_army.clock import SystemClock
from simian_army.wiring.quieting import blackout
from tests.safety.scenes import pod, scene
from tests.simian_army.calendars.papers import FREEZE, ics

TEXT = (Path(__file__).parents[2] / "docs" / "blackouts.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
HOUSE = """\
fleet: shop
key: 0123456789abcdef0123456789abcdef
platforms: {kubernetes: {context: here, cluster_uid: x}}
monkeys:
  - {name: pods, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-evict}}
  - {name: late, use: chaos, on: kubernetes, schedule: {every: 2h}, with: {fault: pod-evict}}
"""


def loaded(folder: Path, *, without: str = "") -> Loaded:
    """The examples in one file; of the windows without those that have ``without`` in them."""
    lines = "".join(EXAMPLES).splitlines()
    kept = [line for line in lines if not without or without not in line]
    (folder / "simian.yaml").write_text(HOUSE + "\n".join(kept))
    (folder / "freeze.ics").write_bytes(ics(FREEZE))
    return load(folder / "simian.yaml")


def test_the_examples_load(tmp_path: Path) -> None:
    settings = loaded(tmp_path).settings
    assert len(settings.safety.blackouts) == EXAMPLES[0].count("- {")
    assert set(settings.calendars) == {"audit", "trading-hours"}


@pytest.mark.parametrize(
    ("moment", "entry", "free"),
    [
        ("2026-03-03T10:00", "pods", True),
        ("2026-03-07T10:00", "pods", False),
        ("2026-03-03T08:59", "pods", False),
        ("2026-03-06T14:30", "pods", False),
        ("2026-03-05T14:30", "pods", True),
        ("2027-12-22T10:00", "pods", False),
        ("2026-10-02T10:00", "pods", True),
        ("2027-08-16T10:00", "pods", True),
        ("2028-08-15T10:00", "pods", False),
        ("2026-03-04T10:00", "pods", False),
        ("2026-03-03T12:30", "pods", False),
        ("2026-03-03T12:30", "late", True),
        ("2026-11-03T10:00", "late", False),
        ("2026-11-03T10:00", "pods", True),
    ],
)
def test_the_windows_are_quiet_as_their_comments_say(tmp_path: Path, moment: str, entry: str, free: bool) -> None:
    guard = blackout(loaded(tmp_path, without="https://"), SystemClock())
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    verdict = guard(scene(now=at, entry=entry))
    assert verdict.allowed is free, verdict.reason


def test_a_tenant_chooses_as_told(tmp_path: Path) -> None:
    assert f"`{CALENDAR}: trading-hours`" in TEXT
    guard = blackout(loaded(tmp_path, without="https://"), SystemClock())
    trading = datetime(2026, 3, 3, 15, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert guard(scene(pod(), now=trading)).allowed
    assert not guard(scene(pod(labels={CALENDAR: "trading-hours"}), now=trading)).allowed


def test_every_word_and_number_stands_there() -> None:
    table = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)
    assert table == [*WORDS, "zone", "monkeys"]
    assert [REFRESH["url"].seconds, STALE["url"].seconds, REFRESH["file"].seconds, STALE["file"].seconds] == [
        600,
        3600,
        2,
        60,
    ]
    assert "(URL 10m, file 2s)" in TEXT
    assert "(URL 1h, file 1m, at least three times `refresh`)" in TEXT
    assert f"at most {feed.PATIENCE:g} s of anybody's time and {fetching.LIMIT >> 20} MiB" in TEXT
