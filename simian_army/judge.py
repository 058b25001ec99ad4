"""Whether this fleet may do it: what the guards are shown, and what they answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from simian_army.asking import answer, ask, denials
from simian_army.clock import Clock
from simian_army.contract import Entry, FaultKind, Guard, Ledger
from simian_army.dating import carried
from simian_army.errors import PlatformError, Refused
from simian_army.extras import Surveys
from simian_army.fitting import none_of, strikes, unfit
from simian_army.model import Fault, Halt, Health, Identity, Scene, Selector, Target, Verdict
from simian_army.outcome import Draw, Troop
from simian_army.standing import REACH, TARGET, Attempt, Floor, LooksBack, at_most, stops, swept, unsettles
from simian_army.stopping import Halting

CONSENT = "opt-in"  # the guard that asks the target's owner
LOOK_BACK = timedelta(days=8)  # what guards see of the past at least; those that look back farther say so


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks the guards. ``limits`` again inside the ledger's transaction, ``consents`` while a fault is held."""

    fleet: str
    kinds: Mapping[str, FaultKind]
    guards: Sequence[Guard]
    limits: Sequence[Guard]
    consents: Sequence[Guard]
    ledger: Ledger
    halts: Halting
    clock: Clock
    leashed: bool = True

    def is_leashed(self, entry: Entry) -> bool:
        """The fleet's or the monkey's word; the one place that joins them."""
        return self.leashed or entry.leashed

    def screen(self, entry: Entry, found: Sequence[Target]) -> Troop:
        """Ask the early guards of every candidate: they need no more than the target."""
        spared: Counter[tuple[str, str]] = Counter()
        eligible: list[Target] = []
        willing, unwilling = set[str](), set[str]()
        screen = self._screen(entry)
        for target in found:
            denied = screen(target)
            (unwilling if denied and _dissents(denied, target) else willing).add(target.group)
            if denied is None:
                eligible.append(target)
                continue
            spared[denied.guard, denied.reason] += 1
        return Troop(found, eligible, spared, unwilling=frozenset(unwilling - willing - {""}))

    def consider(self, entry: Entry, fault: Fault, peers: Sequence[Target], crowd: int | None = None) -> Draw:
        """Read the target whole, take the first fault that applies to it, ask every guard, and only then the pre-image.
        Changes nothing.

        ``peers`` are the found members of its group, ``crowd`` counts those of its kind and scope.
        """
        verdicts: Sequence[Verdict] = ()
        try:
            target = entry.platform.read(fault.target)
            if target is None:
                return Draw(fault, [_no("present", "it is gone since it was listed")], taken=False)
            fault, verdicts = self._apt(entry, fault, target)
            if verdicts:
                return Draw(fault, verdicts, taken=False)
            kind = self.kinds[fault.kind]
            fault = replace(fault, hold=entry.hold if kind.reversible else timedelta(0))
            scene = self.scene(entry, fault, peers, crowd)
            verdicts = ask(self.guards, scene)
            if denials(verdicts):
                return Draw(fault, verdicts, taken=False)
            fault = replace(fault, others=scene.reach or (), groups=_groups(kind, fault, scene.reach or ()))
            return Draw(replace(fault, undo=kind.prepare(fault)), verdicts, taken=True, scene=scene)
        except Refused as no:
            return Draw(fault, [*verdicts, _no(fault.kind, str(no))], taken=False)
        except PlatformError as error:
            return Draw(fault, [*verdicts, _no("platform", str(error))], taken=False)

    def _apt(self, entry: Entry, fault: Fault, target: Target) -> tuple[Fault, Sequence[Verdict]]:
        """Which of the faults that are proposed for a target is meant, as the target is now; or why none is."""
        meant = [replace(one, target=target, slot=fault.slot, instead=()) for one in (fault, *fault.instead)]
        if len(meant) == 1:
            return meant[0], ()  # whether it applies, the guards and its kind are asked anyway
        denied = self._early(entry)
        said: list[tuple[str, Verdict]] = []
        for one in meant:
            no = unfit(self.kinds[one.kind], one) or denied(one)
            if no is None:
                return one, ()
            said.append((one.kind, no))
        return meant[0], [none_of(said)]

    def scene(self, entry: Entry, fault: Fault, peers: Sequence[Target] = (), crowd: int | None = None) -> Scene:
        """Everything a guard may see of this fault now.

        Raises:
            PlatformError: the platform could not be asked; LedgerError: nor the ledger.
        """
        now, reach = self.clock.now(), self._reach(entry, fault)
        stand = self._stand(entry, fault, reach)
        health = self._health(entry, fault)  # before the ledger: what it then tells of is not missed twice, nor never
        standing = self.halts.look(entry.platform.name, _scopes(fault, reach))
        return Scene(
            now=now,
            fleet=self.fleet,
            use=entry.use,
            entry=entry.name,
            fault=fault,
            peers=peers,
            recent=self.ledger.attempts(self.since(now)),
            reach=reach,
            identity=entry.platform.identity(fault.target),
            halt=standing.halt,
            leashed=self.is_leashed(entry),
            teams=standing.teams,
            health=health,
            crowd=crowd,
            stand=stand,
            at_most=at_most(self.kinds[fault.kind], fault),
        )

    def since(self, now: datetime) -> datetime:
        """From when on the guards must see what was tried: as far back as any of them looks."""
        return min([now - LOOK_BACK, *(g.looks_back_to(now) for g in self.guards if isinstance(g, LooksBack))])

    def again(self, draw: Draw, recent: Sequence[Attempt], halt: Halt | None) -> Sequence[Verdict]:
        """The limits once more, on what the ledger says inside its transaction, and on halts and clocks by then."""
        scene = draw.scene
        if scene is None:
            return [_no("limits", "the scene it was allowed in is not known")]
        target = scene.fault.target
        known = self.halts.known(target.platform, _scopes(scene.fault, scene.reach or ()))
        here = self._now(scene.identity)
        # as of when it was judged: the intent bears a later time than that, however long the ledger kept us waiting, so
        # what it tells of two faults is never closer than a budget allows
        scene = replace(scene, recent=recent, halt=halt or known.halt, teams=known.teams, identity=here)
        return ask(self.limits, scene)

    def objection(self, entry: Entry, fault: Fault) -> str:
        """Why a held fault has lost its consent; empty while it has it.

        Raises:
            PlatformError: nobody could look.
        """
        target = entry.platform.read(fault.target)
        if target is None:
            return "the target is gone"
        fault = replace(fault, target=target)
        reach = self._reach(entry, fault)
        now, teams = self.clock.now(), self.halts.known(target.platform, _scopes(fault, reach)).teams
        scene = Scene(now, self.fleet, entry.use, entry.name, fault, reach=reach, leashed=False, teams=teams)
        return "; ".join(f"{v.guard}: {v.reason}" for v in denials(ask(self.consents, scene)))

    def _health(self, entry: Entry, fault: Fault) -> Health | None:
        """How the target's group stands, asked only where one of it would be stopped; doubt is told, not raised."""
        if not fault.target.group or stops(self.kinds[fault.kind], fault) != TARGET:
            return None
        try:
            return entry.platform.health(fault.target, floors=True)
        except PlatformError as error:
            why = f"nobody can tell how {fault.target.group} stands: {error}"
            return Health(None, 0, 0, why, floors=(Floor(entry.platform.name, None, why),))

    def _stand(self, entry: Entry, fault: Fault, reach: Sequence[Target]) -> Mapping[str, Health] | None:
        """How each group in reach stands, asked only where all in reach are stopped; doubt is told, not raised."""
        if stops(self.kinds[fault.kind], fault) != REACH:
            return None
        groups = {other.group: other for other in reach if other.group}
        try:
            if isinstance(entry.platform, Surveys):
                return entry.platform.survey(list(groups.values()))
            return {group: entry.platform.health(one, floors=True) for group, one in groups.items()}
        except PlatformError as error:
            return dict.fromkeys(groups, Health(None, 0, 0, f"nobody can tell how the groups in reach stand: {error}"))

    def _now(self, here: Identity | None) -> Identity | None:
        """The same place, its clock compared with ours as it is now: ours may have been set meanwhile."""
        if here is None or here.clock is None:
            return here
        return replace(here, clock=carried(here.clock, self.clock))

    def _reach(self, entry: Entry, fault: Fault) -> Sequence[Target]:
        kind = self.kinds[fault.kind]
        said = kind.reach(fault)
        selectors = (said,) if isinstance(said, Selector) else said or ()
        found = {other.id: other for selector in selectors for other in entry.platform.find(selector)}
        return swept(kind, fault, [other for other in found.values() if other.id != fault.target.id])

    def _screen(self, entry: Entry) -> Callable[[Target], Verdict | None]:
        """What tells why a target is spared whichever fault is meant; None when one of them may strike it."""
        kinds, denied = entry.monkey.needs.faults, self._early(entry)  # asked once: a troop may have 10,000 members
        if len(kinds) == 1:
            return lambda target: denied(Fault(kinds[0], target))

        def spared(target: Target) -> Verdict | None:
            said: list[tuple[str, Verdict]] = []
            for kind in (kind for kind in kinds if strikes(self.kinds[kind], target)):
                no = denied(Fault(kind, target))
                if no is None:
                    return None
                said.append((kind, no))
            return none_of(said) if kinds else None

        return spared

    def _early(self, entry: Entry) -> Callable[[Fault], Verdict | None]:
        """What tells the first no of the guards that need only the target."""
        early, now = [guard for guard in self.guards if guard.early], self.clock.now()

        def denied(fault: Fault) -> Verdict | None:
            scene = Scene(now, self.fleet, entry.use, entry.name, fault, leashed=self.leashed)
            return next((v for v in (answer(guard, scene) for guard in early) if not v.allowed), None)

        return denied


def _dissents(denied: Verdict, target: Target) -> bool:
    """Whether it was its owner's word that spared the target, and not that nobody could read it."""
    return denied.guard == CONSENT and all(level.labels is not None for level in target.levels)


def _scopes(fault: Fault, reach: Sequence[Target]) -> frozenset[str]:
    """Where those live whom the fault strikes: each may have a halt of its own."""
    return frozenset({fault.target.scope, *(other.scope for other in reach)}) - {""}


def _groups(kind: FaultKind, fault: Fault, reach: Sequence[Target]) -> tuple[str, ...]:
    """Those that have to recover besides the target's own."""
    if not unsettles(kind, fault):
        return ()
    return tuple(sorted({other.group for other in reach} - {"", fault.target.group}))


def _no(guard: str, reason: str) -> Verdict:
    return Verdict(guard, allowed=False, reason=reason)
