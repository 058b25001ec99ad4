"""How long a halt takes that ends 100 held faults, by the source that says it, and what each look costs."""

from __future__ import annotations

import sys
from pathlib import Path

# The file select.py beside this one must not shadow the standard library's module of that name.
sys.path.remove(str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.request import Request, urlopen

from benchmarks.parts.keeping import KEY, SCRIBE, held, keeping, until_over
from benchmarks.parts.lever import CLOCK, Lever, levers
from simian_army.audit.ledger import SqlLedger
from simian_army.embedded.kube import KubeServer
from simian_army.halts.configmap import ConfigMapSource
from simian_army.halts.file import FileSource
from simian_army.halts.halts import Halts
from simian_army.halts.ledger import LedgerSource
from simian_army.halts.namespaces import NamespaceSource
from simian_army.model import Phase
from simian_army.targets.kube.halting import HALT, Halting
from simian_army.targets.kube.place import Place

FAULTS, RUNS = 100, 5
TEAM, OURS, MAP = "shop", "simian", "simian-army-halt"


@dataclass(frozen=True, slots=True)
class Room:
    """A file's path and an API server, both empty."""

    file: Path
    server: KubeServer
    port: Halting

    def halts(self, ledger: SqlLedger) -> Halts:
        """All four sources, as an agent in a cluster reads them."""
        map_, teams = ConfigMapSource(self.port, OURS, MAP), NamespaceSource(self.port, "bench")
        return Halts([LedgerSource(ledger, SCRIBE), FileSource(self.file), map_, teams], CLOCK)

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
        yield Room(Path(folder) / "simian.halt", server, port)
        port.close()


def ended(say: Callable[[Room, SqlLedger], object]) -> float:
    """Seconds from the word to the last REVERTED."""
    kind = Lever(0.005)
    faults = [held(kind, target, number) for number, target in enumerate(levers(FAULTS, TEAM))]
    with room() as at, keeping(kind, faults, at.halts) as held_there:
        for one in faults:
            kind.inject(one.fault, one.mark)
            held_there.keeper.hold(one)
        CLOCK.wait(threading.Event(), 1.0)
        took = until_over(held_there, lambda: say(at, held_there.ledger))
    if kind.pulled:
        raise SystemExit("not everything was reverted")
    return took


def cost(times: int = 200) -> tuple[float, float]:
    """Seconds of one look at all sources, and of one plain read of the ledger."""
    with room() as at, SqlLedger.open(f"sqlite:///{at.file.parent / 'ledger.db'}", KEY) as ledger:
        halts = at.halts(ledger)
        start = perf_counter()
        for _ in range(times):
            halts.look("bench", (TEAM,))
        looked = perf_counter() - start
        start = perf_counter()
        for _ in range(times):
            ledger.halted()
        halts.close()
        return looked / times, (perf_counter() - start) / times


WORDS: Mapping[str, Callable[[Room, SqlLedger], object]] = {
    "ledger": lambda _, ledger: ledger.append(SCRIBE.note(Phase.HALTED, reason="a benchmark", source="cli")),
    "file": lambda at, _: FileSource(at.file).write("a benchmark"),
    "configmap": lambda at, _: at.annotate("ConfigMap", MAP),
    "namespace": lambda at, _: at.annotate("Namespace", TEAM),
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
