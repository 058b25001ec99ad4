"""How tests ask: a target, a question answered here and now, and an address that leads to a test's own server."""

from __future__ import annotations

from simian_army.clock import Clock, SystemClock
from simian_army.looking.lookout import Lookout
from simian_army.looking.server import Server
from simian_army.model import Json, Target
from simian_army.sights import Sight, View

CLOCK = SystemClock()


def pod(name: str = "web-1", namespace: str = "shop", group: str = "web", facts: Json | None = None) -> Target:
    return Target(
        "kubernetes",
        "pod",
        f"uid-{name}",
        name,
        namespace,
        f"{namespace}/Deployment/{group}",
        None,
        {},
        (),
        facts or {},
    )


def server(url: str, clock: Clock = CLOCK, timeout: float = 10.0, bearer: str = "", ca: str = "") -> Server:
    return Server(url, clock, bearer, ca, timeout)


def see(view: View, target: Target | None = None) -> Sight:
    """What it sees now, by a look of its own."""
    said = view.about(target or pod())
    if isinstance(said, Sight):
        return said
    (sight,) = Lookout(CLOCK).now([said])
    return sight
