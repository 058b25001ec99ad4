"""Records as Secrets of our own namespace, where there is a cluster to keep them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from simian_army.errors import Conflict, Gone, PlatformError, Refused
from simian_army.ports import SecretsPort
from simian_army.undertaker.store import Kept, RecordsError, Who

RECORD = "simian-army/record"
"""The label of a record's Secret; its value is the fleet."""

_TEXT, _SEEN, _ENDED = "record", "acknowledged", "ended"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The records of one fleet in one namespace; both beats are in one Secret more."""

    port: SecretsPort
    namespace: str
    fleet: str
    pace: float = 0.5

    @property
    def place(self) -> str:
        return f"the Secrets in namespace {self.namespace}"

    def put(self, name: str, text: str) -> None:
        with self._explained():
            self.port.create_secret(self.namespace, self._secret(name, {RECORD: self.fleet}, {_TEXT: text}))

    def get(self, name: str) -> Kept | None:
        with self._explained():
            found = self.port.get_secret(self.namespace, name)
            return _kept(found) if found else None

    def all(self) -> Sequence[Kept]:
        with self._explained():
            found = self.port.list_secrets(self.namespace, f"{RECORD}={self.fleet}")
            return [kept for secret in found if (kept := _kept(secret))]

    def acknowledge(self, name: str) -> None:
        with self._explained():
            self.port.patch_secret(self.namespace, name, {"data": _coded({_SEEN: "true"})})

    def end(self, name: str, detail: str) -> None:
        with self._explained(), suppress(Gone):  # its agent was quicker
            self.port.patch_secret(self.namespace, name, {"data": _coded({_ENDED: detail})})

    def drop(self, name: str) -> None:
        with self._explained():
            self.port.delete_secret(self.namespace, name)

    def clear(self) -> None:
        """Forget every record of the fleet, readable or not, and the beats: nobody needs them any more."""
        with self._explained():
            found = self.port.list_secrets(self.namespace, f"{RECORD}={self.fleet}")
            for name in (*(str(secret["metadata"]["name"]) for secret in found), self._beats):
                self.port.delete_secret(self.namespace, name)

    def beat(self, who: Who, text: str) -> None:
        with self._explained():
            try:
                self.port.patch_secret(self.namespace, self._beats, {"data": _coded({who: text})})
            except Gone:
                with suppress(Conflict):
                    self.port.create_secret(self.namespace, self._secret(self._beats, {}, {who: text}))

    def beaten(self, who: Who) -> str:
        with self._explained():
            found = self.port.get_secret(self.namespace, self._beats)
            return _texts(found).get(who, "") if found else ""

    @property
    def _beats(self) -> str:
        return f"simian-{self.fleet}-beats"

    def _secret(self, name: str, labels: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, Any]:
        ours = {"app.kubernetes.io/managed-by": "simian-army", **labels}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": ours},
            "data": _coded(texts),
        }

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (PlatformError, Refused) as error:
            raise RecordsError(f"the records in {self.place} cannot be used: {error}") from error


def _kept(secret: Mapping[str, Any]) -> Kept | None:
    texts = _texts(secret)
    if _TEXT not in texts:
        return None
    name = str(secret.get("metadata", {}).get("name", ""))
    return Kept(name, texts[_TEXT], _SEEN in texts, texts.get(_ENDED, ""))


def _coded(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}


def _texts(secret: Mapping[str, Any]) -> dict[str, str]:
    data = secret.get("data")
    found: dict[str, str] = {}
    for key, value in (data if isinstance(data, Mapping) else {}).items():
        with suppress(ValueError, TypeError):  # what anybody else put there is none of ours
            found[str(key)] = base64.b64decode(value, validate=True).decode()
    return found
