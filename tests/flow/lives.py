"""Lives of one agent on a machine whose clock a test turns, with the undertaker that works beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simian_army import wiring
from simian_army.model import Phase
from simian_army.undertaker.service import Undertaker
from simian_army.wiring import House
from tests.cluster.waiting import BUSY
from tests.flow.ground import Ground
from tests.simian_army.turned import Turned

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOON = 5.0 + BUSY  # seconds in which a keeper or an undertaker sees what is due


@dataclass
class Machine(Turned):
    """Besides, time can be let pass: then both clocks of all who live there have gone on by ``passed`` seconds."""

    passed: float = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return super().monotonic() + self.passed


@dataclass
class Scene:
    """The shop, a machine, and the undertaker that works there; ``crash`` ends a life as SIGKILL does."""

    shop: Ground
    machine: Machine = field(default_factory=Machine)
    undertakers: list[Undertaker] = field(default_factory=list)

    @contextmanager
    def life(self) -> Iterator[House]:
        with self.shop.house(clock=self.machine) as house:
            house.keeper.start()
            yield house
            house.keeper.close()

    def crash(self, house: House) -> None:
        """From here on nobody reverts, and no word of an end in order is left."""
        house.keeper.close()
        last = {name: (self.records / name).read_text() for name in ("agent.beat", "undertaker.beat")}
        self.stop()
        house.keeper.trustee.stop()  # type: ignore[attr-defined]
        for name, text in last.items():
            (self.records / name).write_text(text)
        house.keeper.trustee._thread = None  # type: ignore[attr-defined]  # so that its end tells nothing more

    @property
    def records(self) -> Path:
        return self.shop.folder / "simian.records"

    def wake(self) -> None:
        threading.Thread(target=self.undertake, daemon=True).start()

    def undertake(self, clock: Machine | None = None, silence: float = 60.0) -> None:
        loaded = wiring.read_config(self.shop.config)
        with wiring.undertake(loaded, until_idle=True, clock=clock or self.machine) as made:
            made.silence = silence
            self.undertakers.append(made)
            made.run()

    def stop(self) -> None:
        for made in self.undertakers:
            made.stopping.set()
        until(lambda: "gone" in (self.records / "undertaker.beat").read_text())

    def cordoned(self) -> bool:
        return any(node["spec"].get("unschedulable") for node in self.shop.server.objects("Node"))


def until(done: Callable[[], bool], seconds: float = SOON) -> float:
    """Wait for it; returns after how many seconds it was so."""
    begun = time.perf_counter()
    while not done():
        assert time.perf_counter() - begun < seconds, f"not within {seconds} s"
        threading.Event().wait(0.02)
    return time.perf_counter() - begun


def strike(house: House) -> None:
    assert house.engine.fire(house.entries["nodes"], AT).taken


def whys(house: House) -> list[str]:
    return [str(event.data["why"]) for event in house.books.ledger.query(phase=Phase.REVERTED)]
