"""Does a fault do what it says and nothing else, once, and does its record undo it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import cast

from simian_army.errors import SimianError
from simian_army.extras import Wholesale
from simian_army.model import Evidence
from simian_army.standing import bears, struck
from simian_army.testing.life import Life, expect
from simian_army.testing.views import differing, said


def prepares_without_writing(life: Life) -> None:
    """Neither what it prepares nor what it observes changes anything."""
    fault, kind = life.fault(), life.kind()
    before, begun = life.world.look(), life.world.writes()
    fault = replace(fault, undo=kind.prepare(fault))
    expect(life.world.writes() == begun, "prepare writes: nothing is written down yet that could undo it")
    kind.observe(fault)
    expect(life.world.writes() == begun, "observe writes")
    wrong = differing(before, life.world.look())
    expect(not wrong, f"prepare changes {', '.join(map(said, wrong[:5]))}")


def is_undone_by_what_was_written_before(life: Life) -> None:
    """A stranger undoes it with nothing but the record made before the harm, or the mark alone."""
    for how in ("record", "mark"):
        fault, before = life.prepared(), life.world.look()
        mark = life.mark(fault)
        life.kind().inject(fault, mark)
        expect(mark.run in life.world.marks(), "it is held, but its mark is nowhere: a crash would leave it for ever")
        found = life.world.found((*struck(life.kind()), *bears(life.kind())))
        genuine = [target.id for target, one in found if one is not None and one.run == mark.run]
        expect(
            fault.target.id in genuine, "it is held, but who looks for marks finds none that is signed for its target"
        )
        known = fault if how == "record" else replace(fault, params={}, undo=dict(mark.undo))
        life.restored(known, mark, before, f"by the {how} alone")


def changes_what_it_says(life: Life) -> None:
    """It changes something, and of what was there before nothing but the fields that ``restores`` names."""
    fault, before = life.prepared(), life.world.look()
    life.kind().inject(fault, life.mark(fault))
    changed, restores = differing(before, life.world.look()), life.kind().restores
    expect(changed, "it changes nothing")
    strange = [path for path in changed if path[0] in before and not _under(".".join(path[1:]), restores)]
    expect(not strange, f"it changes what its `restores` do not name: {', '.join(map(said, strange[:5]))}")


def is_seen_only_while_it_stands(life: Life) -> None:
    """What it observes holds after the injection, and neither before nor after the revert, in every way it is used."""
    for way in (life, *life.others):
        _seen_only_while_it_stands(way)


def _seen_only_while_it_stands(life: Life) -> None:
    fault, kind = life.prepared(), life.kind()
    expect(not kind.observe(fault).holds, "it says that its effect is there before it was injected")
    mark = life.mark(fault)
    kind.inject(fault, mark)
    seen = life.settled(lambda: kind.observe(fault))
    expect(seen.holds, f"it was injected, but does not see its effect: {seen.detail}")
    if kind.reversible:
        life.revert(fault, mark)
        expect(not kind.observe(fault).holds, "it says that its effect is there after it was reverted")


def is_injected_once(life: Life) -> None:
    """Injected twice it does what it does once, and one revert undoes it."""
    fault, before = life.prepared(), life.world.look()
    kind, mark = life.kind(), life.mark(fault)
    kind.inject(fault, mark)
    once = life.world.look()
    with suppress(SimianError):  # a no is as good
        kind.inject(fault, mark)
    wrong = differing(once, life.world.look())
    expect(not wrong, f"injected again it changes {', '.join(map(said, wrong[:5]))}")
    if kind.reversible:
        life.restored(fault, mark, before, "injected twice")


def is_reverted_once(life: Life) -> None:
    """Reverted again it holds, and writes nothing."""
    fault, mark = life.struck()
    life.revert(fault, mark)
    after, begun = life.world.look(), life.world.writes()
    proof = life.revert(fault, mark)
    expect(proof.holds, f"reverted again it does not hold: {proof.detail}")
    expect(life.world.writes() == begun, "reverted again it writes")
    expect(not differing(after, life.world.look()), "reverted again it changes something")


def is_reverted_without_being_injected(life: Life) -> None:
    """A revert of what never happened holds, and writes nothing."""
    fault = life.prepared()
    before, begun = life.world.look(), life.world.writes()
    proof = life.revert(fault, life.mark(fault))
    expect(proof.holds, f"a revert of what never was does not hold: {proof.detail}")
    expect(life.world.writes() == begun, "a revert of what never was writes")
    expect(not differing(before, life.world.look()), "a revert of what never was changes something")


def is_reverted_with_others(life: Life) -> None:
    """Many reverted at once are each reverted, and each has its own evidence."""
    first, second = life.fault(), life.fault()
    before, kind = life.world.look(), life.kind()
    faults = [replace(fault, undo=kind.prepare(fault)) for fault in (first, second)]
    held = [(life.written(fault), life.mark(fault)) for fault in faults]
    for fault, mark in zip(faults, (mark for _, mark in held), strict=True):
        kind.inject(fault, mark)
    proofs: list[Evidence] = []

    def ask() -> Evidence:
        proofs[:] = cast(Wholesale, kind).revert_all(held)
        return _all(proofs)

    proof = life.settled(ask)
    expect(len(proofs) == len(held), f"revert_all gives {len(proofs)} evidences for {len(held)} faults")
    expect(proof.holds, f"revert_all does not hold: {proof.detail}")
    wrong = differing(before, life.world.look())
    expect(not wrong, f"revert_all says it holds, but leaves {', '.join(map(said, wrong[:5]))}")
    expect(not life.world.marks(), "revert_all says it holds, but a mark is still there")


def _all(proofs: Sequence[Evidence]) -> Evidence:
    bad = [proof for proof in proofs if not proof.holds]
    under_way = bool(bad) and all(proof.under_way for proof in bad)
    return Evidence(not bad, "; ".join(proof.detail for proof in bad), under_way=under_way)


def _under(path: str, restores: Sequence[str]) -> bool:
    return any(f"{path}.".startswith(f"{one}.") for one in restores)
