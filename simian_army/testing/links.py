"""A toxiproxy to test fault kinds in: the embedded server, with a proxy of its own for each target."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Collection, Sequence
from typing import Any

from simian_army.embedded.toxi.server import ToxiServer
from simian_army.model import Json, Mark, Selector, Target
from simian_army.targets.proxies.names import parse
from simian_army.targets.proxies.place import Place
from simian_army.targets.toxi import Toxiproxy

_SECONDS = 5
_ADMIN = "simian-seed"
_LATE = {"type": "latency", "stream": "downstream", "toxicity": 1.0, "attributes": {"latency": 1, "jitter": 0}}


class LinkWorld:
    """A toxiproxy whose proxies each have a toxic of somebody else."""

    fleet, key = "conformance", b"a key that only tests have"

    def __init__(self) -> None:
        self._server = ToxiServer()
        self._server.start()
        self._ports: list[Toxiproxy] = []
        self._made = 0

    def port(self) -> Any:
        """A connection."""
        place = Place((self._server.url,), embedded=True, fleet=self.fleet, key=self.key)
        self._ports.append(Toxiproxy.connect(place))
        return self._ports[-1]

    def target(self, kind: str) -> Target:
        """A proxy made for it."""
        self._made += 1
        name = f"{kind}-{self._made}"
        self._ask("POST", "/proxies", {"name": name, "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"})
        self._toxic(name, "before")
        port = self.port()
        (found,) = port.find(Selector(kind, names=(name,)))
        whole = port.read(found)
        if not isinstance(whole, Target):
            raise AssertionError(f"{found} is gone before it is struck")
        return whole

    def look(self) -> Json:
        """Every proxy with its toxics; those of ours are marks, and the harm as well."""
        host = self._server.url.removeprefix("http://")
        return {f"proxy {host}/{name}": said for name, said in self._proxies().items()}

    def marks(self) -> list[str]:
        """The run that the name of each toxic of ours says."""
        toxics = [toxic["name"] for said in self._proxies().values() for toxic in said["toxics"]]
        return [mark.run for name in toxics if (mark := parse(name))]

    def writes(self) -> int:
        """Those that the server carried out for an adapter."""
        return sum(write.code < 300 and write.user_agent != _ADMIN for write in self._server.writes)

    def asked(self) -> list[tuple[str, ...]]:
        """Nothing: whoever reaches a toxiproxy may do everything."""
        return []

    def always(self) -> Collection[tuple[str, ...]]:
        """The same."""
        return ()

    def found(self, kinds: Collection[str]) -> Sequence[tuple[Target, Mark | None]]:
        """As ``Platform.marked``."""
        del kinds  # all are proxies
        return list(self.port().marked())

    def change(self, target: Target, before: Json) -> None:
        """The proxy gets another toxic and loses the one from before."""
        del before
        self._toxic(target.name, "meanwhile")
        self._ask("DELETE", f"/proxies/{target.name}/toxics/before")

    def remove(self, target: Target) -> None:
        """The proxy is deleted."""
        self._ask("DELETE", f"/proxies/{target.name}")

    def clear(self, target: Target) -> None:
        """The same."""
        if target.name in self._proxies():
            self.remove(target)
        self._disconnect()

    def forge(self, target: Target, mark: Mark) -> None:
        """A toxic that is named as if it were of the same run, under another signature."""
        self._toxic(target.name, f"simian-{mark.fleet}-{mark.run}-{int(mark.deadline.timestamp())}-{mark.mac[:16]}")

    def strip(self, target: Target) -> None:
        """Every toxic of ours."""
        for toxic in self._proxies()[target.name]["toxics"]:
            if parse(toxic["name"]):
                self._ask("DELETE", f"/proxies/{target.name}/toxics/{toxic['name']}")

    def close(self) -> None:
        """End every connection, then the server."""
        self._disconnect()
        self._server.stop()

    def _disconnect(self) -> None:
        while self._ports:
            self._ports.pop().close()

    def _proxies(self) -> dict[str, Any]:
        found: dict[str, Any] = self._ask("GET", "/proxies")
        return found

    def _toxic(self, proxy: str, name: str) -> None:
        self._ask("POST", f"/proxies/{proxy}/toxics", {"name": name, **_LATE})

    def _ask(self, method: str, path: str, body: Json | None = None) -> Any:
        text = json.dumps(body).encode() if body is not None else None
        asked = urllib.request.Request(  # noqa: S310 - our own URL
            f"{self._server.url}{path}", text, {"User-Agent": _ADMIN, "Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310 - our own URL
            said = answer.read()
        return json.loads(said) if said else None
