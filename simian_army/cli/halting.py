"""The verbs that stop the fleet and let it go on: halt, resume; and what status says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simian_army import wiring
from simian_army.cli import show
from simian_army.errors import LedgerError, SimianError, UsageError
from simian_army.model import Halt, Phase

if TYPE_CHECKING:
    from simian_army.halts.halts import Halts, Said

STOPPED = "halted: nothing new begins, and what is held is being reverted"


def halt(config: Path, reason: str, *, as_json: bool) -> None:
    """Write the halt down, in the ledger or, when that is away, as a file; the agent reads both twice a second."""
    _must_say_why(reason)
    loaded = wiring.read_config(config)
    try:
        with wiring.books(loaded) as books:
            (told,) = books.ledger.append(books.scribe.note(Phase.HALTED, reason=reason, source="cli"))
    except LedgerError as away:
        _by_file(loaded, reason, away, as_json=as_json)
        return
    if as_json:
        from simian_army.audit.log import to_json

        show.dump(to_json(told))
        return
    show.say(STOPPED, "bold")


def resume(config: Path, reason: str, *, as_json: bool) -> int:
    """End every halt that is ours to end, and name the others; 1 if the fleet is still halted."""
    _must_say_why(reason)
    loaded = wiring.read_config(config)
    with wiring.halting(loaded) as halts, show.working("asking who halted ..."):
        done, failed = _cleared(halts, reason)
        left = halts.survey()
    still = bool(_unknown(left)) or any(not halt.scope for one in left for halt in one.halts)
    if as_json:
        show.dump({"resumed": not still, "cleared": done, "failed": failed, "left": list(states(left))})
        return 1 if still else 0
    for line in (*(f"ended: {where}" for where in done), *failed):
        show.say(f"  {line}")
    for one in left:
        _tell_left(one)
    show.say("still halted" if still else "resumed", "bold")
    return 1 if still else 0


def states(said: Sequence[Said]) -> Iterator[dict[str, Any]]:
    """Each source's state, one for each halt in it, for JSON."""
    for one in said:
        about = {"source": one.source.name, "where": one.source.where}
        if one.trouble:
            yield {**about, "halted": None, "error": one.trouble, "command": one.source.command("")}
        elif not one.halts:
            yield {**about, "halted": False}
        for halt in one.halts:
            why = {"author": halt.author, "reason": halt.reason, "at": halt.at.isoformat(), "scope": halt.scope}
            yield {**about, "halted": True, **why, "command": one.source.command(halt.scope)}


def lines(said: Sequence[Said]) -> Iterator[str]:
    """The same for people; the first line sums it up."""
    fleet = [halt for one in said for halt in one.halts if not halt.scope]
    unknown = _unknown(said)
    if fleet:
        yield words(fleet[0])
    else:
        yield f"cannot be told: {unknown[0]}" if unknown else "none"
    for one in said:
        state = f"cannot be read: {one.trouble}" if one.trouble else "; ".join(map(words, one.halts)) or "no halt"
        yield f"  {one.source.where}: {state}"


def words(halt: Halt) -> str:
    """One halt: where, by whom, when, why."""
    place = f"in {halt.scope} " if halt.scope else ""
    return f"{place}by {halt.author} at {halt.at:%Y-%m-%d %H:%M}: {halt.reason}"


def _unknown(said: Sequence[Said]) -> list[str]:
    """Why nobody can say whether the fleet is halted; a team's word is asked for where it counts."""
    return [one.trouble for one in said if one.trouble and not one.source.platform]


def _must_say_why(reason: str) -> None:
    if not reason.strip():
        raise UsageError("say why: --reason TEXT; it is kept with your name")


def _by_file(loaded: Any, reason: str, away: LedgerError, *, as_json: bool) -> None:
    file = wiring.file_of(loaded)
    try:
        file.write(reason)
    except SimianError as error:
        raise LedgerError(f"nothing is halted: {away}; nor could {error}: make that file by hand") from away
    if as_json:
        show.dump({"halted": True, "source": "file", "path": str(file.path), "reason": reason, "ledger": str(away)})
        return
    show.err.print(f"the ledger is away ({away}), so {file.where} was written instead", markup=False)
    show.say(STOPPED, "bold")


def _cleared(halts: Halts, reason: str) -> tuple[list[str], list[str]]:
    """What was ended, and what could not be and why."""
    done: list[str] = []
    failed: list[str] = []
    for one in halts.survey():
        wanted = [halt for halt in one.halts if not halt.scope]
        if one.source.name == "ledger" and not (wanted or one.trouble):
            wanted = [Halt("nobody", "", halts.clock.now())]  # the word is kept, whether or not it changes anything
        for halt in wanted:
            try:
                one.source.clear(halt, reason)
                done.append(one.source.where)
            except SimianError as error:
                failed.append(f"not ended: {one.source.where}: {error}; type `{one.source.command('')}`")
    return done, failed


def _tell_left(one: Said) -> None:
    if one.trouble:
        show.say(f"  cannot be read: {one.source.where}: {one.trouble}", "red")
    for halt in one.halts:
        show.say(f"  still halted {words(halt)}; `{one.source.command(halt.scope)}` ends it", "red")
