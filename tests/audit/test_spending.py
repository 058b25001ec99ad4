"""Is a budget kept when eight processes spend it at once."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from simian_army.model import ENDS, AuditEvent, Phase
from simian_army.standing import Attempt, places_of
from tests.audit import spending
from tests.audit.places import Place, filled, opened
from tests.safety.recount import denying

HOME = Path(__file__).parents[2]
PROCESSES = 8
RACES = 4


def spent(place: Place, week: int) -> list[str]:
    """Let eight processes spend at the same time in that week; every reason they were denied for."""
    command = [sys.executable, "-m", "tests.audit.spending", place.url, str(place.head)]
    asked = [
        subprocess.Popen(
            [*command, f"p{n}", str(week)], cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(PROCESSES)
    ]
    for process in asked:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in asked:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [line for process in asked for line in process.communicate(timeout=120)[0].splitlines()]
    assert [process.returncode for process in asked] == [0] * PROCESSES
    return said


def replayed(events: Sequence[AuditEvent]) -> Iterator[tuple[AuditEvent, list[Attempt]]]:
    """Each fault in the order of the ledger, and what had been tried when it was written."""
    tried: dict[tuple[str, str], Attempt] = {}
    for event in events:
        key = (event.run, event.target)
        if event.phase is Phase.INTENDED:
            yield event, list(tried.values())
            tried[key] = Attempt(
                event.run, event.entry, "pod-evict", event.target, event.data["group"], event.data["scope"], event.at,
                event.phase, open=True, places=places_of(event.data),
            )  # fmt: skip
        elif event.phase in ENDS:
            tried[key] = replace(tried[key], phase=event.phase, open=False)


@pytest.mark.slow
def test_eight_processes_at_once_never_pass_any_word_of_the_budget(place: Place) -> None:
    filled(place, 1)
    fleet = set(spending.FLEET.__dataclass_fields__)
    told = fleet | {"late: per_day", "late: cooldown", "pods: concurrent", "pods: per_zone", "pods: per_group"}
    words: set[str] = set()
    for week in range(RACES):  # which word comes first is a matter of the race
        words |= {word for reason in spent(place, week) for word in re.findall(r"\(([a-z_: ]+)\)", reason)}
        if words >= told:
            break
    with opened(place) as ledger:
        events = list(ledger.query())
        assert ledger.verify() == []
    targets = {target.id: target for target in spending.targets()}
    for event, tried in replayed(events):
        seen = spending.scene(targets[event.target], event.entry, event.at, tried)
        assert denying(spending.FLEET, seen) == set()
        assert event.entry not in spending.OWN or denying(spending.OWN[event.entry], seen, own=True) == set()
    assert sum(event.phase is Phase.INTENDED for event in events) > PROCESSES
    assert words >= told
