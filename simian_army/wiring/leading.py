"""Who leads: which kind of lease this process takes."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from simian_army.clock import Clock
from simian_army.errors import ConfigError
from simian_army.leader import Leader, Seat
from simian_army.leader.by_file import FileSeat
from simian_army.leader.by_kubernetes import KubernetesSeat
from simian_army.leader.by_postgres import PostgresSeat
from simian_army.targets.kube.place import IN_CLUSTER, Place

if TYPE_CHECKING:
    from config.load import Loaded
    from simian_army.ports import LeasePort

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a pod finds its namespace, unless SIMIAN_NAMESPACE tells it."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What else decides: the ledger's URL, the lock file beside it, and who acts."""

    ledger: str = field(repr=False)
    lock: Path
    actor: str


def lease_of(loaded: Loaded, beside: Beside, clock: Clock) -> Leader:
    """The lease of this config's fleet; nothing is connected before it is used."""
    settings = loaded.settings
    every, lasts = settings.leader.renew.total_seconds(), settings.leader.lasts(settings.platforms.timeout)
    return Leader(_seat(loaded, beside, clock, lasts), clock, lasts, every)


def own_namespace() -> str:
    """The namespace that this pod runs in; empty outside a cluster."""
    with suppress(OSError):
        return os.environ.get("SIMIAN_NAMESPACE", "") or ACCOUNT.read_text().strip()
    return ""


def _seat(loaded: Loaded, beside: Beside, clock: Clock, lasts: float) -> Seat:
    settings = loaded.settings
    request = settings.leader.renew.total_seconds() * 3 / 4  # one that hangs is over before the next is due
    cluster = settings.platforms.kubernetes
    context = cluster.context if cluster else ""
    if settings.leader.namespace or context == IN_CLUSTER:
        identity = f"{beside.actor}/{os.getpid()}/{secrets.token_hex(4)}"
        namespace = settings.leader.namespace or own_namespace()
        connect = partial(_leases, loaded, namespace, Place(context=context, timeout=request), clock)
        return KubernetesSeat(connect, namespace, settings.fleet, identity, clock, lasts)
    if beside.ledger.startswith("postgresql"):
        return PostgresSeat(beside.ledger, settings.fleet, beside.actor, clock, lasts, request)
    return FileSeat(beside.lock, beside.actor, clock)


def _leases(loaded: Loaded, namespace: str, place: Place, clock: Clock) -> LeasePort:
    from simian_army.targets.kube.leases import Leases

    if not namespace:
        why = "the namespace of this pod is not known, and its Lease must be somewhere"
        raise ConfigError([loaded.mistake("leader.namespace", why, "write it, or set SIMIAN_NAMESPACE")])
    return Leases.connect(place, clock)
