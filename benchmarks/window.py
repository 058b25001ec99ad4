"""How long after its last look at the lease an injection reaches the server, where no precondition closes that window.

The window ends when the kernel has the last byte of the act: on loopback it is the server's then. What is measured is
the whole flow with its own ledger, undertaker and lease; each fault is reverted before the next one begins.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import argparse
import http.client
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, TypeAlias

from simian_army import wiring
from simian_army.embedded.cloud import REGION, CloudServer
from simian_army.embedded.toxi import ToxiServer
from tests.cluster import build
from tests.cluster.toxi import Toxi
from tests.targets.clouds import Cloud
from tests.targets.links import Links

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TIMES = 200
KEY = "0123456789abcdef0123456789abcdef"
LIMITS = "{per_day: 1000000, cooldown: 0s, max_percent: 100}"
HEAD = f"{'from the last look at the lease to the act':44} {'times':>5} {'calls':>5} {'p50':>9} {'p99':>9} {'max':>9}"


@dataclass(frozen=True, slots=True)
class Ground:
    """One server with one target. ``act`` is what the request that strikes has in its first line or its body."""

    words: str
    platform: str
    entry: str
    act: bytes


@dataclass(slots=True)
class Watch:
    """Hears when the lease is asked for, and when the kernel has got each request.

    A window is its seconds, and how many requests were sent in it, the act included.
    """

    act: bytes
    asked: float = 0.0
    calls: int = 0
    last: tuple[float, int] = (0.0, 0)
    windows: list[tuple[float, int]] = field(default_factory=list)
    _act: bool = False

    def look(self) -> None:
        """The lease is asked for now."""
        self.asked, self.calls = perf_counter(), 0

    def begin(self) -> None:
        """A request begins."""
        self.calls += 1
        self._act = False

    def sent(self, data: object, at: float) -> None:
        """A part of it is sent; once all of the act is, the window is over: what follows is noted over it."""
        self._act = self._act or (isinstance(data, bytes) and self.act in data)
        if self._act and self.asked:
            self.last = (at - self.asked, self.calls)

    def end(self) -> None:
        """One injection is over."""
        if not self.last[0]:
            raise SystemExit(f"no request with {self.act!r} was sent")
        self.windows.append(self.last)
        self.asked, self.last = 0.0, (0.0, 0)


class Watched:
    """A lease that tells when it is asked for."""

    def __init__(self, real: Any, watch: Watch) -> None:
        self._real, self._watch = real, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def left(self) -> float:
        if threading.current_thread() is threading.main_thread():
            self._watch.look()
        return float(self._real.left())


@contextmanager
def listening(watch: Watch) -> Iterator[None]:
    """Hear every request of this thread: both SDKs send them with the standard library."""
    real_put, real_send, us = (
        http.client.HTTPConnection.putrequest,
        http.client.HTTPConnection.send,
        threading.get_ident(),
    )

    def put(self: Any, *args: Any, **more: Any) -> None:
        if threading.get_ident() == us:
            watch.begin()
        real_put(self, *args, **more)

    def send(self: Any, data: Any) -> None:
        real_send(self, data)
        if threading.get_ident() == us:
            watch.sent(data, perf_counter())

    http.client.HTTPConnection.putrequest = put  # type: ignore[method-assign]
    http.client.HTTPConnection.send = send  # type: ignore[method-assign]
    try:
        yield
    finally:
        http.client.HTTPConnection.putrequest = real_put  # type: ignore[method-assign]
        http.client.HTTPConnection.send = real_send  # type: ignore[method-assign]


@contextmanager
def cloud(*, real: bool) -> Iterator[Ground]:
    """EC2, as moto plays it over HTTP."""
    del real
    fake = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_CONFIG_FILE": os.devnull}
    os.environ.update(fake)
    with CloudServer() as server:
        server.reset()
        Cloud(server).instance("web", {"simian-army/chaos": "enabled"})
        said = f'aws: {{regions: [{REGION}], accounts: ["123456789012"], endpoint: "{server.url}"}}'
        entry = "{name: a, use: chaos, on: aws, schedule: {every: 2h}, hold: 1h, with: {fault: instance-stop}}"
        yield Ground("instance-stop, EC2 (moto over HTTP)", said, entry, b"Action=StopInstances")


@contextmanager
def links(*, real: bool) -> Iterator[Ground]:
    """A proxy of a toxiproxy."""
    with ExitStack() as closing:
        url, words = _toxiproxy(closing, real=real)
        Links(url).proxy("web")
        said = f'toxiproxy: {{endpoints: ["{url}"], opt_in: ["*"]}}'
        entry = "{name: a, use: latency, on: toxiproxy, schedule: {every: 2h}, hold: 1h}"
        yield Ground(f"proxy-latency, {words} toxiproxy", said, entry, b'"type": "latency"')


def _toxiproxy(closing: ExitStack, *, real: bool) -> tuple[str, str]:
    if real:
        try:
            build.toxiproxy()
        except build.CannotBuildError as error:
            print(f"  {error}")
        else:
            folder = Path(closing.enter_context(TemporaryDirectory(prefix="simian-bench-")))
            return closing.enter_context(Toxi(folder)).url, "real"
    return closing.enter_context(ToxiServer()).url, "embedded"


Make: TypeAlias = Callable[..., AbstractContextManager[Ground]]
GROUNDS: Mapping[str, Make] = {"ec2": cloud, "toxiproxy": links}


@contextmanager
def house(ground: Ground, folder: Path) -> Iterator[wiring.House]:
    """A house of its own that leads, and its undertaker."""
    config = folder / "simian.yaml"
    config.write_text(
        f"fleet: bench\nleashed: false\nkey: {KEY}\nplatforms:\n  {ground.platform}\n"
        f"safety:\n  budget: {LIMITS}\nmonkeys:\n  - {ground.entry}\n"
    )
    loaded = wiring.read_config(config)
    with wiring.undertake(loaded, until_idle=False) as undertaker:
        thread = threading.Thread(target=undertaker.run)
        thread.start()
        try:
            with wiring.books(loaded) as books, wiring.house(books, wake=lambda: None) as made:
                books.lease.take()
                yield made
        finally:
            undertaker.stopping.set()
            thread.join()


def measured(ground: Ground, times: int) -> tuple[Watch, float]:
    """So many injections, one after another, and the seconds that a lease lasts there."""
    watch = Watch(ground.act)
    with TemporaryDirectory(prefix="simian-bench-") as folder, house(ground, Path(folder)) as made:
        engine, keeper = replace(made.engine, lease=Watched(made.engine.lease, watch)), made.keeper
        for number in range(times):
            with listening(watch):
                outcome = engine.fire(made.entries["a"], AT + timedelta(hours=number))
            if not outcome.taken:
                raise SystemExit(f"{ground.words}: {[draw.verdicts for draw in outcome.denied]}")
            watch.end()
            keeper.end("", "the benchmark goes on")
            while keeper.open():
                keeper.tick()
                made.books.clock.wait(threading.Event(), 0.01)
        settings = made.books.loaded.settings
    return watch, settings.leader.lasts(settings.platforms.timeout)


def told(ground: Ground, watch: Watch, lasts: float) -> str:
    """One row of the table; ratios are to what a lease lasts."""
    took = sorted(window for window, _ in watch.windows)
    count = len(took)
    p50, p99, most = took[count // 2], took[min(count * 99 // 100, count - 1)], took[-1]
    calls = max(calls for _, calls in watch.windows)
    cells = " ".join(f"{one * 1000:6.1f} ms" for one in (p50, p99, most))
    return f"{ground.words:44} {count:5} {calls:5} {cells} {lasts:5.0f} s {p50 / lasts:8.3%} {most / lasts:8.3%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--embedded", action="store_true", help="even where real parts are built")
    said = parser.parse_args()
    print(f"{HEAD} {'lease':>7} {'p50':>8} {'max':>8}", flush=True)
    for make in GROUNDS.values():
        with make(real=not said.embedded) as ground:
            print(told(ground, *measured(ground, said.times)), flush=True)


if __name__ == "__main__":
    main()
