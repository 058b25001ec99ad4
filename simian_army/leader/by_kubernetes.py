"""The lease as a Lease of our own namespace: for the agents of one fleet on any machine that reach the API server."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simian_army.clock import Clock
from simian_army.errors import Conflict, Gone
from simian_army.model import Json
from simian_army.ports import LeasePort

LONGEST = 60.0
"""Seconds that a Lease may last: config allows no more, so that a damaged one keeps nobody out for longer."""


@dataclass(slots=True)
class KubernetesSeat:
    """The Lease ``simian-army-<fleet>``, written only over the version that was read.

    It is taken from a holder only when it has not changed for its whole duration by our monotonic clock: wall clocks
    of two machines are never compared. One that is not there may have been deleted under its holder, so it is made
    without one and taken when its duration is over. ``identity`` is ``actor/pid/random``, unique to this process.
    """

    connect: Callable[[], LeasePort]
    namespace: str
    fleet: str
    identity: str
    clock: Clock
    duration: float
    _port: LeasePort | None = field(default=None, repr=False)
    _ours: Json | None = field(default=None, repr=False)
    _seen: tuple[Json, float] | None = field(default=None, repr=False)
    _alive: bool = False

    @property
    def place(self) -> str:
        return f"the Lease {self.namespace}/{self._name}"

    def claim(self) -> bool:
        lease = self._read()
        if lease is None:
            self._make()
            return False
        if _holder(lease) != self.identity and not self._is_free(lease):
            return False
        return self._write(lease, anew=True)

    def renew(self) -> bool:
        if self._ours is not None and self._write(self._ours):
            return True
        # our own renewal may have been carried out without an answer, and so have made what we know of it old
        lease = self._read()
        return lease is not None and _holder(lease) == self.identity and self._write(lease)

    def intact(self) -> bool:
        return True  # only the API server knows more than the deadline

    def leave(self) -> None:
        lease, self._ours = self._ours, None
        if lease is not None and not self._write(lease, holder=""):
            found = self._read()
            if found is not None and _holder(found) == self.identity:
                self._write(found, holder="")
        self._ours = None

    def holder(self) -> dict[str, Any]:
        lease = self._read()
        who = _holder(lease) if lease else ""
        if not lease or not who:
            return {}
        actor, _, rest = who.rpartition("/")[0].rpartition("/")
        return {"actor": actor or who, "pid": rest, "beat": str(_spec(lease).get("renewTime", ""))}

    def occupied(self) -> bool | None:
        lease = self._read()
        if lease is None or self._is_free(lease):
            return False
        return True if self._alive else None

    @property
    def _name(self) -> str:
        return f"simian-army-{self.fleet}"

    def _is_free(self, lease: Json) -> bool:
        """Whether it was given back, or its holder's time has run out while we watched."""
        spec, now = _spec(lease), self.clock.monotonic()
        if not _holder(lease) and spec.get("acquireTime"):
            return True
        shown = {"spec": spec, "uid": lease["metadata"].get("uid")}
        if self._seen is None or self._seen[0] != shown:
            self._alive = self._seen is not None and bool(_holder(lease))
            self._seen = (shown, now)
        return now - self._seen[1] > self._patience(spec)

    def _patience(self, spec: Json) -> float:
        said = spec.get("leaseDurationSeconds")
        theirs = float(said) if isinstance(said, int) else 0.0
        return max(self.duration, min(theirs, LONGEST))

    def _read(self) -> Json | None:
        return self._at().get_lease(self.namespace, self._name)

    def _make(self) -> None:
        labels = {"app.kubernetes.io/managed-by": "simian-army"}
        spec = {"leaseDurationSeconds": math.ceil(self.duration)}
        metadata = {"name": self._name, "namespace": self.namespace, "labels": labels}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        try:
            self._at().create_lease(self.namespace, lease)
        except Conflict:
            return  # another process was quicker; both watch it now

    def _write(self, lease: Json, *, anew: bool = False, holder: str | None = None) -> bool:
        """Write it over the version that ``lease`` is; False when somebody changed it meanwhile."""
        now = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = dict(_spec(lease))
        if anew:
            count = spec.get("leaseTransitions")
            spec["leaseTransitions"] = (count if isinstance(count, int) else 0) + 1
            spec["acquireTime"] = now
        spec |= {"holderIdentity": self.identity if holder is None else holder, "renewTime": now}
        spec["leaseDurationSeconds"] = math.ceil(self.duration)
        try:
            self._ours = self._at().replace_lease({**lease, "spec": spec})
        except (Conflict, Gone):
            return False
        return True

    def _at(self) -> LeasePort:
        if self._port is None:
            self._port = self.connect()
        return self._port


def _spec(lease: Json) -> Json:
    spec = lease.get("spec")
    return spec if isinstance(spec, Mapping) else {}


def _holder(lease: Json) -> str:
    return str(_spec(lease).get("holderIdentity") or "")
