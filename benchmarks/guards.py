"""What one answer of each guard costs, and screening 10,000 candidates with the early ones."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from safety.blackout import Blackout
from safety.budget import Budget
from safety.controlled import Controlled
from safety.limits import Limits
from safety.min_age import MinAge
from safety.myself import Myself
from safety.opt_in import OptIn
from safety.protected import Protected
from safety.shared import Shared
from simian_army.contract import Guard
from simian_army.model import Fault, Level, Phase, Scene, Target
from simian_army.rates import Rate, Week
from simian_army.standing import Attempt
from simian_army.windows import Blackout as Window
from simian_army.windows import Daily

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SIZE = 10_000
ROUNDS = 5
EARLY: Sequence[Guard] = (
    OptIn(),
    MinAge(timedelta(minutes=10)),
    Protected(("kube-system", "kube-public", "kube-node-lease")),
    Myself("uid", "simian-army", "n1"),
    Controlled(),
)


def pod(number: int) -> Target:
    owner, scope = f"web-{number % 500}", f"shop-{number % 50}"
    labels = {"app": owner, "tier": "front", "pod-template-hash": "5d9c7b", "app.kubernetes.io/name": "web"}
    consent = {"simian-army/chaos": "enabled"} if number % 2 else {}
    levels = (Level("Deployment", owner, {"app": owner} | consent), Level("Namespace", scope, {"team": "a"}))
    born = NOW - timedelta(seconds=17 * number)
    return Target(
        "kubernetes", "pod", f"{number:08}", f"{owner}-{number}", scope, f"{scope}/D/{owner}", born, labels, levels
    )


def scene(target: Target, recent: Sequence[Attempt], reach: Sequence[Target], peers: Sequence[Target]) -> Scene:
    return Scene(NOW, "shop", "chaos", "pods", Fault("pod-evict", target), peers, recent, reach)


def each(guard: Guard, scenes: Sequence[Scene]) -> float:
    """Microseconds a call, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = perf_counter()
        for one in scenes:
            guard(one)
        best = min(best, perf_counter() - start)
    return best / len(scenes) * 1e6


def main() -> None:
    troop = [pod(number) for number in range(SIZE)]
    scenes = [scene(target, (), (), ()) for target in troop]
    costs = {guard.name: each(guard, scenes) for guard in EARLY}
    for name, cost in costs.items():
        print(f"{name:12} {cost:8.2f} us a candidate (early)")
    print(f"{'all early':12} {sum(costs.values()) * SIZE / 1e6:8.3f} s for {SIZE:,} candidates")
    past = [
        Attempt("r", "e", "pod-evict", t.id, t.group, t.scope, NOW, Phase.REVERTED, open=False) for t in troop[:500]
    ]
    drawn = [scene(target, past, troop[:110], troop[:20]) for target in troop[:200]]
    quiet = Blackout((Window(daily=Daily.parse("17:00-09:00")),), ZoneInfo("Europe/Berlin"))
    words = Limits(3, 100, Rate.per_day(1000), 1, 5, 5, 5, 50, 34, 34, timedelta(hours=1))
    budget = Budget(words, Week(ZoneInfo("Europe/Berlin")))
    for guard, what in ((quiet, "one window"), (budget, "500 attempts"), (Shared(), "110 pods in reach")):
        print(f"{guard.name:12} {each(guard, drawn):8.2f} us a drawn target ({what})")


if __name__ == "__main__":
    main()
