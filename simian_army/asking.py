"""How guards are asked: all of them, and one that breaks says no."""

from __future__ import annotations

from collections.abc import Sequence

from simian_army.contract import Guard
from simian_army.model import Scene, Verdict


def ask(guards: Sequence[Guard], scene: Scene) -> tuple[Verdict, ...]:
    """Every guard's answer, in order; none short-circuits, so the audit holds every reason."""
    return tuple(answer(guard, scene) for guard in guards)


def answer(guard: Guard, scene: Scene) -> Verdict:
    """One guard's answer; a guard that raises or returns nonsense is a no in its name."""
    try:
        verdict = guard(scene)
    except Exception as error:  # noqa: BLE001 - the guard border: doubt means no
        return Verdict(guard.name, allowed=False, reason=f"guard failed: {type(error).__name__}: {error}")
    if isinstance(verdict, Verdict) and verdict.allowed in (True, False):
        return verdict
    return Verdict(guard.name, allowed=False, reason=f"guard failed: it answered {verdict!r}, not a verdict")


def denials(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Those that say no."""
    return tuple(verdict for verdict in verdicts if not verdict.allowed)
