"""The Leases of our own namespace: who leads, where there is a cluster to say so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from simian_army.clock import Clock
from simian_army.errors import Gone, PlatformError
from simian_army.model import Json
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.kinds import Kind
from simian_army.targets.kube.login import login
from simian_army.targets.kube.place import Place
from simian_army.targets.kube.wire import Wire

LEASE = Kind("coordination.k8s.io", "v1", "leases", "Lease")


@dataclass(frozen=True, slots=True)
class Leases:
    """One cluster's, as ``ports.LeasePort``, over connections of its own: no list of pods keeps a renewal waiting."""

    wire: Wire

    @classmethod
    def connect(cls, place: Place, clock: Clock) -> Leases:
        """Read the configuration and credentials that ``place`` names; the first request connects.

        Raises:
            ConfigError, PlatformError: what the place names cannot be used.
        """
        return cls(Wire(partial(login, place), place.timeout, clock))

    def get_lease(self, namespace: str, name: str) -> dict[str, Any] | None:
        try:
            return self._done(Call("get", LEASE, namespace, name))
        except Gone:
            return None

    def create_lease(self, namespace: str, lease: Json) -> None:
        self.wire.act(Call("create", LEASE, namespace, body=lease))

    def replace_lease(self, lease: Json) -> dict[str, Any]:
        metadata = lease["metadata"]
        return self._done(Call("update", LEASE, metadata["namespace"], metadata["name"], body=lease))

    def _done(self, call: Call) -> dict[str, Any]:
        # sent once, reads too: whoever asks has a deadline, and asks again soon
        lease = object_of(self.wire.host, call, self.wire.act(call))
        if not isinstance(lease.get("metadata"), dict):
            raise PlatformError(f"{self.wire.host}: {call}: the answer has no metadata; is the URL right?")
        return lease
