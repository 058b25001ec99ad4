"""Whether: does the monkey's select mean this target, as far as a list tells no server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import ClassVar

from safety.wording import age, quoted, span
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
        """The reason names the word that leaves the target out, and what of the target was seen."""
        words = self.monkeys.get(scene.entry)
        if words is None:
            return _told(scene.entry, "")
        return _told(scene.entry, _left_out(words, scene.fault.target, scene.now))

    def changes(self, target: Target, now: datetime) -> datetime | None:
        """When a target that is too young for a monkey at ``now`` is old enough for all; None for all others."""
        longest = max((words.min_age for words in self.monkeys.values()), default=NONE)
        old_enough = target.born + longest if target.born and longest > NONE else now
        return old_enough if old_enough > now else None


def _left_out(words: Words, target: Target, now: datetime) -> str:
    """Why it is not meant; empty if it is."""
    if words.annotations and (seen := _unmet(words.annotations, target.labels, notes=True)):
        return f"its annotations are not {words.annotations} (select.annotations): {seen}"
    if words.namespace_labels and (why := _elsewhere(words.namespace_labels, target)):
        return why
    if words.owners and not _owned(_owner(target), words.owners):
        return f"its top owner is {_owner(target)}, and select.owners is {', '.join(words.owners)}"
    if words.min_age <= NONE:  # whatever its age is, and be it born in the future, by a skewed clock
        return ""
    if target.born is None:
        return f"nobody knows how old it is, and select.min_age is {span(words.min_age)}"
    old = now - target.born
    return f"it is {age(old)} old, and select.min_age is {span(words.min_age)}" if old < words.min_age else ""


def _elsewhere(query: str, target: Target) -> str:
    level = next((level for level in reversed(target.levels) if level.kind == NAMESPACE), None)
    if level is None:
        return f"it stands in no namespace, and select.namespace_labels is {query}"
    if level.labels is None:
        return f"the labels of namespace {level.name} cannot be read, and select.namespace_labels asks for them"
    if seen := _unmet(query, level.labels):
        return f"the labels of namespace {level.name} are not {query} (select.namespace_labels): {seen}"
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


def _unmet(query: str, labels: Mapping[str, str], *, notes: bool = False) -> str:
    """What is seen of the keys that a query asks for, if it does not mean these labels; empty if it does."""
    test, keys = _read(query, notes=notes)
    seen = {key: labels[place] for key, place in keys if place in labels}
    if test(seen):
        return ""
    return ", ".join(f"{key} is {quoted(seen[key]) if key in seen else 'missing'}" for key, _ in keys)


@lru_cache(maxsize=256)
def _read(query: str, *, notes: bool) -> tuple[Test, tuple[tuple[str, str], ...]]:
    """The test of a query, and each key it asks for beside that under which it stands among the labels: of ``notes``,
    the annotations, another one."""
    return labels_match(query), tuple((key, note_key(key) if notes else key) for key in keys_of(query))


@lru_cache(maxsize=4096)
def _told(entry: str, why: str) -> Verdict:
    if why:
        return Verdict(NAME, allowed=False, reason=f"not selected by {entry}, because {why}")
    return Verdict(NAME, allowed=True, reason=f"selected by {entry}")
