"""An undertaker that bears less silence than the product's: ``python -m tests.crash.undertaking CONFIG SECONDS``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from simian_army import wiring


def main(config: Path, silence: float) -> None:
    with wiring.undertake(wiring.read_config(config), until_idle=False) as made:
        made.silence = silence
        signal.signal(signal.SIGTERM, lambda *_: made.stopping.set())
        sys.stderr.write(f"undertaker of {made.records.place}\n")
        made.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
