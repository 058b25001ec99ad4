"""What time it is in each region, by the Date of the answers of its services."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from simian_army.clock import Clock
from simian_army.dating import Dated, dated
from simian_army.targets.amazon.sessions import Key


@dataclass(slots=True)
class Dates:
    """The Date of the latest answer of each service in each region; many threads may use it."""

    clock: Clock
    _latest: dict[tuple[str, str], Dated | None] = field(default_factory=dict, init=False)

    def latest(self, service: str, region: str) -> Dated | None:
        """That of the latest answer; None when there was none, or it had no Date."""
        return self._latest.get((service, region))

    def listen(self, client: Any, key: Key) -> None:
        """Hear every answer that ``client`` gets; each try counts by itself, so that a rest between two is no delay."""
        place, sent = (key.service, key.region), threading.local()

        def before(**_: Any) -> None:
            sent.at = self.clock.monotonic()

        def after(response_dict: Any = None, **_: Any) -> None:
            if response_dict is None:
                return
            header = str(response_dict["headers"].get("Date", ""))
            self._latest[place] = dated(header, sent.at, self.clock.monotonic())

        client.meta.events.register("before-send", before)
        client.meta.events.register("response-received", after)
