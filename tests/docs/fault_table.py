"""The table of all faults in docs/fault-table.md, from kinds and their tests: `python -m tests.docs.fault_table`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from simian_army.plugins import Plugin, found
from simian_army.standing import struck
from simian_army.testing import CHECKS
from tests.crash.points import CASES
from tests.docs.grounds import grounds
from tests.faults.suites import SUITES

FILE = Path(__file__).parents[2] / "docs" / "fault-table.md"
HEAD = """# All faults

Made by `python -m tests.docs.fault_table` from what the fault kinds say of themselves (`simian plugins` prints the same) and from their tests; a test compares it.
What each does in practice is told in [faults](faults.md), [aws](aws.md) and [toxiproxy](toxiproxy.md), how a fault of your own is tested in [testing faults](testing-faults.md).

*How tested*: how many of the [checks](#the-checks) its conformance suite asks, and in how many ways of using it; whether its agent is killed at each point of a
run; on which real parts, besides the embedded servers and moto, tests fire it.
"""
COLUMNS = ("fault", "strikes", "parameters", "undo gives back", "ends without us", "permissions", "how tested")


def text(parts: Mapping[str, Sequence[str]]) -> str:
    """The whole file; ``parts`` are the real parts that each kind is tried on."""
    lines = [HEAD, _row(COLUMNS), _row(["---"] * len(COLUMNS))]
    lines += [_row(_cells(plugin, parts.get(name, ()))) for name, plugin in sorted(_offered(), key=_by_platform)]
    return "\n".join([*lines, "", *_left_out(), *_parameters(), *_checks()])


def parts_of(text: str) -> dict[str, list[str]]:
    """The real parts that a written table tells, so that the rest can be compared without gathering them."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): _told(row[-1]) for row in rows}


def _told(cell: str) -> list[str]:
    return [part.removeprefix("real ") for part in cell.split("; ") if part.startswith("real ")]


def _offered() -> Iterator[tuple[str, Plugin]]:
    yield from ((name, plugin) for name, plugin in found("fault").items() if name in SUITES)


def _by_platform(one: tuple[str, Plugin]) -> tuple[int, str]:
    name, plugin = one
    return ("kubernetes", "aws", "toxiproxy").index(getattr(plugin.make, "platform", "")), name


def _cells(plugin: Plugin, parts: Sequence[str]) -> list[str]:
    make: Any = plugin.make
    said = plugin.undoing()
    restores = ", ".join(f"`{path}`" for path in said["restores"]) or "what it made, by deleting it"
    gives = restores if said["reversible"] else "nothing: it is momentary"
    parameters = ", ".join(f"`{name}`" for name in plugin.parameters()) or "none"
    strikes = f"{make.platform}: {', '.join(struck(make))}"
    permissions = _permissions(said["permissions"])
    return [f"`{plugin.name}`", strikes, parameters, gives, said["alone"], permissions, _tested(plugin.name, parts)]


def _tested(name: str, parts: Sequence[str]) -> str:
    suite = SUITES[name]
    fitting = sum(check.fits(suite.fault) for check in CHECKS)
    ways = f", {len(suite.ways)} ways" if len(suite.ways) > 1 else ""
    killed = ["agent killed"] if any(case.kind == name for case in CASES) else []
    return "; ".join([f"{len(suite.asked)} of {fitting} checks{ways}", *killed, *(f"real {part}" for part in parts)])


def _permissions(said: Sequence[Sequence[str]]) -> str:
    grouped: dict[str, list[str]] = {}
    for one in said:
        what, verb = _split(one)
        if verb not in grouped.setdefault(what, []):
            grouped[what].append(verb)
    return "; ".join(f"{what}: {' '.join(verbs)}" for what, verbs in grouped.items()) or "none"


def _split(permission: Sequence[str]) -> tuple[str, str]:
    """What may be done to, and the verb: ``pods/eviction`` and ``create``, ``ec2`` and ``StopInstances``."""
    if len(permission) == 1:
        service, _, action = permission[0].partition(":")
        return service, action
    verb, _, resource, sub = permission
    return f"{resource}/{sub}" if sub else resource, verb


def _left_out() -> Iterator[str]:
    left = [(name, check, why) for name, suite in sorted(SUITES.items()) for check, why in suite.without.items()]
    if left:
        yield "## Checks that are left out\n"
        yield from (f"- `{name}`, {check}: {why}" for name, check, why in left)
        yield ""


def _parameters() -> Iterator[str]:
    yield "## Parameters\n"
    for name, plugin in sorted(_offered(), key=_by_platform):
        for parameter, meaning in plugin.parameters().items():
            yield f"- `{name}`, `{parameter}`: {meaning}"
    yield ""


def _checks() -> Iterator[str]:
    yield "## The checks\n"
    yield from (_row(cells) for cells in (["check", "what it asks", "of"], ["---"] * 3))
    for check in CHECKS:
        of = "those that revert many at once" if check.many else "held kinds" if check.held else "all kinds"
        yield _row([check.name, " ".join((check.run.__doc__ or "").split()), of])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def main() -> None:
    """Write it."""
    FILE.write_text(text(grounds()))


if __name__ == "__main__":
    main()
