"""Where a lease of these tests is kept, told as text so that other processes can take it there too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from simian_army.clock import SystemClock
from simian_army.leader import Leader, Seat
from simian_army.leader.by_file import FileSeat
from simian_army.leader.by_kubernetes import KubernetesSeat
from simian_army.leader.by_postgres import PostgresSeat
from simian_army.targets.kube.leases import Leases
from simian_army.targets.kube.place import Place
from tests.cluster.waiting import until

HOME = Path(__file__).parents[3]
CLOCK = SystemClock()
DURATION, EVERY = 4.0, 1.0
"""Seconds, in the tests that need not wait for the real ones."""


@dataclass(frozen=True)
class Ground:
    """``place`` tells where. ``frees`` whether others get the lease of a holder that is stopped."""

    place: dict[str, str]
    frees: bool = True

    def seat(self, who: str, duration: float, every: float) -> Seat:
        place, request = self.place, every * 0.75
        if "file" in place:
            return FileSeat(Path(place["file"]), who, CLOCK)
        if "database" in place:
            return PostgresSeat(place["database"], "shop", who, CLOCK, duration, request)
        there = Place(url=place.get("url", ""), context=place.get("context", ""), timeout=request)
        identity = f"{who}/{os.getpid()}/{id(there):x}"
        return KubernetesSeat(
            partial(Leases.connect, there, CLOCK), place["namespace"], "shop", identity, CLOCK, duration
        )

    @contextmanager
    def leader(self, who: str = "me@here", duration: float = DURATION, every: float = EVERY) -> Iterator[Leader]:
        made = Leader(self.seat(who, duration, every), CLOCK, duration, every)
        try:
            yield made
        finally:
            made.give()

    @contextmanager
    def contender(self, who: str, duration: float = DURATION, every: float = EVERY) -> Iterator[Contender]:
        told = json.dumps({"place": self.place, "who": who, "duration": duration, "every": every})
        words = [sys.executable, "-m", "tests.simian_army.leader.contender", told]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HOME) as child:
            made = Contender(who, child)
            made.listen()
            try:
                yield made
            finally:
                child.kill()
                child.wait()
                made.thread.join()


@dataclass
class Contender:
    """A process that wants the lease. ``samples`` holds, on the clock that all processes share, what it was told."""

    who: str
    child: subprocess.Popen[str]
    samples: list[tuple[float, float]] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    thread: threading.Thread = field(init=False)

    def listen(self) -> None:
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        assert self.child.stdout
        for line in self.child.stdout:
            word, *numbers = line.split()
            if not line.endswith("\n"):  # a killed one may leave half a line
                break
            if word == "left":
                self.samples.append((float(numbers[0]), float(numbers[1])))
            else:
                self.done.append(float(numbers[0]))

    @property
    def led(self) -> list[float]:
        """When it was told that the lease is its own."""
        return [at for at, left in list(self.samples) if left > 0]

    def leads_now(self) -> bool:
        """Whether the last that it was told is that the lease is its own."""
        return bool(self.samples) and self.samples[-1][1] > 0 and not self.done

    def leads(self, seconds: float = 60) -> float:
        """Wait until it leads; when that was first so."""
        return until(f"{self.who} to lead", lambda: self.led, seconds, 0.02)[0]

    def say(self, word: str) -> None:
        assert self.child.stdin
        self.child.stdin.write(f"{word}\n")
        self.child.stdin.flush()

    def gives(self) -> float:
        """Have it give the lease back, and want it no more; when that was done."""
        self.say("give")
        return until(f"{self.who} to give", lambda: self.done, 60, 0.02)[0]

    def send(self, number: signal.Signals) -> None:
        self.child.send_signal(number)


def overlaps(contenders: list[Contender]) -> list[Any]:
    """Pairs that both led at some moment, each from its first to its last word of it, for every spell of leading."""
    spells = sorted((first, last, c.who) for c in contenders for first, last in _spells(c.samples))
    return [(one, two) for one, two in zip(spells, spells[1:], strict=False) if two[0] <= one[1]]


def _spells(samples: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    begun: list[float] = []
    for at, left in samples:
        if left > 0:
            begun.append(at)
        elif begun:
            yield begun[0], begun[-1]
            begun = []
    if begun:
        yield begun[0], begun[-1]
