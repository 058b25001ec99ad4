"""A process that leads, puts a toxic on a proxy through the real house, and is stopped, as by SIGSTOP, inside that.

``python -m tests.flow.stopping_links CONFIG ENTRY POINT``; the point is one of POINTS. It prints how it ended.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from simian_army import wiring
from simian_army.faults.net.proxy_latency import ProxyLatency
from simian_army.targets.proxies.wire import Wire
from tests.flow.stopping import AT, stop

POINTS = ("before-reading", "before-sending", "before-sending-dies")


def stop_at(point: str) -> None:
    """Have the next injection of this process stop there; the last of the points is killed once its toxic is on."""
    assert point in POINTS
    if point == "before-reading":
        _before_reading()
        return
    real = Wire.post

    def post(self: Wire, url: str, **more: Any) -> Any:
        stop()
        answer = real(self, url, **more)
        if point == "before-sending-dies":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Wire.post = post  # type: ignore[method-assign, assignment]


def _before_reading() -> None:
    real = ProxyLatency.inject

    def inject(self: ProxyLatency, *args: Any) -> None:
        stop()
        real(self, *args)

    ProxyLatency.inject = inject  # type: ignore[method-assign, assignment]


def main(config: Path, entry: str, point: str) -> None:
    stop_at(point)
    with wiring.books(wiring.read_config(config)) as books, wiring.house(books) as house:
        books.lease.take()
        house.keeper.start()
        outcome = house.engine.fire(house.entries[entry], AT)
        print(f"taken {len(outcome.taken)}: {[d.verdicts[-1].reason for d in outcome.denied]}", flush=True)
        print(f"left {books.lease.left()}", flush=True)
        house.keeper.stop(10)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
