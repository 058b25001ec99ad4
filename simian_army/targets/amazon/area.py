"""One account in one region: what is sent there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simian_army.targets.amazon.call import Call, pages, send
from simian_army.targets.amazon.login import Login
from simian_army.targets.amazon.sessions import Key

_MOST = {"autoscaling": 100, "cloudwatch": 100}  # objects a page; EC2 allows 1000


@dataclass(frozen=True, slots=True)
class Area:
    """Sends requests with the credentials of ``login`` to one region."""

    login: Login
    region: str

    @property
    def scope(self) -> str:
        """``123456789012/eu-west-1``, as targets have it."""
        return f"{self.login.account}/{self.region}"

    def read(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """The answer to a read, which is sent up to three times.

        Raises:
            Forbidden, Gone, PlatformError: what the last answer was.
        """
        client, call = self._ready(service, operation, params, act=False)
        return send(client, call)

    def each(self, service: str, operation: str, key: str, **params: Any) -> list[Any]:
        """All that stands under ``key`` on all pages.

        Raises:
            Forbidden, PlatformError: the list could not be had whole.
        """
        client, call = self._ready(service, operation, params, act=False)
        size = min(self.login.place.page_size, _MOST.get(service, 1000))
        return [one for page in pages(client, call, key, size) for one in page]

    def act(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """The answer to a request that may change something; it is sent once.

        Raises:
            Refused, Forbidden, Gone, PlatformError: nothing was changed.
            Unknown: it was sent, and nobody can say what became of it.
        """
        client, call = self._ready(service, operation, params, act=True)
        return send(client, call)

    def _ready(self, service: str, operation: str, params: dict[str, Any], *, act: bool) -> tuple[Any, Call]:
        client = self.login.client(Key(service, self.region, act))
        call = Call(service, operation, params, act, self.scope, str(client.meta.endpoint_url))
        return client, call
