"""``simian demo``: the whole flow, on one screen, on a world that is thrown away."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
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
key: ${{file:simian.key}}
platforms:
  kubernetes: {{embedded: true}}
  toxiproxy: {{embedded: true, opt_in: [shop-*]}}
{platforms}safety:
  budget: {{cooldown: 0s, max_percent: 50}}
monkeys:
  - {{name: pods, use: chaos, on: kubernetes, schedule: {{every: 2h}}, select: {{labels: "app in (web,cart,search)"}},
     with: {{fault: pod-evict}}}}
  - {{name: till, use: chaos, on: kubernetes, schedule: {{every: 2h}}, select: {{labels: "app=checkout"}},
     with: {{fault: pod-evict}}}}
  - {{name: dns, use: chaos, on: kubernetes, schedule: {{every: 2h}}, select: {{namespaces: [kube-system]}},
     with: {{fault: pod-evict}}}}
  - {{name: nodes, use: chaos, on: kubernetes, schedule: {{cron: "0 11 * * mon-thu"}}, hold: 3s,
     with: {{fault: node-cordon}}}}
  - {{name: slow, use: latency, on: toxiproxy, schedule: {{every: 2h}}, select: {{names: [shop-web, till-bank]}},
     hold: 3s, with: {{latency: 150}}}}
  - {{name: rules, use: conformity, on: kubernetes, schedule: {{cron: "0 8 * * mon-fri"}},
     select: {{namespaces: [shop], names: [search]}}}}
{monkeys}"""
CLOUD = "  aws: {embedded: true}\n"
HOSTS = """\
  - {name: hosts, use: chaos, on: aws, schedule: {mtbf: 2d, between: "09:00-16:00"}, hold: 3s,
     select: {labels: "app in (till,ledger-db)"}, with: {fault: instance-stop}}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One monkey of the demo and what is shown with it; ``held`` faults are reverted in the end."""

    entry: str
    words: str
    held: bool = False
    measured: bool = False


STEPS = (
    Step("pods", "Evict one pod that opted in. Its Deployment makes a new one."),
    Step("till", "Try it where a PodDisruptionBudget needs every pod."),
    Step("dns", "Try it in a protected namespace."),
    Step("nodes", "Cordon a node whose pods all opted in, hold it for 3 s, put it back.", held=True),
    Step("hosts", "AWS: stop an instance that opted in by tag, hold it for 3 s, start it again.", held=True),
    Step("slow", "Toxiproxy: slow a connection down by 150 ms for 3 s.", held=True, measured=True),
    Step("rules", "Only look: does a workload keep to the rules that make chaos survivable?"),
)


def demo() -> int:
    """Run it; returns the exit code."""
    cloud = all(find_spec(name) for name in ("moto", "flask", "flask_cors"))
    config = _written(Path(tempfile.mkdtemp(prefix="simian-demo-")), cloud=cloud)
    loaded = wiring.read_config(config)
    on = "Kubernetes, AWS and toxiproxy" if cloud else "Kubernetes and toxiproxy"
    show.say(f"An embedded {on} on 127.0.0.1: no cluster, no account, nothing outside is touched.", "dim")
    if not cloud:
        show.say("AWS is left out: it needs moto, `uv tool install '.[demo]'`.", "dim")
    steps = [step for step in STEPS if cloud or step.entry != "hosts"]
    with wiring.books(loaded) as books, show.working("starting an embedded world ..."), wiring.house(books) as house:
        show.still()
        books.lease.take()
        house.keeper.start()
        for number, step in enumerate(steps, 1):
            show.say(f"\n{number}. {step.words}", "bold")
            _walk(house, step)
        house.keeper.stop(10)
        wrong = books.ledger.verify()
        reverted = sum(1 for _ in books.ledger.query(phase=Phase.REVERTED))
        count = books.ledger.last_seq()
    held = sum(step.held for step in steps)
    whole = "the chain is whole" if not wrong else "; ".join(wrong)
    told = f"{count} events, {whole}; every held fault was reverted ({reverted} of {held})"
    show.say(f"\n{len(steps) + 1}. The audit: {told}.", "bold")
    _next(config)
    return 1 if wrong or reverted != held else 0


def _walk(house: wiring.House, step: Step) -> None:
    measure = _measure(house) if step.measured else lambda _: None
    measure("before")
    found = house.engine.fire(house.entries[step.entry], house.books.clock.now())
    show.outcome(found)
    measure("during")
    stay(house, found.run.id)
    measure("after")


def _measure(house: wiring.House) -> Callable[[str], None]:
    """Say how long a real request through the proxy takes."""
    from simian_army.embedded.links import Links
    from simian_army.embedded.toxi import seconds

    world = house.worlds["toxiproxy"]
    assert isinstance(world, Links)  # noqa: S101 - the demo's config is our own

    def measure(when: str) -> None:
        show.say(f"  {when:>9}  a request through proxy shop-web takes {seconds(world.front) * 1000:.0f} ms")

    return measure


def _written(folder: Path, *, cloud: bool) -> Path:
    config, key = folder / "simian.yaml", folder / "simian.key"
    config.write_text(CONFIG.format(platforms=CLOUD if cloud else "", monkeys=HOSTS if cloud else ""))
    key.touch(mode=0o600)
    key.write_text(KEY)
    return config


def _next(config: Path) -> None:
    show.say("\nWhat to type next:", "bold")
    for command, words in (
        (f"simian audit -c {config}", "every event of this demo"),
        (f"simian why shop/cart -c {config}", "what every guard says of one workload"),
        ("simian init", "a configuration for your own cluster, leashed"),
    ):
        show.say(f"  {command:<{len(str(config)) + 26}}{words}")
