"""Does every budget word count what the documentation says: the guard against a recount, over random scenes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from safety.budget import Budget
from safety.limits import Limits
from simian_army.model import Phase, Scene
from simian_army.rates import Rate, Week, WorkingDays
from simian_army.standing import Attempt, places_of
from tests.safety.recount import denying
from tests.safety.scenes import NOW, WEB, instance, node, pod, proxy, scene

UTC = Week(ZoneInfo("UTC"))
API = "shop/Deployment/api"
PLACES = st.fixed_dictionaries(
    {},
    optional={
        "node": st.sampled_from([["n1"], ["n2"], []]),
        "zone": st.sampled_from([["a"], ["b"], ["a", "b"], []]),
        "region": st.sampled_from([["eu"], ["us"], []]),
    },
)
PODS = [pod("web-1"), pod("api-1", group=API), replace(pod("far-1"), scope="far", group="far/Deployment/web")]
TARGETS = st.builds(
    lambda target, places: replace(target, facts={"places": places}),
    st.sampled_from([*PODS, *PODS, node(), instance(replaced=True), proxy()]),
    PLACES,
)
ATTEMPTS = st.lists(
    st.builds(
        lambda on, group, entry, ago, phase, still, places: Attempt(
            "run", entry, "pod-evict", on, group, group.partition("/")[0], NOW - timedelta(minutes=ago), phase, still,
            places=places_of({"places": places}),
        ),
        st.sampled_from(["uid-web-1", "uid-web-2", "uid-n1", "x"]),
        st.sampled_from([WEB, WEB, API, "far/Deployment/web", ""]),
        st.sampled_from(["pods", "other"]),
        st.one_of(st.sampled_from([0, 59, 60, 61, 1439, 1440, 4 * 1440]), st.integers(-10, 5 * 1440)),
        st.sampled_from([Phase.INTENDED, Phase.REVERTED, Phase.DENIED, Phase.UNKNOWN, Phase.STUCK]),
        st.booleans(),
        PLACES,
    ),
    max_size=8,
)  # fmt: skip
FEW = st.none() | st.integers(0, 5)
PERCENT = st.none() | st.integers(0, 100)
LIMITS = st.builds(
    Limits,
    concurrent=FEW,
    per_hour=FEW,
    per_day=st.none() | st.builds(Rate, st.integers(0, 5), st.integers(1, 4).map(lambda n: timedelta(days=n))),
    per_group=FEW,
    per_namespace=FEW,
    per_node=FEW,
    per_zone=FEW,
    per_region=FEW,
    max_percent=PERCENT,
    max_percent_namespace=PERCENT,
    cooldown=st.none() | st.integers(0, 300).map(lambda n: timedelta(minutes=n)) | st.integers(1, 3).map(WorkingDays),
)
PEERS = st.integers(0, 10).map(lambda size: tuple(pod(f"web-{number}") for number in range(size)))
SCENES = st.builds(
    lambda target, recent, peers, crowd: scene(target, recent=recent, peers=peers, crowd=crowd),
    TARGETS,
    ATTEMPTS,
    PEERS,
    st.none() | st.integers(0, 20),
)
HALF = Limits(max_percent=50)


def named(reason: str) -> set[str]:
    """The words that a denial names."""
    return {part[part.rindex("(") + 1 : -1] for part in reason.split("; ")}


@settings(max_examples=600)
@given(LIMITS, SCENES)
def test_the_fleets_budget_denies_exactly_by_the_words_that_a_recount_finds_full(rules: Limits, seen: Scene) -> None:
    verdict = Budget(rules, UTC)(seen)
    full = denying(rules, seen)
    assert full == (set() if verdict.allowed else named(verdict.reason))
    assert verdict.final is bool(full & {"concurrent", "per_hour", "per_day"})


@settings(max_examples=300)
@given(LIMITS, LIMITS, SCENES)
@example(Limits(), HALF, scene(PODS[0], recent=(), peers=PODS[:1]))
def test_a_monkeys_budget_counts_its_own_faults_besides_those_of_the_fleet(
    fleet: Limits, own: Limits, seen: Scene
) -> None:
    verdict = Budget(fleet, UTC, {"pods": own, "other": Limits(concurrent=0)})(seen)
    full = denying(fleet, seen) | {f"pods: {word}" for word in denying(own, seen, own=True)}
    assert full == (set() if verdict.allowed else named(verdict.reason))


@settings(max_examples=300)
@given(LIMITS, SCENES)
def test_what_lies_farther_back_than_the_guard_asks_for_changes_nothing(rules: Limits, seen: Scene) -> None:
    guard = Budget(rules, UTC)
    back = guard.looks_back_to(seen.now)
    near = replace(seen, recent=[one for one in seen.recent if one.open or one.at >= back])
    assert guard(near).allowed is guard(seen).allowed


def test_every_word_denies_alone_somewhere_and_scenes_pass() -> None:
    """So that none of the above could be true of scenes that never get near a limit."""
    alone: set[str] = set()
    passed = seen_all = 0

    @settings(max_examples=1500, derandomize=True, database=None)
    @given(LIMITS, SCENES)
    def look(rules: Limits, seen: Scene) -> None:
        nonlocal passed, seen_all
        full = denying(rules, seen)
        seen_all += 1
        passed += not full
        alone.update(full if len(full) == 1 else ())

    look()
    assert alone == set(Limits.__dataclass_fields__)
    assert passed > seen_all / 20
