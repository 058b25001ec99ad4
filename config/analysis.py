"""What an analysis says: up to five whys, each with its remedy and its owner; read from a file, and written to one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, ValidationError, field_validator

from config.locating import line_of, mistakes_in
from config.parts import Part
from config.text import parse, read
from simian_army.errors import ConfigError, Mistake
from simian_army.standing import LEVELS

MAKE = "`simian analyse RUN --template` prints one to fill in"
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
HEAD = """\
# The five whys of run {name}: why it came out badly, why that was so, and so on; at most {most}.
# Nobody is to blame: a remedy is what keeps it from happening again, its owner who sees to it.
# File it with: simian analyse {name} --file THIS
run: {run}
whys:
"""


class Why(Part):
    """One level: why it was so, what is done about that, and who does it."""

    why: Text
    remedy: Text
    owner: Text


class Analysis(Part):
    """The whole file; ``run`` may be left out."""

    run: str = ""
    whys: tuple[Why, ...]

    @field_validator("whys")
    @classmethod
    def _some(cls, value: tuple[Why, ...]) -> tuple[Why, ...]:
        if not 1 <= len(value) <= LEVELS:
            raise ValueError(f"{len(value)} whys: write at least one and at most {LEVELS}")
        return value


def load_analysis(path: Path, run: str) -> tuple[Why, ...]:
    """The whys of a file that is of that run.

    Raises:
        ConfigError: with every mistake in it.
    """
    text = read(path, MAKE)
    values, lines = parse(path, text, MAKE)
    if not isinstance(values, dict):
        raise ConfigError([Mistake(str(path), 1, "", "the file must hold keys and values", MAKE)])
    try:
        said = Analysis.model_validate(values)
    except ValidationError as error:
        found = [one for wrong in error.errors() for one in mistakes_in(wrong, path, lines, Analysis)]
        raise ConfigError(sorted(found, key=lambda one: one.line)) from error
    if said.run not in ("", run):
        other = f"the file is of run {said.run}, and run {run} is to be analysed"
        raise ConfigError([Mistake(str(path), line_of(lines, "run"), "run", other, "name the run it is of")])
    return said.whys


def written(run: str, whys: Iterable[Sequence[str]]) -> str:
    """The file that says so, from why, remedy and owner of each; what is empty is left to be filled in."""
    head = HEAD.format(run=_quoted(run), name=run or "RUN", most=LEVELS)
    return head + "".join(
        f"  - why: {_quoted(why)}\n    remedy: {_quoted(remedy)}\n    owner: {_quoted(owner)}\n"
        for why, remedy, owner in whys
    )


def _quoted(text: str) -> str:
    """The text between double quotes, as YAML reads it."""
    letters = (f"\\{one}" if one in '"\\' else one if one.isprintable() else f"\\U{ord(one):08x}" for one in text)
    return f'"{"".join(letters)}"'
