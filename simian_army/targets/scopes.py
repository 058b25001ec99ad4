"""Which namespaces are meant by patterns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Scopes:
    """Namespaces that every one of ``lists`` allows; a list allows what one of its patterns matches (any name when
    all of them start with ``!``) and none of its ``!`` patterns does."""

    lists: tuple[tuple[str, ...], ...]

    def __contains__(self, name: str) -> bool:
        """Whether the namespace is meant."""
        return all(_allows(patterns, name) for patterns in self.lists)

    def exact(self) -> tuple[str, ...] | None:
        """All names that are meant, sorted, if the patterns alone tell; None when the cluster has to be asked."""
        for patterns in self.lists:
            wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
            if wanted and not any(_WILD & set(pattern) for pattern in wanted):
                return tuple(sorted({name for name in wanted if name in self}))
        return None

    def among(self, names: Iterable[str]) -> frozenset[str]:
        """Those of ``names`` that are meant."""
        return frozenset(name for name in set(names) if name in self)


def _allows(patterns: tuple[str, ...], name: str) -> bool:
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    if any(fnmatchcase(name, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return not wanted or any(fnmatchcase(name, pattern) for pattern in wanted)
