"""What ``safety.quorum`` may say, and what it says by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from simian_army.amounts import Amount
from tests.config.test_load import GOOD, loaded, mistakes

HOME = Path(__file__).parents[2]


def written(text: str) -> str:
    return GOOD.replace("  min_age: 0s\n", f"  min_age: 0s\n  quorum: {text}\n")


def test_without_a_word_lone_replicas_are_spared_and_everybody_is_heard(tmp_path: Path) -> None:
    said = loaded(tmp_path, GOOD).settings.safety.quorum
    assert (said.keep, said.spare_lone, said.whole, said.min_size) == (Amount(1), True, True, True)
    assert said.floors == ("pdb", "hpa")
    assert (said.spare.labels, said.spare.ordinal_zero) == ("", False)


def test_each_word_is_read(tmp_path: Path) -> None:
    text = (
        '{keep: "50%", spare_lone: false, pdb: false, spare: {labels: "role in (leader,primary)", ordinal_zero: true}}'
    )
    said = loaded(tmp_path, written(text)).settings.safety.quorum
    assert (said.keep, said.spare_lone, said.floors) == (Amount(50, percent=True), False, ("hpa",))
    assert (said.spare.labels, said.spare.ordinal_zero) == ("role in (leader,primary)", True)


def test_the_example_of_the_docs_loads(tmp_path: Path) -> None:
    section = (HOME / "docs" / "safety.md").read_text().split("## Quorum\n")[1]
    example = section.split("```yaml\n")[1].split("```")[0].split("safety:\n")[1]
    said = loaded(tmp_path, GOOD.replace("  min_age: 0s\n", f"  min_age: 0s\n{example}")).settings.safety.quorum
    usual = loaded(tmp_path, GOOD).settings.safety.quorum
    assert said.model_copy(update={"spare": usual.spare}) == usual, "but for those spared it shows the defaults"
    assert said.spare.labels == "role in (leader,primary)"


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("{keep: half}", "safety.quorum.keep", "'half' is no amount: write a whole number"),
        ("{keep: -1}", "safety.quorum.keep", "-1 is no amount"),
        ('{keep: "120%"}', "safety.quorum.keep", "120% is more than all"),
        ("{keep: true}", "safety.quorum.keep", "true is no amount"),
        ('{spare: {labels: "role in (leader"}}', "safety.quorum.spare.labels", "unable to parse requirement"),
        ("{spare_alone: false}", "safety.quorum.spare_alone", "unknown key, did you mean spare_lone?"),
        ("{spare: {label: a}}", "safety.quorum.spare.label", "unknown key, did you mean labels?"),
    ],
)
def test_a_mistake_is_located(tmp_path: Path, text: str, path: str, says: str) -> None:
    (mistake,) = mistakes(tmp_path, written(text))
    assert mistake.startswith("simian.yaml:")
    assert f" {path}: " in mistake
    assert says in mistake
