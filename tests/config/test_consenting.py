"""What ``safety.opt_in`` may say, and what it says by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_load import GOOD, loaded, mistakes

HOME = Path(__file__).parents[2]


def written(text: str) -> str:
    return GOOD.replace("  min_age: 0s\n", f"  min_age: 0s\n  opt_in: {text}\n")


def test_by_itself_only_our_own_labels_consent(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD).settings.safety.opt_in.also == ()


def test_the_example_of_the_docs_takes_two_peers_as_they_are_and_for_pod_kills_only(tmp_path: Path) -> None:
    section = (HOME / "docs" / "safety.md").read_text().split("## Opt-in\n")[1]
    example = section.split("```yaml\n")[1].split("```")[0].split("safety:\n")[1]
    said = loaded(tmp_path, GOOD.replace("  min_age: 0s\n", f"  min_age: 0s\n{example}")).settings.safety.opt_in
    kube_monkey, chaoskube = said.also
    assert (kube_monkey.label, kube_monkey.value) == ("kube-monkey/enabled", "enabled")
    assert (chaoskube.annotation, chaoskube.value) == ("chaos.alpha.kubernetes.io/enabled", "true")
    assert kube_monkey.faults == chaoskube.faults == ("pod-evict", "pod-delete")
    assert said.annotations == ("chaos.alpha.kubernetes.io/enabled",)


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("{also: [{label: a/b}]}", "safety.opt_in.also[0].value", "is missing"),
        ("{also: [{label: a/b, value: true}]}", "safety.opt_in.also[0].value", 'write it in quotes, "true"'),
        ("{also: [{label: a/b, value: 1}]}", "safety.opt_in.also[0].value", 'write it in quotes, "1"'),
        ('{also: [{value: "x"}]}', "safety.opt_in.also[0]", "give one of label and annotation"),
        ("{also: [{label: a, annotation: b, value: x}]}", "safety.opt_in.also[0]", "give one of label and annotation"),
        ("{also: [{label: a b, value: x}]}", "safety.opt_in.also[0].label", "'a b' is no key of a label"),
        ("{also: [{annotation: a//b, value: x}]}", "safety.opt_in.also[0].annotation", "no key of a annotation"),
        (
            "{also: [{label: simian-army/latency, value: x}]}",
            "safety.opt_in.also[0].label",
            "our own keys count by themselves",
        ),
        (
            "{also: [{annotation: kubernetes.io/config.mirror, value: x}]}",
            "safety.opt_in.also[0].annotation",
            "the cluster writes this key",
        ),
        ("{also: [{label: a, value: x, faults: []}]}", "safety.opt_in.also[0].faults", "it consents to nothing"),
        (
            "{also: [{label: a, value: x, faults: [pod-evict, pod-evikt]}]}",
            "safety.opt_in.also[0].faults[1]",
            "there is no fault 'pod-evikt', did you mean pod-evict?",
        ),
        (
            "{also: [{label: a, value: x}, {annotation: a, value: x}, {label: a, value: y}]}",
            "safety.opt_in.also[2]",
            "a is there before",
        ),
        (
            "{also: [{label: kube-monkey/enabled, value: enabled, faults: [pod-evict, node-cordon]}]}",
            "safety.opt_in.also[0].faults[1]",
            "node-cordon: kube-monkey/enabled is kube-monkey's, which only kills pods, keep to pod-evict, pod-delete",
        ),
        (
            '{also: [{annotation: chaos.alpha.kubernetes.io/enabled, value: "true", faults: [network-partition]}]}',
            "safety.opt_in.also[0].faults[0]",
            "network-partition: chaos.alpha.kubernetes.io/enabled is chaoskube's, which only kills pods",
        ),
        ("{alos: []}", "safety.opt_in.alos", "unknown key, did you mean also?"),
        ("{also: [{lable: a, value: x}]}", "safety.opt_in.also[0].lable", "unknown key, did you mean label?"),
    ],
)
def test_a_mistake_is_located(tmp_path: Path, text: str, path: str, says: str) -> None:
    (mistake,) = mistakes(tmp_path, written(text))
    assert mistake.startswith("simian.yaml:")
    assert f" {path}: " in mistake
    assert says in mistake


@pytest.mark.parametrize("key", ["kube-monkey/enabled", "kube-monkey/mtbf", "chaos.alpha.kubernetes.io/enabled"])
@pytest.mark.parametrize("faults", ["[pod-evict]", "[pod-delete]", "[pod-delete, pod-evict]"])
def test_a_key_of_a_tool_that_kills_pods_may_consent_to_their_death(tmp_path: Path, key: str, faults: str) -> None:
    (said,) = loaded(
        tmp_path, written(f"{{also: [{{label: {key}, value: x, faults: {faults}}}]}}")
    ).settings.safety.opt_in.also
    assert (said.key, list(said.faults)) == (key, faults.strip("[]").split(", "))


def test_a_key_of_ones_own_may_consent_to_anything(tmp_path: Path) -> None:
    text = written("{also: [{label: kube-monkeys/enabled, value: x, faults: [node-cordon, network-partition]}]}")
    (said,) = loaded(tmp_path, text).settings.safety.opt_in.also
    assert said.faults == ("node-cordon", "network-partition")
