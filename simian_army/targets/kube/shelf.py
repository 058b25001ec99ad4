"""The Secrets of our own namespace: where records are kept in a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simian_army.errors import Gone, PlatformError
from simian_army.model import Json
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.kinds import Kind
from simian_army.targets.kube.lists import Lists

SECRET = Kind("", "v1", "secrets", "Secret")


@dataclass(frozen=True, slots=True)
class Shelf:
    """One cluster's, as ``ports.SecretsPort``; nothing of a Secret is ever logged."""

    lists: Lists

    def get_secret(self, namespace: str, name: str) -> dict[str, Any] | None:
        call = Call("get", SECRET, namespace, name)
        try:
            return object_of(self.lists.wire.host, call, self.lists.wire.read(call))
        except Gone:
            return None

    def list_secrets(self, namespace: str, labels: str) -> list[dict[str, Any]]:
        call = Call("list", SECRET, namespace, query=(("labelSelector", labels),))
        return [entry.whole for entry in self.lists.all(call) if entry.whole]

    def create_secret(self, namespace: str, secret: Json) -> None:
        self.lists.wire.act(Call("create", SECRET, namespace, body=secret))

    def patch_secret(self, namespace: str, name: str, change: Json) -> None:
        self.lists.wire.act(Call("patch", SECRET, namespace, name, body=change, merge=True))

    def delete_secret(self, namespace: str, name: str) -> None:
        try:
            self.lists.wire.act(Call("delete", SECRET, namespace, name))
        except Gone:
            return
        except PlatformError as error:
            raise PlatformError(f"the Secret {namespace}/{name} could not be deleted: {error}") from error
