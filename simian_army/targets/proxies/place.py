"""Which toxiproxy servers are meant, and how to speak with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from simian_army.errors import ConfigError, Mistake


@dataclass(frozen=True, slots=True)
class Place:
    """The servers of one fleet by the URLs of their HTTP APIs (``http://127.0.0.1:8474``). ``timeout`` is seconds for
    each request. ``fleet`` and ``key`` are those of the names our toxics bear."""

    endpoints: tuple[str, ...]
    embedded: bool = False
    timeout: float = 3.0
    fleet: str = ""
    key: bytes = field(default=b"", repr=False)

    def urls(self) -> tuple[str, ...]:
        """Each endpoint once, without a slash at the end.

        Raises:
            ConfigError: there is none, or one is not the URL of a server.
        """
        urls = tuple(dict.fromkeys(endpoint.rstrip("/") for endpoint in self.endpoints))
        wrong = [url for url in urls if not _is_server(url)]
        if wrong or not urls:
            text = f"{', '.join(wrong) or 'nothing'} is no server: write for instance http://127.0.0.1:8474"
            raise ConfigError([Mistake("simian.yaml", 0, "platforms.toxiproxy.endpoints", text)])
        return urls


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return fit and not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
