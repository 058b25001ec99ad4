"""Is a fault given back wherever its process died, whatever answer was lost, however long the platform is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from simian_army.errors import Conflict, Forbidden, Gone, Refused, SimianError
from simian_army.model import Evidence, Json, Mark
from simian_army.testing.life import Life, Nonconformity, expect
from simian_army.testing.probe import Died, Endless, Probe, Trouble
from simian_army.testing.views import differing, left_wrong, said

_NO = (Refused, Gone, Conflict, Forbidden)
_DEATHS = (Trouble.DIES,)  # before a call nothing is done that was not done right after the one before
_SILENCES = (Trouble.NO_ANSWER, Trouble.AWAY, Trouble.GONE_SILENT)


def is_given_back_wherever_it_dies(life: Life) -> None:
    """Its process dies at each call of an injection and of a revert: the next one finds the mark and undoes it."""
    for probe in _points(life, _DEATHS, lambda probe: _dies_injecting(life, probe)):
        expect(probe.calls, "it is injected without a call of its port: nothing of it can be tested")
    if life.kind().reversible:
        list(_points(life, _DEATHS, lambda probe: _dies_reverting(life, probe)))


def bears_that_nobody_answers(life: Life) -> None:
    """At each call the platform is away or its answer is lost: it says so in an error of ours, ends, and is undone."""
    list(_points(life, _SILENCES, lambda probe: _unanswered_preparing(life, probe)))
    list(_points(life, _SILENCES, lambda probe: _unanswered_looking(life, probe)))
    list(_points(life, _SILENCES, lambda probe: _unanswered_injecting(life, probe)))
    if life.kind().reversible:
        list(_points(life, _SILENCES, lambda probe: _unanswered_reverting(life, probe)))


def _points(life: Life, troubles: tuple[Trouble, ...], live: Callable[[Probe], None]) -> Iterator[Probe]:
    """A life for each trouble at each call, until there are no more calls."""
    for trouble in troubles:
        at = 0
        while True:
            probe = replace(life.probe(), trouble=trouble, at=at)
            live(probe)
            life.clear()
            if len(probe.calls) <= at:
                break
            yield probe
            at += 1


def _dies_injecting(life: Life, probe: Probe) -> None:
    fault, before = life.prepared(), life.world.look()
    mark = life.mark(fault)
    with suppress(Died):
        life.kind(probe).inject(fault, mark)
    when = f"injecting, {_where(probe)}"
    harmed = [path for path in differing(before, life.world.look()) if path[0] in before]
    if not life.kind().reversible:
        proof = life.revert(fault, mark)
        expect(proof.holds, f"{when}: the revert does not hold: {proof.detail}")
        return
    words = (
        f"{when}: {', '.join(map(said, harmed[:3]))} changed, and no mark tells of it: write it before or with the harm"
    )
    expect(not harmed or mark.run in life.world.marks(), words)
    life.restored(fault, mark, before, when)


def _dies_reverting(life: Life, probe: Probe) -> None:
    fault, before = life.prepared(), life.world.look()
    mark = life.mark(fault)
    life.kind().inject(fault, mark)
    with suppress(Died):
        life.kind(probe).revert(life.written(fault), mark)
    life.restored(fault, mark, before, f"reverting, {_where(probe)}")


def _unanswered_preparing(life: Life, probe: Probe) -> None:
    fault, begun = life.fault(), life.world.writes()
    kind = life.kind(probe)
    _of(lambda: kind.prepare(fault), "preparing", probe)
    expect(life.world.writes() == begun, f"preparing, {_where(probe)}: it writes")


def _unanswered_looking(life: Life, probe: Probe) -> None:
    """A look that failed is no evidence."""
    fault = life.prepared()
    kind = life.kind(probe)
    seen = _of(lambda: kind.observe(fault), "observing", probe)
    struck = len(probe.calls) > probe.at
    lied = struck and isinstance(seen, Evidence) and seen.holds
    expect(not lied, f"observing, {_where(probe)}: it says that its effect is there, which nobody injected")


def _unanswered_injecting(life: Life, probe: Probe) -> None:
    fault, before = life.prepared(), life.world.look()
    mark, kind = life.mark(fault), life.kind(probe)
    error = _of(lambda: kind.inject(fault, mark), "injecting", probe)
    when = f"injecting, {_where(probe)}"
    after = life.world.look()
    wrong = left_wrong(before, before, before, after)
    plain = isinstance(error, _NO) and (wrong or mark.run in life.world.marks())
    expect(
        not plain, f"{when}: it says no ({error}), but something of it was done: {'; '.join(wrong[:3]) or 'the mark'}"
    )
    if kind.reversible:
        life.restored(fault, mark, before, when)


def _unanswered_reverting(life: Life, probe: Probe) -> None:
    fault, before = life.prepared(), life.world.look()
    mark = life.mark(fault)
    life.kind().inject(fault, mark)
    kind, stranger = life.kind(probe), life.written(fault)
    proof = _of(lambda: kind.revert(stranger, mark), "reverting", probe)
    when = f"reverting, {_where(probe)}"
    if isinstance(proof, Evidence) and proof.holds:
        _is_true(life, mark, before, when)
    life.restored(fault, mark, before, f"{when}, and reverted again")


def _is_true(life: Life, mark: Mark, before: Json, when: str) -> None:
    wrong = left_wrong(before, before, before, life.world.look())
    expect(not wrong, f"{when}: the revert says it holds, but {'; '.join(wrong[:5])}")
    expect(mark.run not in life.world.marks(), f"{when}: the revert says it holds, but its mark is still there")


def _of(act: Callable[[], object], doing: str, probe: Probe) -> object:
    """What an act gives, or the error of ours that it raises.

    Raises:
        Nonconformity: it raises another, or never ends.
    """
    try:
        return act()
    except SimianError as error:
        return error
    except Endless:
        raise Nonconformity(f"{doing}, {_where(probe)}: it asks on and on and never comes back") from None
    except Exception as error:  # the plug-in border: whatever it raises is told by name
        words = f"it raises {type(error).__name__} ({error}), and not one of simian_army's errors"
        raise Nonconformity(f"{doing}, {_where(probe)}: {words}") from error


def _where(probe: Probe) -> str:
    name = f" ({probe.calls[probe.at]})" if len(probe.calls) > probe.at >= 0 else ""
    return f"call {probe.at + 1}{name}: {probe.trouble}"
