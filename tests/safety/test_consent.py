"""Does consent say what docs say of labels."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.consent import consent
from simian_army.model import Level
from tests.safety.scenes import node, pod

ON = {"simian-army/chaos": "enabled"}
OFF = {"simian-army/chaos": "disabled"}
OUT = {"simian-army/opt-out": "true"}
EVICT = {"simian-army/chaos.pod-evict": "enabled"}
DELETE = {"simian-army/chaos.pod-delete": "enabled"}


def levels(workload: Mapping[str, str] | None, shop: Mapping[str, str] | None) -> tuple[Level, ...]:
    return (Level("Deployment", "web", workload), Level("Namespace", "shop", shop))


@pytest.mark.parametrize(
    ("own", "workload", "shop", "allowed", "words"),
    [
        ({}, {}, {}, False, "no simian-army/chaos label on the pod itself or its Deployment or its Namespace"),
        (ON, {}, {}, True, "simian-army/chaos=enabled on the pod itself"),
        ({}, ON, {}, True, "simian-army/chaos=enabled on Deployment web"),
        ({}, {}, ON, True, "simian-army/chaos=enabled on Namespace shop"),
        (OFF, ON, ON, False, "simian-army/chaos=disabled on the pod itself"),
        (ON, OFF, OFF, True, "simian-army/chaos=enabled on the pod itself"),
        ({}, OFF, ON, False, "simian-army/chaos=disabled on Deployment web"),
        ({}, EVICT, {}, True, "simian-army/chaos.pod-evict=enabled on Deployment web"),
        ({}, ON | EVICT, {}, True, "simian-army/chaos.pod-evict=enabled on Deployment web"),
        ({}, ON | DELETE, {}, False, "simian-army/chaos.pod-delete=enabled on Deployment web, so only"),
        (DELETE, ON, ON, False, "simian-army/chaos.pod-delete=enabled on the pod itself, so only"),
        ({"simian-army/chaos.pod-evict": "disabled"}, ON, ON, False, "simian-army/chaos.pod-evict=disabled on the pod"),
        (OFF | EVICT, {}, {}, False, "simian-army/chaos=disabled on the pod itself"),
        (ON, {}, OUT, False, "simian-army/opt-out=true on Namespace shop"),
        (ON, OUT, {}, False, "simian-army/opt-out=true on Deployment web"),
        (ON | OUT, {}, {}, False, "simian-army/opt-out=true on the pod itself"),
        (ON, {}, {"simian-army/opt-out": "no"}, False, "simian-army/opt-out=no on Namespace shop (anything but false"),
        (ON, {}, {"simian-army/opt-out": ""}, False, "simian-army/opt-out= on Namespace shop"),
        (ON, {}, {"simian-army/opt-out": "false"}, True, "simian-army/chaos=enabled on the pod itself"),
        (ON, None, {}, False, "the labels of Deployment web cannot be read"),
        (ON, {}, None, False, "the labels of Namespace shop cannot be read"),
        (
            {"simian-army/chaos": "yes"},
            ON,
            ON,
            False,
            "chaos=yes on the pod itself, which is neither enabled nor disabled",
        ),
        ({"simian-army/chaos": "Enabled"}, {}, {}, False, "neither enabled nor disabled"),
        ({"simian-army/chaos.pod-evict": ""}, ON, ON, False, "neither enabled nor disabled"),
        ({"simian-army/latency": "enabled"}, {}, {}, False, "no simian-army/chaos label"),
        ({"simian-army/chaoss.pod-evict": "enabled"}, {}, {}, False, "no simian-army/chaos label"),
        ({"simian-army/latency": "disabled"}, ON, {}, True, "on Deployment web"),
    ],
)
def test_the_nearest_level_decides_and_an_opt_out_anywhere_wins(
    own: Mapping[str, str],
    workload: Mapping[str, str] | None,
    shop: Mapping[str, str] | None,
    words: str,
    *,
    allowed: bool,
) -> None:
    verdict = consent("chaos", "pod-evict", pod(labels=own, levels=levels(workload, shop)))
    assert verdict.allowed is allowed
    assert words in verdict.reason


def test_a_node_needs_no_label_but_an_opt_out_on_it_counts() -> None:
    assert consent("chaos", "node-cordon", node()).allowed
    assert not consent("chaos", "node-cordon", node(labels=OUT)).allowed


def test_a_node_that_says_disabled_is_believed() -> None:
    assert not consent("chaos", "node-cordon", node(labels=OFF)).allowed
    assert not consent("chaos", "node-cordon", node(labels=EVICT)).allowed


def test_those_who_say_nothing_share_one_wording_so_that_they_are_counted_together() -> None:
    first = consent("chaos", "pod-evict", pod("a", levels=levels({}, {})))
    assert consent("chaos", "pod-evict", pod("b", levels=levels({}, {}))) is first


WORDS = st.sampled_from(["enabled", "disabled", "true", "false", ""])
KEYS = st.sampled_from(
    [
        "simian-army/chaos",
        "simian-army/chaos.pod-evict",
        "simian-army/chaos.pod-delete",
        "simian-army/latency",
        "simian-army/opt-out",
        "app",
    ]
)
LABELS = st.dictionaries(KEYS, WORDS, max_size=4)


def documented(places: list[dict[str, str] | None]) -> bool:
    """What DESIGN says under "What users write", word for word and slowly."""
    if any(place is None for place in places):
        return False
    known = [place for place in places if place is not None]
    if any(place["simian-army/opt-out"] != "false" for place in known if "simian-army/opt-out" in place):
        return False
    speaking = [p for p in known if any(k == "simian-army/chaos" or k.startswith("simian-army/chaos.") for k in p)]
    if not speaking:
        return False
    nearest = speaking[0]
    if nearest.get("simian-army/chaos", "enabled") != "enabled":
        return False
    named = {key: value for key, value in nearest.items() if key.startswith("simian-army/chaos.")}
    return named.get("simian-army/chaos.pod-evict") == "enabled" if named else True


@given(LABELS, st.lists(st.none() | LABELS, max_size=3))
def test_consent_is_what_the_documentation_says(own: dict[str, str], above: list[dict[str, str] | None]) -> None:
    target = pod(labels=own, levels=tuple(Level("Level", str(n), labels) for n, labels in enumerate(above)))
    assert consent("chaos", "pod-evict", target).allowed is documented([own, *above])


@given(LABELS, st.lists(LABELS, max_size=3), st.integers(0, 3))
def test_an_opt_out_never_turns_a_no_into_a_yes(own: dict[str, str], above: list[dict[str, str]], where: int) -> None:
    places = [own, *above]
    places[where % len(places)] = places[where % len(places)] | OUT
    target = pod(labels=places[0], levels=tuple(Level("Level", "x", labels) for labels in places[1:]))
    assert not consent("chaos", "pod-evict", target).allowed
