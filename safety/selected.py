"""Whether: does the monkey's select mean this target, as far as a list tells no server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import ClassVar

from safety.wording import span
from simian_army.model import Scene, Target, Verdict
from simian_army.selectors import Test, keys_of, labels_match
from simian_army.standing import note_key

NAME = "select"
NONE = timedelta(0)
BARE = "none"
NAMESPACE = "Namespace"


@dataclass(frozen=True, slots=True)
class Words:
    """What of one ``select`` is asked here: queries over annotations and the labels of the namespace, patterns over the
    kind of the top owner (``none`` for what nothing owns; upper or lower case), and how old a target must be."""

    annotations: str = ""
    namespace_labels: str = ""
    owners: tuple[str, ...] = ()
    min_age: timedelta = NONE


@dataclass(frozen=True, slots=True)
class Selected:
    """Denies what the select of its monkey does not mean; ``monkeys`` by name. What it cannot tell it denies."""

    name: ClassVar[str] = NAME
    early: ClassVar[bool] = True
    monkeys: Mapping[str, Words] = field(default_factory=dict)

    def __call__(self, scene: Scene) -> Verdict:
        """The reason names the word that leaves the target out."""
        words = self.monkeys.get(scene.entry)
        if words is None:
            return _told(scene.entry, "")
        return _told(scene.entry, _left_out(words, scene.fault.target, scene.now))

    def changes(self, target: Target, now: datetime) -> datetime | None:
        """When a target that is too young for a monkey at ``now`` is old enough for all; None for all others."""
        longest = max((words.min_age for words in self.monkeys.values()), default=NONE)
        old_enough = target.born + longest if target.born else now
        return old_enough if old_enough > now else None


def _left_out(words: Words, target: Target, now: datetime) -> str:
    """Why it is not meant; empty if it is."""
    if words.annotations and not _meant(words.annotations, notes=True)(target.labels):
        return f"its annotations are not {words.annotations} (select.annotations)"
    if words.namespace_labels and (why := _elsewhere(words.namespace_labels, target)):
        return why
    if words.owners and not _owned(_owner(target), words.owners):
        return f"its top owner is {_owner(target)}, and select.owners is {', '.join(words.owners)}"
    if words.min_age > NONE and target.born is None:
        return f"nobody knows how old it is, and select.min_age is {span(words.min_age)}"
    if target.born and now - target.born < words.min_age:
        return f"it is younger than {span(words.min_age)} (select.min_age)"
    return ""


def _elsewhere(query: str, target: Target) -> str:
    level = next((level for level in reversed(target.levels) if level.kind == NAMESPACE), None)
    if level is None:
        return f"it stands in no namespace, and select.namespace_labels is {query}"
    if level.labels is None:
        return f"the labels of namespace {level.name} cannot be read, and select.namespace_labels asks for them"
    if not _meant(query)(level.labels):
        return f"the labels of namespace {level.name} are not {query} (select.namespace_labels)"
    return ""


def _owner(target: Target) -> str:
    """The kind of its top owner: a workload that nothing owns is its own."""
    return target.group.removeprefix(f"{target.scope}/").partition("/")[0] or BARE


@lru_cache(maxsize=1024)
def _owned(owner: str, patterns: tuple[str, ...]) -> bool:
    said = [pattern.casefold() for pattern in patterns]
    wanted = [pattern for pattern in said if not pattern.startswith("!")]
    if any(fnmatchcase(owner.casefold(), pattern[1:]) for pattern in said if pattern.startswith("!")):
        return False
    return not wanted or any(fnmatchcase(owner.casefold(), pattern) for pattern in wanted)


@lru_cache(maxsize=256)
def _meant(query: str, *, notes: bool = False) -> Test:
    """The test of a query; of ``notes`` over the annotations, which stand among the labels under other keys."""
    test = labels_match(query)
    if not notes:
        return test
    known = {key: note_key(key) for key in keys_of(query)}
    return lambda labels: test({key: labels[note] for key, note in known.items() if note in labels})


@lru_cache(maxsize=4096)
def _told(entry: str, why: str) -> Verdict:
    if why:
        return Verdict(NAME, allowed=False, reason=f"not selected by {entry}, because {why}")
    return Verdict(NAME, allowed=True, reason=f"selected by {entry}")
