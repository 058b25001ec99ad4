"""The one table of known gaps: where the embedded toxiproxy says something else than a real one, and why."""

from __future__ import annotations

from dataclasses import dataclass

from tests.embedded.toxi.scene import Json


@dataclass(frozen=True)
class Gap:
    """What each of the two says to the probe of that name."""

    real: Json
    ours: Json
    why: str


HAS_NOT = "slow_close, slicer, limit_data and noop toxics are refused, by name"
LOOPBACK = "its proxies listen on loopback only: an empty address is 127.0.0.1, any other host is refused"


def _made(kind: str, **attributes: int) -> Json:
    toxic = {"name": "x", "type": kind, "stream": "downstream", "toxicity": 1, "attributes": attributes}
    words = f"the embedded toxiproxy has no {kind} toxics; it has latency, bandwidth, timeout, reset_peer"
    return Gap(real=[200, toxic], ours=[400, {"error": words, "status": 400}], why=HAS_NOT)


GAPS: dict[str, Gap] = {
    "a slow_close": _made("slow_close", delay=0),
    "a slicer": _made("slicer", average_size=0, size_variation=0, delay=0),
    "a limit_data": _made("limit_data", bytes=0),
    "a noop": _made("noop"),
    "a proxy on every address": Gap(
        real=[
            201,
            {"name": "q", "listen": "0.0.0.0:0", "upstream": "127.0.0.1:PORT", "enabled": False, "toxics": []},
        ],
        ours=[400, {"error": "the embedded toxiproxy listens on loopback only, not on 0.0.0.0", "status": 400}],
        why=LOOPBACK,
    ),
    "a proxy that is asked to listen nowhere in particular": Gap(
        real=[201, "[::]"], ours=[201, "127.0.0.1"], why=LOOPBACK
    ),
    "the fields of a proxy": Gap(
        real=["Logger", "enabled", "listen", "name", "toxics", "upstream"],
        ours=["enabled", "listen", "name", "toxics", "upstream"],
        why="a proxy has no field Logger (on the real one it is always empty)",
    ),
    "the version": Gap(
        real=[200, {"version": "git"}], ours=[200, {"version": "embedded"}], why="its version is `embedded`"
    ),
}
