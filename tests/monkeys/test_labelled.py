"""What kube-monkey's labels on a workload ask for, and that whatever else stands there strikes nobody."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monkeys.chaos import ChaosMonkey
from simian_army import Level, Pace, Target

ENROLLED = {"kube-monkey/identifier": "web"}


def pods(
    labels: dict[str, str], own: dict[str, str] | None = None, count: int = 4, namespace: dict[str, str] | None = None
) -> list[Target]:
    """Those of a Deployment with such labels; each pod has its ``own``."""
    levels = (
        Level("ReplicaSet", "web-1", own or ENROLLED),
        Level("Deployment", "web", labels),
        Level("Namespace", "shop", namespace or {}),
    )
    group = "shop/Deployment/web"
    return [
        Target("kubernetes", "pod", f"uid-{n}", f"web-{n}", "shop", group, None, own or ENROLLED, levels)
        for n in range(count)
    ]


def labels(**said: str) -> dict[str, str]:
    return {**ENROLLED, **{f"kube-monkey/{key.replace('_', '-')}": value for key, value in said.items()}}


def asked(members: list[Target], seed: int = 0) -> tuple[Pace | str | None, int]:
    monkey = ChaosMonkey(labels="kube-monkey")
    return monkey.pace(members), monkey.want(members, Random(seed))


@pytest.mark.parametrize(
    ("said", "mean", "count"),
    [
        ({"mtbf": "2"}, 2, 1),
        ({"mtbf": "3d", "kill_mode": "fixed", "kill_value": "2"}, 3, 2),
        ({"mtbf": "4h", "kill_mode": "fixed", "kill_value": "9"}, 4 / 24, 4),
        ({"mtbf": "20m", "kill_mode": "fixed-percent", "kill_value": "60"}, 20 / 1440, 2),
        ({"mtbf": "1", "kill_mode": "fixed-percent", "kill_value": "24"}, 1, 0),
        ({"mtbf": "1", "kill_mode": "kill-all"}, 1, 4),
        ({"mtbf": "1", "kill_mode": "kill-all", "kill_value": "nonsense"}, 1, 4),
    ],
)
def test_labels_say_how_often_and_how_many(said: dict[str, str], mean: float, count: int) -> None:
    assert asked(pods(labels(**said))) == (Pace(mean), count)


def test_a_random_percent_is_anything_up_to_its_most() -> None:
    said = pods(labels(mtbf="1", kill_mode="random-max-percent", kill_value="50"))
    assert {asked(said, seed)[1] for seed in range(200)} == {0, 1, 2}


def test_the_workload_has_the_first_word_and_the_namespace_none() -> None:
    own = labels(mtbf="1", kill_mode="kill-all")
    assert asked(pods(labels(mtbf="7"), own))[0] == Pace(7)
    assert asked(pods(ENROLLED, own)) == (Pace(1), 4)
    assert "no label kube-monkey/mtbf" in str(asked(pods(ENROLLED, namespace=labels(mtbf="1")))[0])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "no label kube-monkey/mtbf on it or its workload"),
        ({"mtbf": "0"}, "kube-monkey/mtbf=0 on Deployment web is no time"),
        ({"mtbf": "-1"}, "kube-monkey/mtbf=-1 on Deployment web"),
        ({"mtbf": "1.5"}, "kube-monkey/mtbf=1.5 on Deployment web"),
        ({"mtbf": "1s"}, "kube-monkey/mtbf=1s on Deployment web"),
        ({"mtbf": "\u0661"}, "is no time"),
        ({"mtbf": "1", "kill_mode": "all"}, "kube-monkey/kill-mode=all on Deployment web is not one of fixed, "),
        (
            {"mtbf": "1", "kill_mode": "fixed"},
            "no label kube-monkey/kill-value, which kube-monkey/kill-mode=fixed needs",
        ),
        ({"mtbf": "1", "kill_mode": "fixed", "kill_value": "0"}, "kube-monkey/kill-value=0 on Deployment web"),
        ({"mtbf": "1", "kill_mode": "fixed-percent", "kill_value": "101"}, "is no whole number from 1 to 100"),
        ({"mtbf": "1", "kill_mode": "random-max-percent", "kill_value": "5O"}, "kube-monkey/kill-value=5O"),
    ],
)
def test_a_bad_label_chooses_nobody_and_is_told_with_its_place(said: dict[str, str], words: str) -> None:
    reason, count = asked(pods(labels(**said)))
    assert isinstance(reason, str) and words in reason and reason.startswith("kube-monkey: ")
    assert count == 0


def test_pods_of_another_name_or_none_are_nobodys() -> None:
    other = {"kube-monkey/identifier": "cart"}
    reason, count = asked(pods(labels(mtbf="1"), other))
    assert "kube-monkey/identifier is web on Deployment web and cart on ReplicaSet web-1" in str(reason) and not count
    nameless = {key: value for key, value in labels(mtbf="1").items() if key not in ENROLLED}
    assert "no label kube-monkey/identifier" in str(asked(pods(nameless, {"app": "web"}))[0])


def test_members_that_disagree_are_not_chosen() -> None:
    some, others = pods(ENROLLED, labels(mtbf="1"), 2), pods(ENROLLED, labels(mtbf="2"), 4)[2:]
    reason, count = asked([*some, *others])
    assert "its members disagree" in str(reason) and count == 0


TEXT = (
    st.text(max_size=8) | st.from_regex(r"[0-9]{1,6}[dhms%]?", fullmatch=True) | st.sampled_from(["fixed", "kill-all"])
)


@given(st.dictionaries(st.sampled_from(["identifier", "mtbf", "kill_mode", "kill_value"]), TEXT), st.integers(0, 9))
@example({"identifier": "web", "mtbf": "9" * 6}, 3)
def test_whatever_stands_there_nothing_breaks_and_nobody_is_struck_more_than_all(
    said: dict[str, str], count: int
) -> None:
    wanted = {f"kube-monkey/{key.replace('_', '-')}": value for key, value in said.items()}
    pace, want = asked(pods(wanted, wanted, count))
    assert 0 <= want <= count
    assert isinstance(pace, Pace) or (isinstance(pace, str) and want == 0)
    if isinstance(pace, Pace):
        assert 1 / 1440 <= pace.mean <= 99999 and "identifier" in said


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"labels": "kubemonkey"}, "labels: 'kubemonkey' is not kube-monkey"),
        ({"labels": "kube-monkey", "mode": "all"}, "labels: beside it stands mode"),
    ],
)
def test_labels_of_others_are_not_read_nor_beside_a_mode(given_: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ChaosMonkey(**given_)  # type: ignore[arg-type]
