"""Who makes connections slow: the latency monkey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import ClassVar

from monkeys.drawing import FIRST_MODE, Mode, drawn, wanted
from simian_army import Fault, Json, Needs, Target

STREAMS = ("upstream", "downstream")


class LatencyMonkey:
    """Slows down some of the troop, each target as likely as any other, and all of them alike.

    Args:
        latency: how long everything is held up, whole milliseconds.
        jitter: by how much that varies to either side, whole milliseconds.
        stream: what is held up: ``upstream`` what the client sends, ``downstream`` what the server answers.
        toxicity: the share of connections that become slow, above 0 and up to 1.
        mode: how many: ``fixed: N`` targets, ``fixed-percent: P`` of the troop, ``random-max-percent: P`` (a percent
            drawn anew each time, 0 to P) or ``all``. Percents round down.
        fault: the fault kind it proposes.

    Raises:
        ValueError: a parameter cannot be used; the text names it, its value and what is allowed.
    """

    name: ClassVar[str] = "latency"

    def __init__(  # noqa: PLR0913 - each is a key that people write
        self,
        *,
        latency: int = 200,
        jitter: int = 0,
        stream: str = "downstream",
        toxicity: float = 1.0,
        mode: Mode = FIRST_MODE,
        fault: str = "proxy-latency",
    ) -> None:
        if not isinstance(fault, str) or not fault:
            raise ValueError(f"fault: {fault!r} is not the name of a fault kind, such as proxy-latency")
        if stream not in STREAMS:
            raise ValueError(f"stream: {stream!r} is not one of {', '.join(STREAMS)}")
        self._fault = fault
        self._params: Json = {
            "latency": _milliseconds("latency", latency),
            "jitter": _milliseconds("jitter", jitter),
            "stream": stream,
            "toxicity": _share("toxicity", toxicity),
        }
        if not latency and not jitter:
            raise ValueError("latency: 0 without jitter holds nothing up; write at least 1, in milliseconds")
        self._wanted = wanted(mode)

    @property
    def needs(self) -> Needs:
        """The one fault kind it may propose."""
        return Needs(faults=(self._fault,))

    def want(self, troop: Sequence[Target], rng: Random) -> int:
        """How many to slow down, from 0 to the size of the troop."""
        return self._wanted(troop, rng)

    def propose(self, troop: Sequence[Target], rng: Random) -> Iterable[Fault]:
        """The whole troop in draw order."""
        return (Fault(self._fault, target, self._params) for target in drawn(troop, rng))


def _milliseconds(word: str, number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError(f"{word}: {number!r} is not a whole number of milliseconds of at least 0")
    return number


def _share(word: str, number: object) -> float:
    # 0 is no share: what is to harm nobody is not done, and servers differ in what they make of it
    if not isinstance(number, int | float) or isinstance(number, bool) or not 0 < number <= 1:
        raise ValueError(f"{word}: {number!r} is not a number above 0 and up to 1")
    return float(number)
