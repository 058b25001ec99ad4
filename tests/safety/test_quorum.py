"""Can the group do without the target: how many stay, is it whole and at rest, who else has a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.quorum import Quorum
from safety.spared import Spared
from simian_army.amounts import Amount
from simian_army.model import Health, Level, Phase, Verdict
from simian_army.standing import NOBODY, TARGET, Attempt, Floor
from tests.safety.scenes import HOUR, NOW, WEB, attempt, instance, node, pod, proxy, scene

STOPS = {"pod-evict": TARGET, "pod-delete": TARGET, "instance-stop": TARGET, "node-cordon": NOBODY, "lag": NOBODY}
GUARD = Quorum(STOPS)
COUNT_ONLY = Quorum(STOPS, spare_lone=False, whole=False)
NAMES = ["web-1", "web-0", *(f"web-{number}" for number in range(2, 9))]


def standing(up: int = 3, wanted: int = 3, floors: tuple[Floor, ...] = (), moving: str = "") -> Health:
    """So many of the pods web-0, web-1 ... are ready; the target of a scene is web-1."""
    ids = frozenset(f"uid-{name}" for name in NAMES[:up])
    return Health(up >= wanted, up, wanted, f"{up} of {wanted} pods of {WEB} are ready", floors, moving, ids)


def ask(health: Health | None, guard: Quorum = GUARD, **more: Any) -> Verdict:
    return guard(scene(health=health, **more))


def struck(name: str, group: str = WEB, kind: str = "pod-evict", *, still: bool = True) -> Attempt:
    return replace(attempt(f"uid-{name}", group, HOUR, Phase.OBSERVED, still=still), kind=kind)


def test_a_whole_group_at_rest_can_do_without_one() -> None:
    verdict = ask(standing())
    assert verdict == Verdict("quorum", allowed=True, reason=verdict.reason)
    assert verdict.reason == f"3 of 3 pods of {WEB} are ready; 2 stay, 1 must (keep 1)"


@pytest.mark.parametrize(
    ("keep", "up", "allowed"),
    [("1", 2, True), ("1", 1, False), ("2", 3, True), ("2", 2, False), ("0", 1, True), ("3", 3, False)],
)
def test_so_many_must_stay(keep: str, up: int, allowed: bool) -> None:
    verdict = ask(standing(up), replace(COUNT_ONLY, keep=Amount.parse(keep)))
    assert verdict.allowed is allowed
    if not allowed:
        assert f"{up - 1} would stay, {keep} must (keep {keep})" in verdict.reason


@pytest.mark.parametrize(("wanted", "allowed"), [(2, True), (3, False), (4, True), (5, False)])
def test_a_percentage_that_must_stay_is_rounded_up(wanted: int, allowed: bool) -> None:
    # half of 3 is 2, so 1 of 3 may go only while all are ready; here one is missing before
    verdict = ask(standing(wanted // 2 + 1, wanted), replace(COUNT_ONLY, keep=Amount.parse("50%")))
    assert verdict.allowed is allowed


@pytest.mark.parametrize("wanted", [0, 1])
def test_what_has_no_peer_is_spared(wanted: int) -> None:
    guard = replace(GUARD, keep=Amount(0))
    verdict = ask(standing(2, wanted), guard)
    assert not verdict.allowed
    assert "it has no peer (spare_lone)" in verdict.reason
    assert ask(standing(2, wanted), replace(guard, spare_lone=False)).allowed


def test_a_group_that_lacks_one_already_is_spared() -> None:
    verdict = ask(standing(4, 5))
    assert not verdict.allowed
    assert verdict.reason.endswith("before the fault, 1 are missing that we did not strike (whole)")
    assert ask(standing(4, 5), replace(GUARD, whole=False)).allowed


def test_a_group_in_motion_is_spared() -> None:
    verdict = ask(standing(moving="it rolls out: 1 of 3 pods are new"))
    assert not verdict.allowed
    assert verdict.reason == "the group is not at rest: it rolls out: 1 of 3 pods are new (whole)"
    assert ask(standing(moving="it rolls out"), replace(GUARD, whole=False)).allowed


def test_what_we_struck_and_nobody_misses_yet_is_subtracted() -> None:
    guard = replace(GUARD, keep=Amount(2))
    assert ask(standing(4, 4), guard, recent=[struck("web-0")]).allowed
    verdict = ask(standing(3, 3), guard, recent=[struck("web-0")])
    assert not verdict.allowed
    assert "of these 1 are struck by us and not missed yet, 1 would stay, 2 must" in verdict.reason


def test_what_we_struck_and_everybody_misses_already_is_not_subtracted_again() -> None:
    guard = replace(GUARD, keep=Amount(2))
    # web-3 is gone: 3 of 4 are ready, and the one that is missing is ours
    assert ask(standing(3, 4), guard, recent=[struck("web-3")]).allowed
    assert not ask(standing(3, 4), guard).allowed
    assert not ask(standing(3, 5), guard, recent=[struck("web-3")]).allowed


@pytest.mark.parametrize(
    "other", [struck("web-0", "shop/Deployment/cart"), struck("web-0", still=False), struck("web-0", kind="lag")]
)
def test_faults_elsewhere_over_or_that_stop_nobody_do_not_count(other: Attempt) -> None:
    assert ask(standing(2, 2), replace(GUARD, keep=Amount(1)), recent=[other]).allowed
    assert not ask(standing(2, 2), recent=[struck("web-0")]).allowed


@pytest.mark.parametrize("kind", ["", "of-a-plugin-that-is-gone"])
def test_a_fault_nobody_knows_is_taken_to_stop_its_target(kind: str) -> None:
    assert not ask(standing(2, 2), recent=[struck("web-0", kind=kind)]).allowed


def test_the_target_itself_is_not_subtracted_twice() -> None:
    assert ask(standing(2, 2), recent=[struck("web-1")]).allowed


@pytest.mark.parametrize(("room", "allowed"), [(2, True), (1, True), (0, False), (-1, False), (None, False)])
def test_everybody_who_has_a_word_must_have_room_for_one(room: int | None, allowed: bool) -> None:
    said = "PDB shop/web: 0 disruptions allowed, 3 healthy, 3 needed"
    verdict = ask(standing(floors=(Floor("HPA", 5, "HPA shop/web"), Floor("PDB", room, said))))
    assert verdict.allowed is allowed
    assert said in verdict.reason
    assert ("HPA shop/web" in verdict.reason) is allowed


def test_room_is_needed_for_what_we_struck_as_well() -> None:
    floors = (Floor("PDB", 1, "PDB shop/web: 1 disruptions allowed"),)
    assert ask(standing(5, 5, floors), recent=[struck("web-8")]).allowed is True
    verdict = ask(standing(5, 5, floors), recent=[struck("web-0")])
    assert verdict.reason == "PDB shop/web: 1 disruptions allowed; of ours 1 are not missed yet"


def test_a_group_nobody_can_count_is_spared_until_config_counts_nothing() -> None:
    unknown = Health(None, 0, 0, "cannot tell: Rollout has no known number of pods")
    verdict = ask(unknown)
    assert not verdict.allowed
    assert verdict.reason.startswith("cannot tell: Rollout has no known number of pods; to go without counting")
    free = Quorum(STOPS, Amount(0), spare_lone=False, whole=False)
    assert ask(unknown, free).allowed
    for one in (replace(free, keep=Amount(1)), replace(free, spare_lone=True), replace(free, whole=True)):
        assert not ask(unknown, one).allowed


def test_a_platform_that_does_not_answer_is_a_no_whatever_config_counts() -> None:
    doubt = Health(None, 0, 0, "no answer", floors=(Floor("kubernetes", None, "no answer"),))
    verdict = ask(doubt, Quorum(STOPS, Amount(0), spare_lone=False, whole=False))
    assert (verdict.allowed, verdict.reason) == (False, "no answer")


def test_a_group_that_was_not_asked_is_spared() -> None:
    assert ask(None).reason == f"how {WEB} stands was not asked"
    assert not ask(None).allowed


def test_a_fault_that_stops_nobody_is_not_asked() -> None:
    verdict = GUARD(scene(node(), "node-cordon", health=standing(1, 3)))
    assert (verdict.allowed, verdict.reason) == (True, "not applicable: node-cordon stops nobody")


@pytest.mark.parametrize("target", [instance(), proxy()])
def test_what_belongs_to_no_group_is_not_asked(target: Any) -> None:
    verdict = GUARD(scene(target, "instance-stop"))
    assert (verdict.allowed, verdict.reason) == (True, "not applicable: it belongs to no group")


@pytest.mark.parametrize(
    ("stops", "whom"), [({}, "nobody knows whom"), ({"pod-evict": "every pod on the node"}, "every pod on the node")]
)
def test_a_fault_that_stops_others_or_nobody_knows_whom_is_denied(stops: dict[str, str], whom: str) -> None:
    verdict = ask(standing(), Quorum(stops))
    assert not verdict.allowed
    assert verdict.reason.startswith(f"pod-evict stops {whom}: ")


def test_every_rule_that_says_no_is_told() -> None:
    verdict = ask(standing(1, 2, (Floor("PDB", 0, "PDB shop/web: 0"),), "it rolls out"))
    assert [part in verdict.reason for part in ("keep 1", "(whole)", "it rolls out", "PDB shop/web: 0")] == [True] * 4


LEADS = Quorum(STOPS, spared=Spared.of("role=leader,!asleep", ordinal_zero=False))


@pytest.mark.parametrize(
    ("labels", "spared"),
    [
        ({"role": "leader"}, True),
        ({"role": "replica"}, False),
        ({}, False),
        ({"role": "leader", "asleep": "yes"}, False),
    ],
)
def test_leaders_are_spared_by_their_labels(labels: dict[str, str], spared: bool) -> None:
    verdict = LEADS(scene(pod(labels=labels), health=standing()))
    assert verdict.allowed is not spared
    assert ("pod shop/web-1 matches role=leader,!asleep (spare.labels)" in verdict.reason) is spared


def test_a_leader_that_belongs_to_no_group_is_spared_as_well() -> None:
    assert not LEADS(scene(instance({"role": "leader"}), "instance-stop")).allowed


SET = (Level("StatefulSet", "db", {}), Level("Namespace", "shop", {}))
FIRST = Spared.of("", ordinal_zero=True)


@pytest.mark.parametrize(
    ("name", "labels", "spared"),
    [
        ("db-0", {}, True),
        ("db-0", {"apps.kubernetes.io/pod-index": "3"}, True),
        ("db-7", {"apps.kubernetes.io/pod-index": "0"}, True),
        ("db-10", {"apps.kubernetes.io/pod-index": "10"}, False),
        ("other-0", {}, False),
    ],
)
def test_the_first_of_a_stateful_set_is_spared(name: str, labels: dict[str, str], spared: bool) -> None:
    assert bool(FIRST.why(pod(name, labels, SET, "shop/StatefulSet/db"))) is spared
    assert not FIRST.why(pod(name, labels))
    assert not Spared().why(pod(name, labels, SET, "shop/StatefulSet/db"))


member = st.tuples(st.booleans(), st.booleans())
percent_or_number = st.one_of(
    st.integers(0, 8).map(Amount), st.integers(0, 100).map(lambda number: Amount(number, percent=True))
)


@settings(max_examples=400)
@given(st.lists(member, min_size=1, max_size=8), st.integers(0, 3), percent_or_number, st.booleans(), st.booleans())
def test_it_never_allows_what_a_recount_forbids(
    members: list[tuple[bool, bool]],
    gone: int,
    keep: Amount,
    whole: bool,
    lone: bool,
) -> None:
    """Each member is ready or not, struck by us or not; some more that we struck are gone. The target is the first."""
    wanted = len(members) + gone
    up = frozenset(f"uid-m{n}" for n, (ready, _) in enumerate(members) if ready)
    recent = [struck(f"m{n}") for n, (_, ours) in enumerate(members) if ours] + [struck(f"g{n}") for n in range(gone)]
    health = Health(len(up) >= wanted, len(up), wanted, "counted", up=up)
    verdict = Quorum(STOPS, keep, spare_lone=lone, whole=whole)(scene(pod("m0"), health=health, recent=recent))
    left = sum(ready and not ours for ready, ours in members[1:])
    sick = sum(not ready and not ours for ready, ours in members)
    need = next(n for n in range(200) if n * 100 >= wanted * keep.number) if keep.percent else keep.number
    expected = left >= need and not (lone and wanted <= 1) and not (whole and sick)
    assert verdict.allowed is expected, verdict.reason


def test_the_time_of_a_fault_is_no_reason_to_forget_it() -> None:
    old = replace(struck("web-0"), at=NOW - timedelta(days=9))
    assert not ask(standing(2, 2), recent=[old]).allowed
