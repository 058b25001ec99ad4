"""The verb leave: take a fleet out of its cluster, so that nothing of it is left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simian_army import wiring
from simian_army.cli import show


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed: the Deployments of agent and undertaker, empty where there is none."""

    agent: str
    undertaker: str
    reason: str
    seconds: float
    as_json: bool = False


def leave(config: Path, wish: Wish) -> None:
    """Each step is said as it is done; what is in the way ends it, and can be tried again."""
    loaded = wiring.read_config(config)

    def told(words: str) -> None:
        if wish.as_json:
            show.dump({"done": words})
        else:
            show.say(f"  {words}")

    with wiring.leaving(loaded) as made:
        made.leave([wish.agent, wish.undertaker], wish.reason, wish.seconds, told)
