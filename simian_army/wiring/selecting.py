"""Which targets each monkey's ``select`` means: what the guard asks, and what lists have to tell for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from safety.selected import Selected, Words
from simian_army.errors import ConfigError
from simian_army.selectors import keys_of

if TYPE_CHECKING:
    from config.load import Loaded
    from config.schema import Settings
    from simian_army.contract import Entry, Guard

STANDING = ("node", "pod")
"""The kinds of Kubernetes that stand on a node, or are one."""


def selected(settings: Settings) -> Iterator[Guard]:
    """The guard, where somebody asks for it."""
    said = {monkey.name: monkey.select for monkey in settings.monkeys}
    words = {name: Words(one.annotations, one.namespace_labels, one.owners, one.min_age) for name, one in said.items()}
    asked = {name: one for name, one in words.items() if one != Words()}
    if asked:
        yield Selected(asked)


def annotations_of(settings: Settings) -> tuple[str, ...]:
    """The annotations that somebody asks for: those of other tools that consent, and those of ``select``."""
    asked = [key for monkey in settings.monkeys for key in keys_of(monkey.select.annotations)]
    return tuple(dict.fromkeys((*settings.safety.opt_in.annotations, *asked)))


def must_stand(loaded: Loaded, entries: Mapping[str, Entry]) -> None:
    """What is selected by node or zone must stand somewhere.

    Raises:
        ConfigError: a monkey strikes something else.
    """
    wrong = []
    for number, monkey in enumerate(loaded.settings.monkeys):
        kinds = [one.kind for one in entries[monkey.name].selectors if one.stands and one.kind not in STANDING]
        if kinds and monkey.on == "kubernetes":
            word = "nodes" if monkey.select.nodes else "zones"
            where = f"monkeys[{number}].select.{word}"
            why = f"a {kinds[0]} stands on no node"
            wrong.append(loaded.mistake(where, why, "select it by labels, names or namespaces"))
    if wrong:
        raise ConfigError(wrong)
