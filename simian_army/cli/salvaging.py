"""The verb revert when there is no ledger: by marks and records alone, with the fleet key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simian_army import wiring
from simian_army.cli import show
from simian_army.cli.reverting import GRACE, Wish
from simian_army.errors import LedgerError, UsageError
from simian_army.salvage import Saved

if TYPE_CHECKING:
    from config.load import Loaded


def salvage(loaded: Loaded, wish: Wish, away: LedgerError) -> int:
    """Revert what can be found and say each; 0 only if all of it is proved and nothing is in doubt."""
    show.err.print(f"without the ledger, by marks and records alone: {away}", markup=False)
    with wiring.salvaging(loaded) as salvor:
        with show.working("looking for marks and records ..."):
            haul = salvor.salvage.find(wish.run)
        if wish.run and not haul.orphans and not haul.doubts:
            raise UsageError(f"no mark and no record tells of run {wish.run}")
        untold: set[str] = set()

        def told(saved: Saved) -> None:
            untold.add(salvor.note(saved, wish.why))
            _tell(saved, wish)

        left = salvor.salvage.revert(haul, GRACE, told)
    for saved in left:
        _tell(saved, wish)
    for doubt in haul.doubts:
        show.err.print(f"in doubt: {doubt}", markup=False)
    for why in sorted(untold - {""}):
        show.err.print(why, markup=False)
    if not wish.as_json:
        bad = len(left) + len(haul.doubts)
        show.say("reverted" if not bad else f"{len(left)} still held, {len(haul.doubts)} in doubt", "bold")
    return 1 if left or haul.doubts else 0


def _tell(saved: Saved, wish: Wish) -> None:
    orphan, proof = saved.orphan, saved.proof
    if wish.as_json:
        told = {"run": orphan.run.id, "kind": orphan.fault.kind, "target": str(orphan.fault.target), "by": orphan.by}
        show.dump({**told, "reverted": proof.holds, "detail": proof.detail})
        return
    words = "reverted" if proof.holds else "NOT REVERTED"
    show.say(f"  {words}  {orphan.fault.kind} on {orphan.fault.target} (run {orphan.run.id}): {proof.detail}")
