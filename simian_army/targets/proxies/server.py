"""What one toxiproxy server has, and the two acts on it, each read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from simian_army.errors import Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.model import Json
from simian_army.targets.proxies.answers import object_of
from simian_army.targets.proxies.arguments import differences, vetted
from simian_army.targets.proxies.library import Name, bound
from simian_army.targets.proxies.wire import Wire
from simian_army.targets.telling import warn

OURS = "simian-"
"""What the names of the toxics of every fleet begin with."""

_FIELDS = {"name": str, "listen": str, "upstream": str, "enabled": bool, "toxics": list}
_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class Server:
    """One server. ``unreadable`` counts the proxies that were left out of lists because they made no sense."""

    wire: Wire
    unreadable: int = 0
    _library: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._library = bound(self.wire)

    @property
    def endpoint(self) -> str:
        """The URL of its API, without a slash at the end."""
        return self.wire.endpoint

    @property
    def place(self) -> str:
        """``host:port`` of its API."""
        parts = urlsplit(self.endpoint)
        return parts.netloc if parts.port else f"{parts.netloc}:{_PORTS.get(parts.scheme, 0)}"

    def version(self) -> str:
        """What it says of itself: proof that a toxiproxy answers.

        Raises:
            PlatformError: it cannot be reached, or is none.
        """
        call = self.wire.call("GET", "/version")
        said = self._library.version()
        if len(said) < 40 and said.replace(b".", b"").isalnum():
            return str(said, "ascii")  # servers before 2.6
        version = object_of(call, said).get("version")
        if not isinstance(version, str):
            raise PlatformError(f"{call}: the answer has no version: not a toxiproxy; is the endpoint right?")
        return version

    def proxies(self) -> list[dict[str, Any]]:
        """All that make sense.

        Raises:
            PlatformError: the list could not be had.
        """
        return [said for said in self.listed().values() if not isinstance(said, str)]

    def listed(self) -> dict[str, dict[str, Any] | str]:
        """All by their names; one that makes no sense as what is wrong with it.

        Raises:
            PlatformError: the list could not be had.
        """
        url = "/proxies"
        found: dict[str, dict[str, Any] | str] = {}
        for name, said in object_of(self.wire.call("GET", url), self.wire.get(url).content).items():
            wrong = _wrong(name, said)
            found[name] = wrong or said
            if wrong:
                self.unreadable += 1
                warn("unreadable", endpoint=self.endpoint, proxy=name, why=wrong)
        return found

    def get(self, name: str) -> dict[str, Any] | None:
        """One proxy as it is now; None when there is none of that name.

        Raises:
            PlatformError: nobody can say.
        """
        self._must_be_addressable(name)
        url = f"/proxies/{Name(name)!s}"
        try:
            said = object_of(self.wire.call("GET", url), self.wire.get(url).content)
        except Gone:
            return None
        wrong = _wrong(name, said)
        if wrong:
            raise PlatformError(f"{self.wire.call('GET', url)}: the proxy makes no sense: {wrong}")
        return said

    def add(self, name: str, toxic_name: str, toxic: Json) -> None:
        """Add a toxic to a proxy, and read it back.

        Raises:
            Refused: the arguments are not valid, or a toxic of ours, of whatever run or fleet, is there already.
            Gone: there is no such proxy.
            Unknown: it may be there, or is there otherwise than asked for.
        """
        asked = vetted(toxic)
        said = self.get(name)
        if said is None:
            raise Gone(f"{self.endpoint}: there is no proxy {name}")
        held = [one["name"] for one in said["toxics"] if one["name"].startswith(OURS)]
        if held:
            raise Refused(f"{self.endpoint}: another fault holds the proxy {name}: {', '.join(held)}")
        proxy = self._library.proxy(**said)
        with self._understood(f"add {toxic_name} to {name}"):
            proxy.add_toxic(name=toxic_name, **asked)
        there = self._read_back(proxy, toxic_name)
        if there is None:
            raise Unknown(f"{self.endpoint}: {name}: the server took the toxic {toxic_name}, but does not show it")
        wrong = differences(asked, vars(there))
        if wrong:
            raise Unknown(f"{self.endpoint}: {name}: the server made something else of {toxic_name}: {wrong}")

    def remove(self, name: str, toxic_name: str) -> bool:
        """Remove a toxic from a proxy, and look whether it is gone; False when it was not there.

        Raises:
            Gone: there is no such proxy.
            PlatformError: it is still there, or nobody can say.
        """
        there = self.send_away(name, toxic_name)
        said = self.get(name)
        if said is None:
            raise Gone(f"{self.endpoint}: there is no proxy {name} any more")
        if any(one["name"] == toxic_name for one in said["toxics"]):
            raise PlatformError(
                f"{self.endpoint}: {name}: the server was asked to remove {toxic_name}, but still has it"
            )
        return there

    def send_away(self, name: str, toxic_name: str) -> bool:
        """Remove a toxic from a proxy, without a look at what then is; False when one of them was not there.

        Raises:
            PlatformError: nobody can say, or it was refused.
        """
        self._must_be_addressable(name)
        proxy = self._library.proxy(name=name, listen="", upstream="", enabled=True)
        try:
            with self._understood(f"remove {toxic_name} from {name}"):
                proxy.destroy_toxic(toxic_name)
        except Gone:
            return False
        return True

    def _must_be_addressable(self, name: str) -> None:
        if not addressable(name):
            hint = "give it a name without slashes and control characters"
            raise PlatformError(f"{self.endpoint}: the proxy {name!r} cannot be addressed over HTTP: {hint}")

    def _read_back(self, proxy: Any, toxic_name: str) -> Any:
        try:
            with self._understood(f"read {toxic_name} back"):
                return proxy.toxics().get(toxic_name)
        except Gone:
            raise
        except SimianError as error:  # whatever it says, the toxic was sent before
            raise Unknown(f"{toxic_name} was added, and nobody can say with what effect: {error}") from error

    @contextmanager
    def _understood(self, act: str) -> Iterator[None]:
        """Around a call into the library, which trips over answers it does not expect."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise Unknown(
                f"{self.endpoint}: {act}: the answer makes no sense ({error!r}); it may have happened"
            ) from error


def addressable(name: str) -> bool:
    """Whether a path can hold the name: the server takes an escaped slash for a slash, and dots for steps."""
    return bool(name) and "/" not in name and name not in (".", "..") and name.isprintable()


def _wrong(name: str, said: object) -> str:
    """What makes no sense about a proxy; empty when all does."""
    if not isinstance(said, dict):
        return "it is no object"
    unfit = [field for field, kind in _FIELDS.items() if not isinstance(said.get(field), kind)]
    if unfit:
        return f"no {', '.join(unfit)}"
    if said["name"] != name or not addressable(name):
        return "its name cannot be addressed"
    toxics = said["toxics"]
    if not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("type"), str)
        for one in toxics
    ):
        return "a toxic without name or type"
    return ""
