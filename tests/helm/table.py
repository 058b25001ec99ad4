"""The table of rights as the chart carries it: `python -m tests.helm.table` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simian_army.wiring import chart_table

FILE = Path(__file__).parents[2] / "helm/simian-army/files/rights.json"
WIDTH = 150


def text() -> str:
    """What the file must say."""
    return _dump(chart_table(), 0) + "\n"


def _dump(value: Any, deep: int) -> str:
    flat = json.dumps(value)
    if not isinstance(value, dict | list) or len(flat) + deep <= WIDTH:
        return flat
    pad = " " * (deep + 1)
    if isinstance(value, list):
        inner = [f"{pad}{_dump(one, deep + 1)}" for one in value]
        return "[\n" + ",\n".join(inner) + "\n" + " " * deep + "]"
    inner = [f"{pad}{json.dumps(key)}: {_dump(one, deep + 1)}" for key, one in value.items()]
    return "{\n" + ",\n".join(inner) + "\n" + " " * deep + "}"


if __name__ == "__main__":
    FILE.write_text(text())
