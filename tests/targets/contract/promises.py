"""What every platform promises, whichever it is; test_contract.py says on which grounds it is asked."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simian_army import marks, wiring
from simian_army.contract import FaultKind
from simian_army.errors import PlatformError, Refused
from simian_army.model import Fault, Mark, Selector, Target
from tests.cluster.waiting import BUSY
from tests.simian_army.turned import Turned
from tests.targets.contract.grounds import FLEET, KEY, Case, Ground, wait_until
from tests.targets.kube.stub import Reply, serving, silent

LATER = datetime(2030, 1, 1, tzinfo=UTC)
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TIMEOUT = 0.3
PATIENCE = (
    8.0 + BUSY
)  # seconds: three tries of TIMEOUT, for each of the few requests a read makes, and the waits between
LIES: dict[str, Reply] = {
    "html": Reply(200, b"<html><body>a captive portal</body></html>"),
    "cut": Reply(200, b'{"kind": "PodLi'),
    "empty": Reply(200, b""),
    "other": Reply(200, b"[1, 2]"),
    "broken": Reply(500, b"oh no"),
}


def prepared(ground: Ground, platform: Any, case: Case) -> tuple[FaultKind, Fault]:
    """A fault of the case on some target, its undo read; for ``members`` on one that a controller replaces."""
    kind = case.make(platform)
    found = platform.find(ground.whole(Selector(kind.strikes)))
    fit = [one for one in found if one.replaced is case.members or kind.strikes in ("node", "asg", "proxy")]
    target = platform.read(min(fit, key=lambda one: one.id))
    assert target is not None
    fault = Fault(kind.name, target, case.params, hold=timedelta(minutes=1))
    return kind, Fault(fault.kind, target, fault.params, kind.prepare(fault), fault.hold)


def mark_of(fault: Fault, run: str = "abcdefghij") -> Mark:
    return marks.sign(KEY, FLEET, run, fault, LATER)


def end(kind: FaultKind, fault: Fault, mark: Mark) -> None:
    """Revert until it is proved, as the keeper does."""
    wait_until(lambda: kind.revert(fault, mark).holds)


def calls(kind: FaultKind, platform: Any, fault: Fault) -> dict[str, Callable[[], object]]:
    """Everything that may be asked of a platform about one fault."""
    mark, target = mark_of(fault), fault.target
    return {
        "find": lambda: platform.find(Selector(target.kind)),
        "read": lambda: platform.read(target),
        "identity": lambda: platform.identity(target),
        "identities": platform.identities,
        "marked": lambda: list(platform.marked()),
        "prepare": lambda: kind.prepare(fault),
        "inject": lambda: kind.inject(fault, mark),
        "observe": lambda: kind.observe(fault),
        **({"revert": lambda: kind.revert(fault, mark)} if kind.reversible else {}),
    }


class Promises:
    """The promises; each subclass gives the ground."""

    @pytest.mark.parametrize("page_size", [5, 500])
    def test_a_find_is_complete_however_it_is_paged(self, ground: Ground, page_size: int) -> None:
        made = ground.fill(13)
        with ground.connected(**({"page_size": page_size} if ground.paged else {})) as platform:
            found = platform.find(ground.whole(Selector(ground.kind)))
            assert {target.id for target in found} == made
            assert len(found) == len(made)
            assert all(target.platform == platform.name and target.kind == ground.kind for target in found)
            assert platform.unreadable == 0

    def test_a_name_narrows_to_that_one_and_a_pattern_excludes(self, ground: Ground) -> None:
        ground.fill(4)
        with ground.connected() as platform:
            first, *others = sorted(platform.find(ground.whole(Selector(ground.kind))), key=lambda one: one.name)
            assert platform.find(Selector(ground.kind, (first.scope,), names=(first.name,))) == [first]
            rest = platform.find(Selector(ground.kind, (first.scope,), names=tuple(f"!{one.name}" for one in others)))
            assert first in rest
            assert not {one.id for one in others} & {one.id for one in rest}
            assert platform.find(Selector(ground.kind, ("nowhere",))) == []

    def test_what_it_does_not_know_is_an_error_and_no_empty_list(self, ground: Ground) -> None:
        with ground.connected() as platform:
            with pytest.raises(PlatformError, match="unicorn"):
                platform.find(Selector("unicorn"))
            with pytest.raises(PlatformError):
                platform.find(Selector(ground.kind, fields=(("horn.length", "1"),)))
            with pytest.raises(PlatformError):
                platform.find(Selector(ground.kind, labels="a in ("))

    def test_a_target_read_again_is_the_same_and_one_that_is_gone_is_none(self, ground: Ground) -> None:
        ground.fill(4)
        with ground.connected() as platform:
            found = platform.find(ground.whole(Selector(ground.kind)))[0]
            again = platform.read(found)
            assert again is not None
            assert (again.id, again.name, again.scope, again.group) == (found.id, found.name, found.scope, found.group)
            assert (again.labels, again.levels, again.replaced) == (found.labels, found.levels, found.replaced)
            assert platform.read(stranger(found)) is None
            assert platform.identity(found) in platform.identities()

    def test_each_act_hits_exactly_its_target(self, ground: Ground) -> None:
        ground.fill(5)
        with ground.connected() as platform:
            for case in ground.cases:
                before = ground.state()
                kind, fault = prepared(ground, platform, case)
                assert ground.state() == before, "preparing changes nothing"
                kind.inject(fault, mark_of(fault))
                wait_until(lambda kind=kind, fault=fault: kind.observe(fault).holds)  # type: ignore[misc]
                after = ground.state()
                changed = {key for key in before if after.get(key) != before[key]}
                assert len(changed) == 1, changed
                assert changed <= {fault.target.id, f"group/{fault.target.name}"}
                if kind.reversible:
                    end(kind, fault, mark_of(fault))
                    wait_until(lambda before=before: ground.state() == before)  # type: ignore[misc]

    def test_a_revert_restores_and_a_second_one_and_one_without_a_fault_change_nothing(self, ground: Ground) -> None:
        ground.fill(5)
        with ground.connected() as platform:
            for case in ground.cases:
                kind, fault = prepared(ground, platform, case)
                if not kind.reversible:
                    continue
                before, mark = ground.state(), mark_of(fault)
                assert kind.revert(fault, mark).holds, "there is nothing to undo yet"
                assert ground.state() == before
                kind.inject(fault, mark)
                assert ground.state() != before
                end(kind, fault, mark)
                assert ground.state() == before
                wrote = ground.writes()
                assert kind.revert(fault, mark).holds
                assert ground.writes() == wrote
                assert ground.state() == before

    def test_a_held_target_is_found_by_its_mark_and_refuses_a_second_fault(self, ground: Ground) -> None:
        ground.fill(5)
        with ground.connected() as platform:
            for case in ground.cases:
                kind, fault = prepared(ground, platform, case)
                if not kind.reversible:
                    continue
                mark = mark_of(fault)
                kind.inject(fault, mark)
                found = {(target.id, there.run, there.kind) for target, there in platform.marked() if there}
                assert (fault.target.id, mark.run, kind.name) in found
                held = ground.state()
                with pytest.raises(Refused):
                    kind.prepare(fault)
                with pytest.raises(Refused):
                    kind.inject(fault, mark_of(fault, "klmnopqrst"))
                assert kind.revert(fault, mark_of(fault, "klmnopqrst")).detail
                assert ground.state() == held, "another run neither takes it over nor ends it"
                end(kind, fault, mark)
                assert fault.target.id not in {target.id for target, _ in platform.marked()}

    def test_leashed_writes_nothing_and_unleashed_does(self, ground: Ground, tmp_path: Path) -> None:
        ground.fill(6)
        before, wrote = ground.state(), ground.writes()
        file = tmp_path / "simian.yaml"
        limits = "safety: {budget: {concurrent: 9, per_group: 9, max_percent: 100, cooldown: 0s}}\n"
        head = f"fleet: {FLEET}\nkey: {KEY.decode()}\nleashed: true\n{limits}"
        file.write_text(head + ground.config())
        loaded = wiring.read_config(file)
        with wiring.books(loaded) as books, wiring.house(books) as house:
            books.lease.take()
            for entry in house.entries.values():
                assert house.engine.fire(entry, AT).taken, f"{entry.name} would strike"
            for platform in house.platforms.values():
                list(platform.check([*house.kinds.values()], [s for e in house.entries.values() for s in e.selectors]))
        assert ground.state() == before
        assert ground.writes() == wrote

    @pytest.mark.parametrize("seconds", [6, -6, 4, -4])
    def test_a_clock_more_than_five_seconds_off_strikes_nothing(
        self, ground: Ground, tmp_path: Path, seconds: int
    ) -> None:
        ground.fill(6)
        file, clock = tmp_path / "simian.yaml", Turned(timedelta(seconds=seconds))
        limits = "safety: {budget: {concurrent: 9, per_group: 9, max_percent: 100, cooldown: 0s}}\n"
        file.write_text(f"fleet: {FLEET}\nkey: {KEY.decode()}\n{limits}{ground.config()}")
        with wiring.books(wiring.read_config(file), clock=clock) as books, wiring.house(books) as house:
            for entry in house.entries.values():
                outcome = house.engine.fire(entry, AT)
                said = [v for draw in outcome.draws for v in draw.verdicts if v.guard == "skew"]
                assert {v.allowed for v in said} == {abs(seconds) < 5}, said
                assert bool(outcome.taken) is (abs(seconds) < 5)
                word = "ahead" if seconds > 0 else "behind"
                assert all(f" s {word}; 5 s at most" in v.reason and "127.0.0.1:" in v.reason for v in said)

    def test_everything_ends_in_time_when_nobody_answers(self, ground: Ground) -> None:
        ground.fill(4)
        with ground.connected() as platform:
            faults = [prepared(ground, platform, case)[1] for case in ground.cases]
        for case, fault in zip(ground.cases, faults, strict=True):
            with silent() as server, ground.elsewhere(server.url, timeout=TIMEOUT) as platform:
                for name, call in calls(case.make(platform), platform, fault).items():
                    begun = time.perf_counter()
                    refused_by_silence(name, call)
                    assert time.perf_counter() - begun < PATIENCE, name

    @pytest.mark.parametrize("lie", LIES)
    def test_a_bad_answer_is_an_error_that_says_where(self, ground: Ground, lie: str) -> None:
        ground.fill(4)
        with ground.connected() as platform:
            faults = [prepared(ground, platform, case)[1] for case in ground.cases]
        for case, fault in zip(ground.cases, faults, strict=True):
            with serving(lambda _: LIES[lie]) as server, ground.elsewhere(server.url, timeout=10.0) as platform:
                for name, call in calls(case.make(platform), platform, fault).items():
                    refused_by_silence(name, call)


def refused_by_silence(name: str, call: Callable[[], object]) -> None:
    """The call raises an error of the platform, which says where; never a refusal, which would say nothing was done."""
    with pytest.raises((PlatformError, Refused)) as raised:
        call()
    assert isinstance(raised.value, PlatformError), f"{name}: doubt is no refusal: {raised.value}"
    assert re.search(r"127\.0\.0\.1:\d+", str(raised.value)), f"{name} says where: {raised.value}"


def stranger(target: Target) -> Target:
    """One like it that is not there."""
    from dataclasses import replace

    if target.platform == "kubernetes":
        return replace(target, id="00000000-0000-4000-8000-000000000000")
    return replace(target, id=target.id[:-4] + "0000", name=target.name[:-4] + "0000")
