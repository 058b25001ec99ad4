"""What the faults that make a pod leave have in common: its grace period, and the sight of it going."""

from __future__ import annotations

from simian_army.errors import Refused
from simian_army.model import Evidence, Fault
from simian_army.ports import KubernetesPort

GRACE = "seconds the pod has to end by itself; without it, the pod's own terminationGracePeriodSeconds"
"""What the parameter ``grace`` means."""


def grace_of(fault: Fault) -> int | None:
    """The parameter ``grace`` in seconds; None for the pod's own.

    Raises:
        Refused: it is no whole number of seconds, or there are other parameters.
    """
    unknown = sorted(set(fault.params) - {"grace"})
    if unknown:
        raise Refused(f"{fault.kind} knows no parameter {', '.join(unknown)}; known: grace")
    grace = fault.params.get("grace")
    if grace is None:
        return None
    if isinstance(grace, bool) or not isinstance(grace, int) or grace < 0:
        raise Refused(f"{fault.kind}: grace is {grace!r}, give a whole number of seconds, 0 or more")
    return grace


def expect_there(port: KubernetesPort, fault: Fault) -> None:
    """Raise unless the pod is there and not leaving already.

    Raises:
        Refused: it is gone or going.
    """
    leaving = look(port, fault)
    if leaving.holds:
        raise Refused(f"{fault.target}: {leaving.detail} already")


def look(port: KubernetesPort, fault: Fault) -> Evidence:
    """Whether the pod of that uid is gone or going."""
    obj = port.get(fault.target)
    if obj is None:
        return Evidence(holds=True, detail="gone")
    since = obj["metadata"].get("deletionTimestamp")
    if since:
        return Evidence(holds=True, detail="being deleted", facts={"deletionTimestamp": since})
    return Evidence(holds=False, detail="still there and not being deleted")
