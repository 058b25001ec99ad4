"""How long a halt takes that ends 100 held faults, by the source that says it, and what each look costs."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import ClassVar
from urllib.request import Request, urlopen

from simian_army.audit.ledger import SqlLedger
from simian_army.clock import SystemClock
from simian_army.embedded.kube import KubeServer
from simian_army.halts.configmap import ConfigMapSource
from simian_army.halts.file import FileSource
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.halts.namespaces import NamespaceSource
from simian_army.halts.sources import Source
from simian_army.keeper import Keeper
from simian_army.marks import sign
from simian_army.model import Evidence, Fault, Health, Json, Mark, Phase, Run, Selector, Target
from simian_army.records import Held, Scribe, fault_json
from simian_army.targets.kube.halting import HALT, Halting
from simian_army.targets.kube.place import Place

FAULTS, RUNS = 100, 5
HOLD = timedelta(hours=1)
KEY = b"the key of this benchmark"
CLOCK = SystemClock()
SCRIBE = Scribe(CLOCK, "bench@here")
TEAM, OURS, MAP = "shop", "simian", "simian-army-halt"


@dataclass(slots=True)
class Lever:
    """A fault kind on a platform that is a set of names; each revert takes 5 ms, as a request would."""

    pulled: set[str] = field(default_factory=set)
    name: ClassVar[str] = "lever"
    platform: ClassVar[str] = "bench"
    strikes: ClassVar[str] = "lever"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    restores: ClassVar[tuple[str, ...]] = ()
    params: ClassVar[Mapping[str, str]] = {}
    undo: ClassVar[Mapping[str, str]] = {}
    permissions: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def reach(self, fault: Fault) -> Selector | None:
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        del fault
        return {}

    def inject(self, fault: Fault, mark: Mark) -> None:
        del mark
        self.pulled.add(fault.target.id)

    def observe(self, fault: Fault) -> Evidence:
        return Evidence(fault.target.id in self.pulled, "looked at")

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        del mark
        CLOCK.wait(threading.Event(), 0.005)
        self.pulled.discard(fault.target.id)
        return Evidence(holds=True, detail="it is back")


class Nobody:
    """Looks after nothing: the undertaker is no part of this."""

    def ready(self) -> None:
        """Always."""

    def entrust(self, held: Held) -> None:
        """Accept."""

    def release(self, held: Held) -> None:
        """Forget."""

    def take_over(self, held: Held) -> None:
        """Accept."""

    def lost(self) -> str:
        """Never."""
        return ""


@dataclass(frozen=True, slots=True)
class Room:
    """A ledger, a file's path and an API server, all empty."""

    ledger: SqlLedger
    file: Path
    server: KubeServer
    port: Halting

    def halts(self) -> Halts:
        """All four sources, as an agent in a cluster reads them."""
        own: list[Source] = [LedgerSource(self.ledger, SCRIBE), FileSource(self.file)]
        return Halts([*own, ConfigMapSource(self.port, OURS, MAP), NamespaceSource(self.port, "bench")], CLOCK)

    def annotate(self, kind: str, name: str) -> None:
        """Have the annotation on the object, at once."""
        (obj,) = (one for one in self.server.objects(kind) if one["metadata"]["name"] == name)
        space = obj["metadata"].get("namespace", "")
        path = f"/api/v1/namespaces/{space}/configmaps/{name}" if space else f"/api/v1/namespaces/{name}"
        body = json.dumps({"metadata": {"annotations": {HALT: "a benchmark"}}}).encode()
        headers = {"Content-Type": "application/merge-patch+json"}
        request = Request(self.server.url + path, body, headers, method="PATCH")
        with urlopen(request, timeout=5):
            pass


@contextmanager
def room() -> Iterator[Room]:
    with TemporaryDirectory(prefix="simian-bench-") as folder, KubeServer() as server:
        for name in (TEAM, OURS):
            server.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        server.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": MAP, "namespace": OURS}})
        port = Halting.connect(Place(url=server.url, timeout=5), CLOCK)
        with SqlLedger.open(f"sqlite:///{Path(folder) / 'ledger.db'}", KEY) as ledger:
            yield Room(ledger, Path(folder) / "simian.halt", server, port)
        port.close()


def held(number: int) -> Held:
    target = Target("bench", "lever", f"lever-{number}", f"lever-{number}", TEAM, f"row-{number}", CLOCK.now(), {})
    fault = Fault("lever", target, undo={"pulled": False}, hold=HOLD)
    run, deadline = Run(f"run-{number}", "levers", CLOCK.now(), "seed"), CLOCK.now() + HOLD
    return Held(run, fault, sign(KEY, "bench", run.id, fault, deadline), deadline, CLOCK.monotonic() + HOLD.seconds)


def ended(say: Callable[[Room], object]) -> float:
    """Seconds from the word to the last REVERTED."""
    with room() as at:
        faults, kind = [held(number) for number in range(FAULTS)], Lever()
        for phase in (Phase.INTENDED, Phase.INJECTED):
            at.ledger.append(*(SCRIBE.note(phase, f.run, f.fault.target, **fault_json(f.fault, f.end)) for f in faults))
        halts = at.halts()
        keeper = Keeper({"lever": kind}, at.ledger, SCRIBE, CLOCK, lambda _: "", _whole, Nobody(), halts)
        for one in faults:
            kind.inject(one.fault, one.mark)
            keeper.hold(one)
        keeper.start()
        CLOCK.wait(threading.Event(), 1.0)
        start = perf_counter()
        say(at)
        while keeper.open():
            CLOCK.wait(threading.Event(), 0.005)
        took = perf_counter() - start
        keeper.close()
        halts.close()
        if kind.pulled or at.ledger.open_faults():
            raise SystemExit("not everything was reverted and written")
    return took


def cost(times: int = 200) -> tuple[float, float]:
    """Seconds of one look at all sources, and of one plain read of the ledger."""
    with room() as at:
        halts = at.halts()
        start = perf_counter()
        for _ in range(times):
            halts.look("bench", (TEAM,))
        looked = perf_counter() - start
        start = perf_counter()
        for _ in range(times):
            at.ledger.halted()
        halts.close()
        return looked / times, (perf_counter() - start) / times


def _whole(target: Target) -> Health:
    return Health(whole=True, ready=1, wanted=1, detail=f"{target} is whole")


WORDS: Mapping[str, Callable[[Room], object]] = {
    "ledger": lambda at: at.ledger.append(SCRIBE.note(Phase.HALTED, reason="a benchmark", source="cli")),
    "file": lambda at: FileSource(at.file).write("a benchmark"),
    "configmap": lambda at: at.annotate("ConfigMap", MAP),
    "namespace": lambda at: at.annotate("Namespace", TEAM),
}


def main() -> None:
    print(f"{FAULTS} held faults, a revert takes 5 ms, {RUNS} runs each: from the word to the last proof")
    for name, say in WORDS.items():
        took = sorted(ended(say) for _ in range(RUNS))
        print(f"  {name:10} median {took[RUNS // 2]:5.2f} s, worst {took[-1]:5.2f} s")
    looked, plain = cost()
    print(f"one look at all four {looked * 1e3:5.2f} ms, {looked / plain:4.1f} x a plain read of the ledger")


if __name__ == "__main__":
    main()
