"""Do the labels and annotations of other tools consent to what config names, and to nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.consent import Also, consent
from safety.opt_in import OptIn
from safety.shared import Shared
from simian_army.model import Level, Target
from simian_army.standing import note_key
from tests.safety.scenes import instance, node, pod, scene

KILLS = ("pod-evict", "pod-delete")
KUBE_MONKEY = Also("kube-monkey/enabled", "enabled", KILLS)
CHAOSKUBE = Also("chaos.alpha.kubernetes.io/enabled", "true", KILLS, note=True)
BOTH = (KUBE_MONKEY, CHAOSKUBE)

MONKEY = {"kube-monkey/enabled": "enabled"}
NO_MONKEY = {"kube-monkey/enabled": "disabled"}
KUBE = {note_key("chaos.alpha.kubernetes.io/enabled"): "true"}
NO_KUBE = {note_key("chaos.alpha.kubernetes.io/enabled"): "false"}
ON = {"simian-army/chaos": "enabled"}
OFF = {"simian-army/chaos": "disabled"}
OUT = {"simian-army/opt-out": "true"}
Labels = Mapping[str, str]


def web(own: Labels, workload: Labels | None = None, shop: Labels | None = None) -> Target:
    above = (Level("Deployment", "web", workload or {}), Level("Namespace", "shop", shop or {}))
    return pod(labels=own, levels=above)


@pytest.mark.parametrize(
    ("own", "workload", "shop", "allowed", "words"),
    [
        ({}, MONKEY, {}, True, "kube-monkey/enabled=enabled on Deployment web"),
        (KUBE, {}, {}, True, "annotation chaos.alpha.kubernetes.io/enabled=true on the pod itself"),
        ({}, {}, KUBE, True, "annotation chaos.alpha.kubernetes.io/enabled=true on Namespace shop"),
        ({}, NO_MONKEY, {}, False, "kube-monkey/enabled=disabled on Deployment web, which is not enabled"),
        ({}, {"kube-monkey/enabled": "Enabled"}, {}, False, "which is not enabled"),
        (NO_KUBE, MONKEY, {}, False, "annotation chaos.alpha.kubernetes.io/enabled='false' on the pod itself"),
        (KUBE, NO_MONKEY, {}, True, "on the pod itself"),
        ({}, MONKEY | NO_KUBE, {}, False, "which is not true"),
        ({}, NO_MONKEY | KUBE, {}, False, "which is not enabled"),
        ({}, MONKEY | KUBE, {}, True, "on Deployment web"),
        ({}, MONKEY | OFF, {}, False, "simian-army/chaos=disabled on Deployment web"),
        ({}, NO_MONKEY | ON, {}, True, "simian-army/chaos=enabled on Deployment web"),
        (OFF, MONKEY, {}, False, "simian-army/chaos=disabled on the pod itself"),
        ({}, MONKEY, OFF, True, "kube-monkey/enabled=enabled on Deployment web"),
        ({}, MONKEY, OUT, False, "simian-army/opt-out=true on Namespace shop"),
        (KUBE | OUT, {}, {}, False, "simian-army/opt-out=true on the pod itself"),
        ({}, MONKEY | {"simian-army/chaos.pod-delete": "enabled"}, {}, False, "so only faults enabled by name"),
        ({"chaos.alpha.kubernetes.io/enabled": "true"}, {}, {}, False, "no simian-army/chaos label"),
        ({note_key("kube-monkey/enabled"): "enabled"}, {}, {}, False, "no simian-army/chaos label"),
    ],
)
def test_they_speak_at_a_level_where_ours_say_nothing(
    own: Labels, workload: Labels, shop: Labels, words: str, *, allowed: bool
) -> None:
    verdict = consent("chaos", "pod-evict", web(own, workload, shop), BOTH)
    assert verdict.allowed is allowed
    assert words in verdict.reason


@pytest.mark.parametrize("fault", ["pod-evict", "pod-delete"])
def test_they_consent_to_each_fault_they_are_named_for(fault: str) -> None:
    assert consent("chaos", fault, web({}, MONKEY), BOTH).allowed
    assert consent("chaos", fault, web(KUBE), BOTH).allowed


@pytest.mark.parametrize("fault", ["node-cordon", "pod-latency", "pod"])
def test_to_no_other_fault_they_say_anything(fault: str) -> None:
    verdict = consent("chaos", fault, web(KUBE, MONKEY), BOTH)
    assert not verdict.allowed
    assert verdict.reason.startswith("no simian-army/chaos label on the pod itself")
    assert consent("chaos", fault, web(NO_KUBE, ON), BOTH).allowed, "their no is no no to it either"


def test_without_config_they_say_nothing() -> None:
    assert not consent("chaos", "pod-evict", web(KUBE, MONKEY)).allowed


def test_who_says_nothing_is_told_every_key_that_would_do() -> None:
    reason = consent("chaos", "pod-evict", web({}), BOTH).reason
    assert reason == (
        "no simian-army/chaos label and no kube-monkey/enabled label and no chaos.alpha.kubernetes.io/enabled annotation"
        " on the pod itself or its Deployment or its Namespace; write simian-army/chaos=enabled to opt in"
    )


def test_a_level_that_cannot_be_read_is_a_no_still() -> None:
    target = pod(labels=KUBE, levels=(Level("Deployment", "web", None),))
    assert "cannot be read" in consent("chaos", "pod-evict", target, BOTH).reason


def test_on_aws_a_label_is_a_tag_and_there_are_no_annotations() -> None:
    stop = (Also("Chaos", "yes", ("instance-stop",)), Also("chaos/ok", "yes", ("instance-stop",), note=True))
    assert consent("chaos", "instance-stop", instance({"Chaos": "yes"}), stop).allowed
    forged = consent("chaos", "instance-stop", instance({note_key("chaos/ok"): "yes"}), stop)
    assert not forged.allowed
    assert "no simian-army/chaos tag and no Chaos tag on the instance" in forged.reason


def test_the_guards_ask_with_them() -> None:
    assert OptIn({}, BOTH)(scene(web({}, MONKEY))).allowed
    assert not OptIn()(scene(web({}, MONKEY))).allowed
    cordon = Also("kube-monkey/enabled", "enabled", ("node-cordon",))
    reach = [web({}, MONKEY)]
    assert Shared((), (cordon,))(scene(node(), "node-cordon", reach=reach)).allowed
    assert not Shared((), BOTH)(scene(node(), "node-cordon", reach=reach)).allowed, "it consents to pod kills only"
    dissent = Shared((), (cordon,))(scene(node(), "node-cordon", reach=[web({}, NO_MONKEY)]))
    assert "pod shop/web-1: kube-monkey/enabled=disabled on Deployment web" in dissent.reason


VALUES = st.sampled_from(["enabled", "disabled", "true", "false", ""])
KEYS = st.sampled_from(
    [
        "simian-army/chaos",
        "simian-army/chaos.pod-evict",
        "simian-army/chaos.node-cordon",
        "simian-army/opt-out",
        "kube-monkey/enabled",
        note_key("chaos.alpha.kubernetes.io/enabled"),
        "cordon/ok",
        "app",
    ]
)
LABELS = st.dictionaries(KEYS, VALUES, max_size=4)
CONFIG = (*BOTH, Also("cordon/ok", "true", ("node-cordon",)))
WANTED = {
    "pod-evict": {"kube-monkey/enabled": "enabled", note_key("chaos.alpha.kubernetes.io/enabled"): "true"},
    "node-cordon": {"cordon/ok": "true"},
}


def documented(fault: str, places: list[dict[str, str]]) -> bool:
    """What docs/safety.md says under "Opt-in", word for word and slowly."""
    if any(place["simian-army/opt-out"] != "false" for place in places if "simian-army/opt-out" in place):
        return False
    for place in places:
        ours = {k: v for k, v in place.items() if k == "simian-army/chaos" or k.startswith("simian-army/chaos.")}
        if ours:
            named = {key: value for key, value in ours.items() if key != "simian-army/chaos"}
            enabled = ours.get("simian-army/chaos", "enabled") == "enabled"
            return enabled and (not named or named.get(f"simian-army/chaos.{fault}") == "enabled")
        theirs = {key: value for key, value in place.items() if key in WANTED[fault]}
        if theirs:
            return all(WANTED[fault][key] == value for key, value in theirs.items())
    return False


@given(st.sampled_from(["pod-evict", "node-cordon"]), LABELS, st.lists(LABELS, max_size=3))
def test_consent_is_what_the_documentation_says(fault: str, own: dict[str, str], above: list[dict[str, str]]) -> None:
    target = pod(labels=own, levels=tuple(Level("Level", str(n), labels) for n, labels in enumerate(above)))
    assert consent("chaos", fault, target, CONFIG).allowed is documented(fault, [own, *above])


def test_an_annotation_is_shown_in_quotes_and_cut_a_label_as_it_is() -> None:
    forged = {note_key("chaos.alpha.kubernetes.io/enabled"): "true\n  allowed \x1b[1A" + "x" * 1000}
    reason = consent("chaos", "pod-evict", web(forged), BOTH).reason
    assert reason.isprintable()
    assert reason.startswith("annotation chaos.alpha.kubernetes.io/enabled='true\\n  allowed \\x1b[1Axxx")
    assert reason.endswith("… (1019 characters) on the pod itself, which is not true"), reason
    label = consent("chaos", "pod-evict", web(NO_MONKEY), BOTH).reason
    assert label == "kube-monkey/enabled=disabled on the pod itself, which is not enabled"
