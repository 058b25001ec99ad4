"""The verb analyse: say why a run came out badly, so that its line goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import typer

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import UsageError
from simian_army.model import AuditEvent, Phase, Run
from simian_army.plugins import suggest
from simian_army.standing import LEVELS, Attempt

ENDED = 130  # the exit code of Ctrl-C


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    run: str
    file: Path | None = None
    template: bool = False
    as_json: bool = False


def analyse(config: Path, wish: Wish) -> int:
    """File the whys of one run: of the file, or asked for here."""
    if wish.template:
        from config.analysis import written

        print(written(wish.run, [("", "", "")]), end="")
        return 0
    loaded = wiring.read_config(config)
    with wiring.books(loaded) as books:
        stopped = [attempt for attempt in books.ledger.attempts(books.clock.now()) if attempt.line]
        run = _known(books, wish.run, stopped)
        mine = [attempt for attempt in stopped if attempt.run == run.id]
        whys = _of_file(wish.file, run.id) if wish.file else _asked(run.id, _outcomes(books, run.id))
        lines = sorted({attempt.group or attempt.name or attempt.target for attempt in mine})
        note = books.scribe.note(Phase.ANALYSED, run, author=wiring.actor(), whys=whys, lines=lines)
        (event,) = books.ledger.append(note)
        left = [attempt for attempt in books.ledger.attempts(books.clock.now()) if attempt.line]
    _tell(event, left, as_json=wish.as_json)
    return 0


def lines(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Every line that is stopped, in words."""
    for attempt in attempts:
        if attempt.line:
            since = f"{attempt.line.since:%Y-%m-%d %H:%M:%S} UTC"
            place = attempt.group or attempt.name or attempt.target
            yield f"{place} since {since}: {attempt.line.outcome}; `simian analyse {attempt.run}` lets it go on"


def states(attempts: Sequence[Attempt]) -> Iterator[dict[str, Any]]:
    """The same for JSON."""
    for attempt in attempts:
        if attempt.line:
            said = {
                "line": attempt.group or attempt.target,
                "run": attempt.run,
                "since": attempt.line.since.isoformat(),
            }
            yield {**said, "outcome": attempt.line.outcome}


def whys_of(event: AuditEvent) -> str:
    """What an analysis says, in one line."""
    said = event.data.get("whys", ())
    each = (f"{n}. {one.get('why')} (remedy: {one.get('remedy')}; owner: {one.get('owner')})" for n, one in _each(said))
    return f"by {event.data.get('author')}: {' '.join(each)}"


def _each(said: Any) -> Iterator[tuple[int, Any]]:
    return ((number, one) for number, one in enumerate(said, 1) if isinstance(one, dict))


def _known(books: wiring.Books, run: str, stopped: Sequence[Attempt]) -> Run:
    waiting = sorted({attempt.run for attempt in stopped})
    if not run:
        listed = f"waiting for it: {', '.join(waiting)}" if waiting else "no line is stopped"
        raise UsageError(f"name the run that is to be analysed; {listed}")
    event = next(iter(books.ledger.query(run=run)), None)
    if event:
        return Run(run, event.entry, event.at, "")
    runs = dict.fromkeys([*waiting, *(event.run for event in books.ledger.query(phase=Phase.FIRED))])
    hint = suggest(run, runs) or "`simian status` lists the stopped lines, `simian audit` every run"
    raise UsageError(f"the ledger knows no run {run}; {hint}")


def _outcomes(books: wiring.Books, run: str) -> list[AuditEvent]:
    return list(books.ledger.query(run=run, phase=Phase.JUDGED))


def _of_file(file: Path, run: str) -> list[dict[str, str]]:
    from config.analysis import load_analysis

    return [one.model_dump() for one in load_analysis(file, run)]


def _asked(run: str, outcomes: Sequence[AuditEvent]) -> list[dict[str, str]]:
    """Up to five levels, asked for one by one; an empty why ends them. What was typed before Ctrl-C is kept."""
    for event in outcomes:
        about = event.data.get("target") or {}
        show.err.print(
            f"{event.data.get('kind')} on {about.get('name')}: {event.data.get('outcome')}, {event.data.get('detail')}",
            markup=False,
        )
    found: list[list[str]] = []
    try:
        while len(found) < LEVELS and (why := _answer(f"Why {len(found) + 1} of at most {LEVELS}", found)):
            found.append([why])
            for word in ("remedy", "owner"):
                found[-1].append(_answer(f"  its {word}"))
    except (typer.Abort, EOFError, KeyboardInterrupt):
        _keep(run, found)
        raise typer.Exit(ENDED) from None
    return [dict(zip(("why", "remedy", "owner"), one, strict=True)) for one in found]


def _answer(question: str, may_end: Sequence[object] = ()) -> str:
    """One line that says something; where one may end, an empty one does."""
    hint = " (empty ends)" if may_end else ""
    while True:
        said = str(typer.prompt(question + hint, default="", show_default=False, err=True)).strip()
        said = said.encode(errors="replace").decode()  # what a terminal could not decode is no text for the ledger
        if said or may_end:
            return said


def _keep(run: str, found: Sequence[Sequence[str]]) -> None:
    from config.analysis import written

    if not found:
        show.err.print("\nnothing was filed", markup=False)
        return
    rows = [tuple(islice((*one, "", ""), 3)) for one in found]
    names = (Path(f"analysis-{run}{end}.yaml") for end in ("", *(f"-{number}" for number in range(2, 100))))
    file = next(name for name in names if not name.exists())
    file.write_text(written(run, rows), encoding="utf-8")
    show.err.print(
        f"\nnothing was filed; what you said is in {file}: `simian analyse {run} --file {file}` files it", markup=False
    )


def _tell(event: AuditEvent, left: Sequence[Attempt], *, as_json: bool) -> None:
    if as_json:
        from simian_army.audit.log import to_json

        show.dump(to_json(event))
        return
    freed = event.data["lines"]
    still = {attempt.group or attempt.name or attempt.target: attempt.run for attempt in left}
    show.say(f"filed: {len(event.data['whys'])} whys of run {event.run}", "bold")
    for place in freed:
        waits = f"still stopped by run {still[place]}" if place in still else "goes on"
        show.say(f"  the line of {place} {waits}")
    if not freed:
        show.say("  no line was stopped by it; it is kept all the same")
