"""Is it remembered since when a group is opted in, also after it opted out, and never written twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.contract import Ledger
from simian_army.due import OPTED_IN, OPTED_OUT, OptIns
from simian_army.model import AuditEvent, Phase
from simian_army.records import Scribe
from tests.audit.places import File, opened
from tests.safety.scenes import WEB, node, pod
from tests.simian_army.fakes import FakeClock

API = "shop/Deployment/api"
TROOP = [pod("web-1"), pod("web-2"), node()]
HOUR = 3600.0


@dataclass(frozen=True)
class Scene:
    """A ledger on disk, and as many processes as are asked for."""

    ledger: Ledger
    clock: FakeClock
    scribe: Scribe

    def process(self) -> OptIns:
        """One that knows what the ledger says, and nothing else."""
        return OptIns(self.ledger)

    def events(self) -> list[AuditEvent]:
        return list(self.ledger.query(phase=Phase.FOUND))

    def told(self) -> list[tuple[str, str, str]]:
        return [(event.data["rule"], event.data["group"], event.entry) for event in self.events()]


@contextmanager
def opened_in(folder: Path) -> Iterator[Scene]:
    clock = FakeClock()
    with opened(File(folder / "simian.db")) as ledger:
        yield Scene(ledger, clock, Scribe(clock, "me"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with opened_in(tmp_path) as made:
        yield made


class Late(OptIns):
    """It looked just before another process wrote."""

    def _read(self) -> dict[str, Any]:
        return {}


def test_it_is_written_once_however_many_look_and_however_often_they_start_anew(scene: Scene) -> None:
    first = scene.process()
    since = scene.clock.now()
    for _ in range(3):
        first.remember(TROOP, scene.scribe, "pods")
        scene.process().remember(TROOP, scene.scribe, "late")
        scene.clock.advance(HOUR)
    assert scene.told() == [(OPTED_IN, WEB, "pods")]
    assert first.opted_in_since(WEB) == scene.process().opted_in_since(WEB) == since


def test_after_an_opt_out_the_next_consent_counts_from_then_on(scene: Scene) -> None:
    opts = scene.process()
    opts.remember(TROOP, scene.scribe, "pods")
    scene.clock.advance(HOUR)
    for _ in range(2):
        opts.forget({WEB}, scene.scribe, "pods")
        assert opts.opted_in_since(WEB) is None
        assert scene.process().opted_in_since(WEB) is None
    scene.clock.advance(HOUR)
    again = scene.clock.now()
    for _ in range(2):
        opts.remember(TROOP, scene.scribe, "pods")
        scene.clock.advance(HOUR)
    assert opts.opted_in_since(WEB) == scene.process().opted_in_since(WEB) == again
    assert scene.told() == [(OPTED_IN, WEB, "pods"), (OPTED_OUT, WEB, "pods"), (OPTED_IN, WEB, "pods")]
    details = [event.data["detail"] for event in scene.events()]
    assert details == [
        f"{WEB} is opted in, and was not seen so before",
        f"{WEB} is opted in no more",
        f"{WEB} is opted in, again",
    ]


def test_what_one_monkey_may_not_strike_another_may(scene: Scene) -> None:
    opts = scene.process()
    opts.remember(TROOP, scene.scribe, "pods")
    opts.forget({WEB, API}, scene.scribe, "late")
    assert scene.told() == [(OPTED_IN, WEB, "pods")]


def test_who_never_opted_in_does_not_opt_out(scene: Scene) -> None:
    scene.process().forget({API}, scene.scribe, "pods")
    assert scene.told() == []


def test_two_who_see_the_same_at_once_write_it_once(scene: Scene) -> None:
    scene.process().remember(TROOP, scene.scribe, "pods")
    Late(scene.ledger).remember([*TROOP, pod("api-1", group=API)], scene.scribe, "pods")
    assert scene.told() == [(OPTED_IN, WEB, "pods")], "the other group is written at the next fire"
    scene.process().remember([pod("api-1", group=API)], scene.scribe, "pods")
    assert scene.told()[1:] == [(OPTED_IN, API, "pods")]


def test_of_two_that_say_the_same_the_first_counts(scene: Scene) -> None:
    for _ in range(2):
        scene.ledger.append(scene.scribe.note(Phase.FOUND, rule=OPTED_IN, group=WEB))
        scene.clock.advance(HOUR)
    first, _ = scene.events()
    assert scene.process().opted_in_since(WEB) == first.at


STEPS = st.lists(st.tuples(st.sampled_from(["in", "out", "start"]), st.sampled_from(["pods", "late"])), max_size=12)


@given(STEPS)
def test_the_last_word_of_who_saw_the_consent_decides_from_whichever_process(steps: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder, opened_in(Path(folder)) as scene:
        opts = scene.process()
        since: datetime | None = None
        seer = ""
        for step, entry in steps:
            scene.clock.advance(HOUR)
            if step == "start":
                opts = scene.process()
            elif step == "in":
                opts.remember(TROOP, scene.scribe, entry)
                since, seer = (since, seer) if since else (scene.clock.now(), entry)
            else:
                opts.forget({WEB}, scene.scribe, entry)
                since = None if entry == seer else since
            assert opts.opted_in_since(WEB) == since
        rules = [rule for rule, _, _ in scene.told()]
        assert rules == [OPTED_IN, OPTED_OUT] * (len(rules) // 2) + [OPTED_IN] * (len(rules) % 2)
