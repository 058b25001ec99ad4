"""A process that wants the lease, and tells fifty times a second for how long it has it.

``python -m tests.simian_army.leader.contender JSON``; ``give`` on its input makes it give back and want no more.
"""

from __future__ import annotations

import json
import sys
import threading

from tests.simian_army.leader.grounds import CLOCK, Ground

PACE = 0.02


def main(told: str) -> None:
    words = json.loads(told)
    ground = Ground(words["place"])
    stop = threading.Event()

    def listen() -> None:
        sys.stdin.readline()
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    with ground.leader(words["who"], words["duration"], words["every"]) as lease:
        while not CLOCK.wait(stop, PACE):
            at = CLOCK.monotonic()  # before the question: what it says held at least from now
            left = lease.left()
            print("left", at, left, flush=True)
            if left <= 0:
                lease.try_take()
        lease.give()
        print("gave", CLOCK.monotonic(), flush=True)
    CLOCK.wait(threading.Event(), 60)


if __name__ == "__main__":
    main(sys.argv[1])
