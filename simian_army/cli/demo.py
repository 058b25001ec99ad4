"""``simian demo``: the whole flow, on one screen, on a world that is thrown away."""

from __future__ import annotations

import tempfile
from pathlib import Path

from simian_army import wiring
from simian_army.cli import show
from simian_army.cli.once import stay
from simian_army.model import Phase

KEY = "demo-key-of-a-world-that-is-thrown-away"
CONFIG = """\
fleet: demo
leashed: false
ledger: sqlite:///simian.db
key: ${file:simian.key}
platforms:
  kubernetes: {embedded: true}
safety:
  budget: {cooldown: 0s, max_percent: 50}
monkeys:
  - {name: pods, use: chaos, on: kubernetes, schedule: {every: 2h}, select: {labels: "app in (web,cart,search)"},
     with: {fault: pod-evict}}
  - {name: till, use: chaos, on: kubernetes, schedule: {every: 2h}, select: {labels: "app=checkout"},
     with: {fault: pod-evict}}
  - {name: dns, use: chaos, on: kubernetes, schedule: {every: 2h}, select: {namespaces: [kube-system]},
     with: {fault: pod-evict}}
  - {name: nodes, use: chaos, on: kubernetes, schedule: {cron: "0 11 * * mon-thu"}, hold: 3s,
     with: {fault: node-cordon}}
"""
TOLD = {
    "pods": "1. Evict one pod that opted in. Its Deployment makes a new one.",
    "till": "2. Try it where a PodDisruptionBudget needs every pod.",
    "dns": "3. Try it in a protected namespace.",
    "nodes": "4. Cordon a node whose pods all opted in, hold it for 3 s, put it back.",
}


def demo() -> int:
    """Run it; returns the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="simian-demo-"))
    config = folder / "simian.yaml"
    config.write_text(CONFIG)
    key = folder / "simian.key"
    key.touch(mode=0o600)
    key.write_text(KEY)
    loaded = wiring.read_config(config)
    show.say("An embedded Kubernetes API on 127.0.0.1, a namespace `shop`, no cluster and no account.", "dim")
    with wiring.books(loaded) as books, wiring.house(books) as house:
        books.lease.take()
        house.keeper.start()
        for name, words in TOLD.items():
            show.say(f"\n{words}", "bold")
            found = house.engine.fire(house.entries[name], books.clock.now())
            show.outcome(found)
            stay(house, found.run.id)
        house.keeper.stop(10)
        wrong = books.ledger.verify()
        reverted = sum(1 for _ in books.ledger.query(phase=Phase.REVERTED))
        count = books.ledger.last_seq()
    whole = "the chain is whole" if not wrong else "; ".join(wrong)
    show.say(f"\n5. The audit: {count} events, {whole}; every held fault was reverted ({reverted} of 1).", "bold")
    show.say("\nWhat to type next:", "bold")
    for command, words in (
        (f"simian audit -c {config}", "every event of this demo"),
        (f"simian why shop/cart -c {config}", "what every guard says of one workload"),
        ("simian init", "a configuration for your own cluster, leashed"),
    ):
        show.say(f"  {command:<{len(str(config)) + 26}}{words}")
    return 1 if wrong or reverted != 1 else 0
