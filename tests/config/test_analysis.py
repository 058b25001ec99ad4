"""Is an analysis taken as it is written, and each mistake in it located."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.analysis import load_analysis, written
from simian_army.errors import ConfigError
from simian_army.standing import LEVELS

GOOD = """\
run: abc
whys:
  - {why: the node was full, remedy: a larger node, owner: ann}
  - {why: "nobody: watched", remedy: an alert, owner: team shop}
"""
LINE = "  - {why: a, remedy: b, owner: c}\n"


def mistakes(folder: Path, text: str, run: str = "abc") -> list[str]:
    file = folder / "whys.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_analysis(file, run)
    return [str(mistake).removeprefix(f"{folder}/") for mistake in caught.value.mistakes]


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "whys.yaml"
    file.write_text(GOOD)
    assert [one.why for one in load_analysis(file, "abc")] == ["the node was full", "nobody: watched"]
    file.write_text(f"whys:\n{LINE * LEVELS}")
    assert len(load_analysis(file, "any")) == LEVELS, "the run may be left out"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("whys: []\n", "whys.yaml:1 whys: 0 whys: write at least one and at most 5"),
        (f"whys:\n{LINE * (LEVELS + 1)}", "whys.yaml:1 whys: 6 whys: write at least one and at most 5"),
        ("run: abc\n", "whys.yaml:1 whys: is missing"),
        ("whys:\n  - {why: a, remedy: b}\n", "whys.yaml:2 whys[0].owner: is missing"),
        ("whys:\n  - {why: a, remedy: '  ', owner: c}\n", "whys.yaml:2 whys[0].remedy: must have 1 or more characters"),
        (f"whys:\n{LINE}  - {{why: a, remmedy: b, remedy: b, owner: c}}\n", "did you mean remedy?"),
        (f"run: xyz\nwhys:\n{LINE}", "whys.yaml:1 run: the file is of run xyz, and run abc is to be analysed"),
        ("- a\n", "the file must hold keys and values, `simian analyse RUN --template` prints one to fill in"),
        ("", "the file is empty, `simian analyse RUN --template` prints one to fill in"),
    ],
)
def test_each_mistake_is_located(tmp_path: Path, text: str, said: str) -> None:
    (found,) = mistakes(tmp_path, text)
    assert said in found


def test_a_missing_file_names_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file, `simian analyse RUN --template`"):
        load_analysis(tmp_path / "none.yaml", "abc")


words = st.text(min_size=1, max_size=80).map(str.strip).filter(bool)


@given(
    st.lists(st.tuples(words, words, words), min_size=1, max_size=LEVELS),
    st.from_regex(r"[a-z2-7]{10}", fullmatch=True),
)
def test_whatever_is_said_comes_back_from_the_file_it_was_written_to(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str, str]], run: str
) -> None:
    file = tmp_path_factory.mktemp("whys") / "whys.yaml"
    file.write_text(written(run, said), encoding="utf-8")
    assert [(one.why, one.remedy, one.owner) for one in load_analysis(file, run)] == said
