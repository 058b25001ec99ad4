"""Does a revert keep what others did while the fault was held, and heed no mark that others wrote."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simian_army.errors import SimianError, Unknown
from simian_army.model import Json, Mark
from simian_army.testing.life import Life, expect
from simian_army.testing.views import differing, leaves, left_wrong, said

_THEIRS = "theirs00"


def keeps_what_others_changed(life: Life) -> None:
    """What others changed meanwhile stays, all of ours goes, and the revert says so."""
    fault, mark = life.struck()
    plain = life.revert(fault, mark).detail
    fault, before = life.prepared(), life.world.look()
    mark = life.mark(fault)
    life.kind().inject(fault, mark)
    struck = life.world.look()
    life.world.change(fault.target, before)
    changed = life.world.look()
    proof = life.revert(fault, mark)
    expect(proof.holds, f"others changed the target meanwhile, and the revert does not hold: {proof.detail}")
    wrong = left_wrong(before, struck, changed, life.world.look())
    expect(not wrong, f"others changed the target meanwhile, and after the revert {'; '.join(wrong[:5])}")
    expect(mark.run not in life.world.marks(), "others changed the target meanwhile, and the revert leaves the mark")
    if _overlap(before, struck, changed):
        expect(proof.detail != plain, f"others changed what it had changed, and it only says: {proof.detail}")


def bears_that_its_target_goes(life: Life) -> None:
    """A target that is gone is refused, and one that goes meanwhile is reverted, with all that stands elsewhere."""
    if life.kind().reversible:
        _goes_while_held(life)
    fault = life.prepared()
    life.world.remove(fault.target)
    before = life.world.look()
    no: SimianError | None = None
    try:
        life.kind().prepare(fault)
        life.kind().inject(fault, life.mark(fault))
    except SimianError as error:
        no = error
    expect(no is not None, "the target is gone, and it is injected all the same")
    expect(not isinstance(no, Unknown), f"the target is gone, and it cannot say whether it did anything: {no}")
    wrong = differing(before, life.world.look())
    expect(not wrong, f"the target is gone, and it changes {', '.join(map(said, wrong[:5]))}")
    life.kind().observe(fault)


def heeds_no_forged_mark(life: Life) -> None:
    """What a forged mark says is never done: it is undone by what was written down, and no mark is overwritten."""
    fault, before = life.prepared(), life.world.look()
    mark = life.mark(fault)
    life.kind().inject(fault, mark)
    struck = life.world.look()
    life.world.forge(fault.target, _forged(mark))
    forged = life.world.look()
    proof = life.revert(fault, mark)
    expect(proof.holds, f"its mark was forged, and the revert does not hold: {proof.detail}")
    wrong = left_wrong(before, struck, forged, life.world.look())
    expect(not wrong, f"its mark was forged, and after the revert {'; '.join(wrong[:5])}")
    _strikes_under_a_mark(life)


def _goes_while_held(life: Life) -> None:
    fault, before = life.prepared(), life.world.look()
    mark = life.mark(fault)
    life.kind().inject(fault, mark)
    struck = life.world.look()
    life.world.remove(fault.target)
    gone = life.world.look()
    expect(not life.kind().observe(fault).holds, "its target is gone, and it says that its effect is there")
    proof = life.revert(fault, mark)
    expect(proof.holds, f"its target is gone, and the revert does not hold: {proof.detail}")
    wrong = left_wrong(before, struck, gone, life.world.look())
    expect(not wrong, f"its target is gone, and after the revert {'; '.join(wrong[:5])}")
    expect(mark.run not in life.world.marks(), "its target is gone, and the revert leaves a mark elsewhere")


def _strikes_under_a_mark(life: Life) -> None:
    """On a target that somebody marked it says no, or leaves that mark alone."""
    fault = life.fault()
    stranger = _forged(replace(life.mark(fault), undo={"stranger": 1}))
    life.world.forge(fault.target, stranger)
    before, marks = life.world.look(), list(life.world.marks())
    try:
        fault = replace(fault, undo=life.kind().prepare(fault))
        life.kind().inject(fault, life.mark(fault, "others2345"))
    except SimianError:
        wrong = differing(before, life.world.look())
        expect(not wrong, f"a marked target is refused, but it changes {', '.join(map(said, wrong[:5]))}")
    expect([run for run in life.world.marks() if run in marks] == marks, "it overwrites a mark that is there already")


def _overlap(before: Json, struck: Json, changed: Json) -> bool:
    """Whether others changed what the fault had changed."""
    during, theirs = leaves(struck), leaves(changed)
    return any(during.get(path) != theirs.get(path) for path in differing(before, struck))


def _forged(mark: Mark) -> Mark:
    """The same run with another undo, under a signature that is not the fleet's."""
    return replace(mark, undo=_other(dict(mark.undo)), mac=mark.mac[::-1])


def _other(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _other(one) for key, one in value.items()}
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 7
    return [_other(one) for one in value] if isinstance(value, list) else _THEIRS
