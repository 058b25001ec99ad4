"""What a game day came to, for people and machines; made of nothing but what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from simian_army.contract import Ledger
from simian_army.gameday.diary import Day, Page
from simian_army.gameday.steps import Plan, Step
from simian_army.gameday.tale import Struck, Tale, refusals, told

NOT_BEGUN = "not begun"
SHOWN = 10  # refusals of one step that are told one by one


def report(plan: Plan, day: Day, ledger: Ledger, fleet: str) -> dict[str, Any]:
    """All there is to say, as JSON."""
    steps = [_step(number, step, day.page(number), ledger) for number, step in enumerate(plan.steps, 1)]
    return {
        "gameday": day.id,
        "name": plan.name,
        "file": plan.file,
        "digest": plan.digest,
        "fleet": fleet,
        "by": day.by,
        "begun": _iso(day.begun),
        "ended": _iso(day.ended),
        "resumed": day.resumed,
        "result": day.result,
        "why": day.why,
        "steps": steps,
    }


def markdown(said: Mapping[str, Any]) -> str:
    """The same as Markdown."""
    return "\n".join(_lines(said)) + "\n"


def _step(number: int, step: Step, page: Page, ledger: Ledger) -> dict[str, Any]:
    tale = told(ledger.query(run=page.run), said=page.fired) if page.run else Tale()
    return {
        "number": number,
        "name": step.name,
        "what": step.what,
        "expect": step.expect,
        "state": page.state or NOT_BEGUN,
        "why": page.why,
        "runs": list(page.runs),
        "leashed": tale.leashed,
        "begun": _iso(page.begun),
        "ended": _iso(page.ended),
        "hits": [_hit(one) for one in tale.hits],
        "would_hit": tale.would,
        "refused": [{"target": t, "guard": guard, "reason": why} for t, guard, why in refusals(tale.denied)[:SHOWN]],
        "spared": list(tale.denied.get("spared", ())),
    }


def _hit(one: Struck) -> dict[str, Any]:
    return {
        "target": one.name,
        "id": one.target,
        "fault": one.kind,
        "begun": _iso(one.begun),
        "ended": _iso(one.ended),
        "end": str(one.end) if one.end else None,
        "outcome": one.outcome or None,
        "detail": one.detail,
    }


def _lines(said: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Game day: {said['name']}"
    yield ""
    yield f"**{said['result']}**: {said['why']}"
    yield ""
    yield f"- game day `{said['gameday']}` of fleet {said['fleet']}, by {said['by']}"
    yield f"- begun {_when(said['begun'])}, ended {_when(said['ended'])}"
    yield f"- file {said['file']}, SHA-256 {said['digest'][:16]}"
    if said["resumed"]:
        yield f"- broken off and resumed {said['resumed']} times"
    yield ""
    yield "| step | what | expected | came to | run | from | until |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for step in said["steps"]:
        yield _row(step)
    for step in said["steps"]:
        yield from _details(step)


def _row(step: Mapping[str, Any]) -> str:
    run = f"`{step['runs'][-1]}`" if step["runs"] else ""
    cells: Sequence[object] = (
        f"{step['number']} {step['name']}".strip(),
        step["what"],
        step["expect"],
        step["state"],
        run,
        _when(step["begun"]),
        _when(step["ended"]),
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _details(step: Mapping[str, Any]) -> Iterator[str]:
    lines = [f"- **{step['state']}**: {step['why']}"] if step["why"] else []
    for hit in step["hits"]:
        what = f"{hit['fault']} on {hit['target']}, {_when(hit['begun'])} to {_when(hit['ended'])}"
        lines.append(f"- {what}: {hit['end'] or 'open'}, {hit['outcome'] or 'not judged'}: {hit['detail']}")
    lines += [f"- leashed: {name} would have been hit" for name in step["would_hit"]]
    lines += [f"- refused: {one['target']} by {one['guard']}: {one['reason']}" for one in step["refused"]]
    lines += [f"- spared: {one['count']} by {one['guard']}: {one['reason']}" for one in step["spared"]]
    if lines:
        yield ""
        yield f"## Step {step['number']}: {step['name'] or step['what']}"
        yield ""
        yield from (line.replace("\n", " ") for line in lines)


def _cell(said: object) -> str:
    return str(said).replace("|", "\\|").replace("\n", " ")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _when(said: str | None) -> str:
    return f"{datetime.fromisoformat(said):%Y-%m-%d %H:%M:%S} UTC" if said else ""
