"""How plain values become YAML text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml


class _Plain(yaml.SafeDumper):
    """Every list and mapping where it stands: no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def documents(objects: Sequence[Mapping[str, Any]]) -> str:
    """Each as one document, its keys in their order."""
    return yaml.dump_all(objects, Dumper=_Plain, sort_keys=False, explicit_start=True, allow_unicode=True)
