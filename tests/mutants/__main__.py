"""`make mutants`: flip every comparison in ``safety/`` and ``scheduler/calendar.py``, and see whether a test notices."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from simian_army.clock import SystemClock
from tests.mutants.flips import Flip, flips
from tests.mutants.listing import Row, written
from tests.mutants.running import KILLED, LATE, SURVIVED, Job, file_of, tried

KEPT = Path("build/mutants.json")
"""What became of each, so that a run that was broken off goes on; only while its module is the same."""
SCENES = "3000"
"""Of the oracle's, when the tests of the module did not notice."""
QUICK = ("-m", "not slow and not real")
ORACLE = ("tests/oracle/test_oracle.py", "-k", "the_guards_and_the_oracle")


def modules() -> list[str]:
    """Those whose comparisons are flipped."""
    found = [path for path in sorted(Path("safety").glob("*.py")) if path.name != "__init__.py"]
    return [".".join(path.with_suffix("").parts) for path in [*found, Path("scheduler/calendar.py")]]


def rounds(module: str) -> tuple[tuple[str, ...], ...]:
    """The tests that import it; then, of guards, the oracle, and all tests of its room."""
    room = f"tests/{module.partition('.')[0]}"
    name = f"{module} import"
    direct = [str(path) for path in sorted(Path("tests").rglob("test_*.py")) if name in path.read_text()]
    near = [path for path in direct if path.split("/")[1] in (room.split("/")[1], "simian_army", "looking")]
    first = ((*near, *QUICK),) if near else ()
    return (*first, *([ORACLE] if module.startswith("safety.") else []), (room, *QUICK))


def main() -> int:
    """Try all that is not known to be killed; 1 when a survivor is not explained, or tests fail as it is."""
    os.environ["SIMIAN_SCENES"] = SCENES
    sys.path.insert(0, ".")
    workers, begun = int(os.environ.get("WORKERS", "2")), SystemClock().monotonic()
    todo = {module: list(flips(Path(file_of(module)).read_text())) for module in modules()}
    if broken := _broken(list(todo), workers):
        print(f"the tests fail as it is: {', '.join(broken)}")
        return 1
    fates = _fates(todo, workers)
    survivors = [_row(module, flip) for module, flip in _all(todo) if fates[_mark(module, flip)] == SURVIVED]
    count = Counter(fates[_mark(module, flip)] for module, flip in _all(todo))
    print(f"{sum(count.values())} flips: {dict(count)}; {SystemClock().monotonic() - begun:.0f} s this time")
    figures = f"{sum(count.values())} flips in {len(todo)} modules: {count[KILLED] + count[LATE]} noticed, {count[SURVIVED]} not."
    silent = written(survivors, figures)
    for row in silent:
        print(f"not explained in docs/mutants.md: {row}")
    return 1 if silent else 0


def _broken(names: Sequence[str], workers: int) -> list[str]:
    sets = list(dict.fromkeys(one for name in names for one in rounds(name)))
    jobs = [Job("nothing", None, (one,)) for one in sets]
    return [" ".join(sets[number]) for number, fate in tried(jobs, workers) if fate != SURVIVED]


def _fates(todo: dict[str, list[Flip]], workers: int) -> dict[str, str]:
    """What becomes of each. What was killed before is not tried again; what survived is: there may be more tests."""
    known: dict[str, str] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    known = {mark: fate for mark, fate in known.items() if fate != SURVIVED}
    left = [(module, flip) for module, flip in _all(todo) if _mark(module, flip) not in known]
    print(f"{sum(map(len, todo.values())) - len(left)} are known from before, {len(left)} to try", flush=True)
    jobs = [Job(module, flip.tree, rounds(module)) for module, flip in left]
    for done, (number, fate) in enumerate(tried(jobs, workers), 1):
        module, flip = left[number]
        known[_mark(module, flip)] = fate
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(known))
        print(f"{done}/{len(left)} {fate:9} {module}:{flip.line} {flip.where}: {flip.text}: {flip.change}", flush=True)
    return known


def _all(todo: dict[str, list[Flip]]) -> list[tuple[str, Flip]]:
    return [(module, flip) for module, found in todo.items() for flip in found]


def _row(module: str, flip: Flip) -> Row:
    return Row(module, *flip.key)


def _mark(module: str, flip: Flip) -> str:
    """What it is called as long as its module is the same."""
    source = hashlib.sha256(Path(file_of(module)).read_bytes()).hexdigest()[:12]
    return json.dumps([module, source, *flip.key])


if __name__ == "__main__":
    sys.exit(main())
