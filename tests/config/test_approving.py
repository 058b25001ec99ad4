"""What ``approval`` of a monkey may say, and where it may stand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.config.test_load import GOOD, loaded, mistakes

HOME = Path(__file__).parents[2]


def written(text: str, monkey: str = "pods") -> str:
    return GOOD.replace(f"name: {monkey},", f"name: {monkey}, approval: {text},")


def test_by_itself_nobody_is_asked_and_without_a_word_it_expires_after_four_hours(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD).settings.monkeys[0].approval is None
    said = loaded(tmp_path, written("{}")).settings.monkeys[0].approval
    assert said is not None
    assert said.expires == timedelta(hours=4)


def test_the_example_of_the_docs_loads(tmp_path: Path) -> None:
    section = (HOME / "docs" / "safety.md").read_text().split("## Approval and veto\n")[1]
    example = section.split("```yaml\n")[1].split("```")[0].split("monkeys:\n")[1]
    said = loaded(tmp_path, GOOD.split("monkeys:\n")[0] + "monkeys:\n" + example).settings.monkeys[0].approval
    assert said is not None
    assert said.expires == timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ("{expires: soon}", "monkeys[0].approval.expires", "'soon' is no duration"),
        ("{expires: 59s}", "monkeys[0].approval.expires", "must be at least 1 minute"),
        ("{expires: 8d}", "monkeys[0].approval.expires", "must be at most 7 days"),
        ("{expire: 4h}", "monkeys[0].approval.expire", "unknown key, did you mean expires?"),
    ],
)
def test_a_mistake_is_located(tmp_path: Path, text: str, path: str, says: str) -> None:
    (mistake,) = mistakes(tmp_path, written(text))
    assert mistake.startswith("simian.yaml:17")
    assert f" {path}: " in mistake
    assert says in mistake


def test_where_no_rbac_knows_who_approves_it_is_a_mistake_that_says_so(tmp_path: Path) -> None:
    (mistake,) = mistakes(tmp_path, written("{expires: 4h}", "late"))
    assert " monkeys[1].approval: nobody can approve on aws: the word is an annotation in Kubernetes" in mistake
    assert "leave it out" in mistake
