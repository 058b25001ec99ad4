"""Does the conformity monkey find just what is wrong, and leave out who opted out."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monkeys.conformity import ConformityMonkey
from simian_army import Finding, Level, Monkey
from tests.monkeys.workloads import (
    RULES,
    Facts,
    broken,
    container,
    detail,
    facts,
    found,
    workload,
)


def test_it_looks_at_what_has_replicas_and_strikes_nobody() -> None:
    monkey: Monkey = ConformityMonkey()
    assert (monkey.name, monkey.needs.faults, monkey.needs.kinds) == ("conformity", (), ("deployment", "statefulset"))
    assert set(facts()) == set(monkey.needs.facts)
    bad = workload({**facts(), "replicas": 1})
    assert monkey.want([bad], Random("0")) == 0
    assert all(isinstance(proposal, Finding) for proposal in monkey.propose([bad], Random("0")))


@pytest.mark.parametrize(("replicas", "said"), [(0, []), (1, ["replicas"]), (2, []), (None, []), (True, []), ("1", [])])
def test_one_pod_is_too_few_and_none_is_on_purpose(replicas: Any, said: list[str]) -> None:
    assert broken(facts(replicas=replicas)) == said


@pytest.mark.parametrize(
    ("replicas", "budgets", "said"),
    [
        (2, [], ["disruption-budget"]),
        (2, ["web"], []),
        (2, None, []),
        (1, [], ["replicas"]),
        (0, [], []),
        (None, [], []),
    ],
)
def test_a_budget_is_asked_only_where_there_are_pods_to_spare_and_somebody_could_tell(
    replicas: Any, budgets: list[str] | None, said: list[str]
) -> None:
    assert broken(facts(replicas=replicas, budgets=budgets)) == said


def test_every_container_is_asked_for_a_probe_and_each_without_one_is_named() -> None:
    bare = {"readinessProbe": None}
    told = facts(containers=[container("app", **bare), container("log"), container("proxy", **bare)])
    (finding,) = found(workload(told))
    assert (finding.rule, finding.severity) == ("readiness-probe", "error")
    assert "app, proxy; write readinessProbe on these containers" in finding.detail


@pytest.mark.parametrize(
    ("resources", "missing"),
    [
        (None, "app (cpu and memory)"),
        ({}, "app (cpu and memory)"),
        ({"requests": {"cpu": "1"}}, "app (memory)"),
        ({"requests": {"memory": "1Gi", "cpu": None}}, "app (cpu)"),
        ({"limits": {"memory": "1Gi"}}, "app (cpu)"),
        ({"limits": {"memory": "1Gi"}, "requests": {"cpu": "1"}}, ""),
        ({"limits": {"memory": "1Gi", "cpu": "1"}}, ""),
        ({"requests": {"memory": "1Gi", "cpu": "1", "example.com/gpu": "1"}}, ""),
    ],
)
def test_a_request_is_what_is_written_as_one_or_as_a_limit(resources: Any, missing: str) -> None:
    said = found(workload(facts(containers=[container(resources=resources)])))
    assert [finding.rule for finding in said] == (["resource-requests"] if missing else [])
    assert all(f"no resource requests: {missing}; write resources.requests." in finding.detail for finding in said)


def test_each_container_is_named_with_what_it_lacks_and_what_is_written_for_the_pod_counts_for_all() -> None:
    two = [container("app", resources=None), container("log", resources={"requests": {"cpu": "1"}})]
    said = detail(facts(containers=two))
    assert "app (cpu and memory), log (memory); write resources.requests.cpu and resources.requests.memory" in said
    shared = facts(containers=two, resources={"requests": {"memory": "1Gi"}})
    assert "app (cpu); write resources.requests.cpu there" in detail(shared)
    assert broken(facts(containers=two, resources={"limits": {"memory": "1Gi", "cpu": "1"}})) == []


def test_every_detail_says_what_to_write() -> None:
    bad = facts(replicas=1, containers=[container(readinessProbe=None, resources=None)])
    everything = [*found(workload(bad)), *found(workload(facts(budgets=[])))]
    assert sorted(finding.rule for finding in everything) == sorted(RULES)
    assert all("; write " in finding.detail or "; create " in finding.detail for finding in everything)
    assert "all 2 at once" in detail(facts(budgets=[]))


# what breaks one rule and no other
BREAKS = st.sampled_from(
    [
        ("replicas", facts(replicas=1)),
        ("disruption-budget", facts(budgets=[], replicas=5)),
        ("readiness-probe", facts(containers=[container("a"), container("b", readinessProbe=None)])),
        ("resource-requests", facts(containers=[container("a"), container("b", resources={})])),
    ]
)
NAMES = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True)
QUANTITIES = st.fixed_dictionaries({"cpu": st.sampled_from(["1", "100m", 2]), "memory": st.sampled_from(["1Gi", 4096])})
SOUND = st.builds(
    lambda replicas, budgets, containers: facts(replicas=replicas, budgets=budgets, containers=containers),
    st.integers(2, 50),
    st.lists(st.sampled_from("xyz"), min_size=1, unique=True),
    st.builds(
        lambda names, part, much: [container(name, resources={part: much}) for name in names],
        NAMES,
        st.sampled_from(["requests", "limits"]),
        QUANTITIES,
    ),
)


@given(SOUND)
def test_a_sound_workload_gets_no_finding(told: Facts) -> None:
    assert broken(told) == []


@given(BREAKS, st.lists(st.sampled_from(RULES), min_size=1))
def test_breaking_one_rule_gives_just_that_finding_if_it_is_asked(case: tuple[str, Facts], rules: list[str]) -> None:
    rule, told = case
    assert broken(told) == [rule]
    assert [finding.rule for finding in found(workload(told), rules=rules)] == [rule] * (rule in rules)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "cpu", "requests", "a"]), inner)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(facts())), ANYTHING))
def test_facts_that_are_missing_or_make_no_sense_break_nothing(told: Facts) -> None:
    before = copy.deepcopy(told)
    broken(told)
    assert told == before


def test_facts_that_nobody_could_tell_give_no_finding() -> None:
    assert broken({}) == broken(dict.fromkeys(facts())) == []
    assert broken(facts(containers="app", replicas=3, budgets=None)) == broken(facts(containers=["app"])) == []


USE, OUT = "simian-army/conformity", "simian-army/opt-out"
ONE = f"{USE}.replicas"
SAID = st.dictionaries(
    st.sampled_from([USE, ONE, f"{USE}.readiness-probe", OUT]),
    st.sampled_from(["enabled", "disabled", "true", "false"]),
)


def levels_of(*said: Mapping[str, str] | None) -> Iterator[Level]:
    yield from (Level(f"Kind{number}", "x", labels) for number, labels in enumerate(said))


@pytest.mark.parametrize(
    ("template", "own", "above", "rules"),
    [
        ({}, {}, ({}, {}), ["replicas", "readiness-probe"]),
        ({}, {OUT: "true"}, (), []),
        ({}, {OUT: "false"}, (), ["replicas", "readiness-probe"]),
        ({}, {}, ({}, {OUT: "yes"}), []),
        ({OUT: "true"}, {}, (), []),
        ({}, {OUT: "false", USE: "enabled"}, ({OUT: "true"},), []),
        ({}, {USE: "disabled"}, (), []),
        ({USE: "disabled"}, {}, (), []),
        ({}, {}, ({}, {USE: "disabled"}), []),
        ({}, {USE: "enabled"}, ({USE: "disabled"},), ["replicas", "readiness-probe"]),
        ({}, {}, ({USE: "enabled"}, {USE: "disabled"}), ["replicas", "readiness-probe"]),
        ({USE: "enabled"}, {USE: "disabled"}, (), ["replicas", "readiness-probe"]),
        ({}, {ONE: "disabled"}, (), ["readiness-probe"]),
        ({}, {}, ({ONE: "disabled"},), ["readiness-probe"]),
        ({}, {ONE: "enabled"}, ({ONE: "disabled"},), ["replicas", "readiness-probe"]),
        ({}, {ONE: "enabled"}, ({USE: "disabled"},), ["replicas"]),
        ({}, {USE: "disabled", ONE: "enabled"}, (), []),
        ({}, {USE: "enabled", ONE: "disabled"}, (), ["readiness-probe"]),
        ({}, {USE: "enabled"}, ({ONE: "disabled"},), ["replicas", "readiness-probe"]),
        ({}, {USE: "disbled"}, (), ["replicas", "readiness-probe"]),
        ({}, {}, (None, {USE: "disabled"}), []),
        ({}, {}, (None, {}), ["replicas", "readiness-probe"]),
    ],
)
def test_the_nearest_level_with_a_value_decides_and_an_opt_out_from_anywhere(
    template: dict[str, str], own: dict[str, str], above: tuple[dict[str, str] | None, ...], rules: list[str]
) -> None:
    told = facts(replicas=1, labels=template, containers=[container(readinessProbe=None)])
    target = workload(told, labels=own, levels=tuple(levels_of(*above)))
    assert [finding.rule for finding in found(target)] == rules


def test_a_level_that_cannot_be_read_silences_nothing_and_is_named() -> None:
    hidden = (Level("Rollout", "web", None), Level("Namespace", "shop", None))
    (finding,) = found(workload(facts(replicas=1), levels=hidden))
    assert finding.detail.endswith("(whether Rollout web or Namespace shop opts out cannot be read)")
    assert "cannot be read" not in detail(facts(replicas=1))


@given(SAID, st.lists(st.none() | SAID, max_size=3))
def test_an_opt_out_anywhere_is_silence_and_without_a_disabled_nothing_is(
    own: Facts, above: list[Facts | None]
) -> None:
    target = workload(facts(replicas=1), labels=own, levels=tuple(levels_of(*above)))
    said = [labels for labels in (own, *above) if labels is not None]
    if any(labels.get(OUT, "false") != "false" for labels in said):
        assert found(target) == []
    elif not any("disabled" in labels.values() for labels in said):
        assert len(found(target)) == 1


def test_findings_come_by_name_and_then_in_the_order_of_the_rules() -> None:
    told = facts(replicas=1, containers=[container(readinessProbe=None, resources=None)])
    said = found(workload(told, "b"), workload(told, "a"), rules=["resource-requests", "replicas", "replicas"])
    assert [(finding.target.name, finding.rule) for finding in said] == [
        ("a", "replicas"),
        ("a", "resource-requests"),
        ("b", "replicas"),
        ("b", "resource-requests"),
    ]
    assert {finding.monkey for finding in said} == {"conformity"}


@given(st.lists(st.tuples(BREAKS, st.sampled_from("abc"), SAID), max_size=6), st.randoms(use_true_random=False))
def test_the_same_troop_gets_the_same_findings_in_any_order_and_is_left_as_it_was(
    cases: list[tuple[tuple[str, Facts], str, Facts]], other: Random
) -> None:
    troop = [workload(copy.deepcopy(told), f"{name}{n}", said) for n, ((_, told), name, said) in enumerate(cases)]
    before = copy.deepcopy(troop)
    first = ConformityMonkey().propose(troop, Random("0"))
    assert ConformityMonkey().propose(other.sample(troop, len(troop)), Random("1")) == first
    assert troop == before


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (["replica"], f"rules: 'replica' is not one of {', '.join(RULES)}"),
        (["replicas", 3], f"rules: 3 is not one of {', '.join(RULES)}"),
        ([["replicas"]], "rules: ['replicas'] is not one of"),
        ([], f"rules: [] is not a list of some of {', '.join(RULES)}"),
        ("replicas", "rules: 'replicas' is not a list of some of"),
        (None, "rules: None is not a list of some of"),
    ],
)
def test_a_rule_that_is_none_is_named_with_all_there_are(rules: Any, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        ConformityMonkey(rules)
    assert words in str(caught.value)
