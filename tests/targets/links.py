"""A toxiproxy that a test fills and looks into, past our own adapter."""

from __future__ import annotations

from typing import Any

import requests

SECONDS = 5


class Links:
    """One server, embedded or real, by the URL of its API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def proxy(self, name: str, upstream: str = "127.0.0.1:9") -> Any:
        """Make a proxy on a free port of loopback."""
        return self._ask("POST", "/proxies", {"name": name, "listen": "127.0.0.1:0", "upstream": upstream})

    def toxic(self, proxy: str, name: str, **more: Any) -> Any:
        """Add a toxic as a stranger would."""
        said = {"name": name, "type": "latency", "stream": "downstream", "attributes": {"latency": 1}, **more}
        return self._ask("POST", f"/proxies/{proxy}/toxics", said)

    def proxies(self) -> Any:
        """Name to the proxy, toxics and all."""
        return self._ask("GET", "/proxies")

    def toxics(self) -> set[str]:
        """``proxy/toxic`` of every toxic there is."""
        return {f"{name}/{toxic['name']}" for name, said in self.proxies().items() for toxic in said["toxics"]}

    def remove(self, name: str) -> None:
        """Delete a proxy."""
        requests.delete(f"{self.url}/proxies/{name}", timeout=SECONDS).raise_for_status()

    def clear(self) -> None:
        """Delete every proxy."""
        for name in self.proxies():
            self.remove(name)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}{path}", json=body, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()
