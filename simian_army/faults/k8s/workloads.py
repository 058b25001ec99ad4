"""What the faults on whole workloads have in common: whose pods they harm."""

from __future__ import annotations

from simian_army.errors import PlatformError
from simian_army.model import Fault, Selector


def pods_of(fault: Fault) -> Selector:
    """Every pod that the target's selector means: also those of another workload, where two overlap.

    Raises:
        PlatformError: the target was not read whole, or its selector makes no sense.
    """
    query = fault.target.facts.get("selects")
    if not isinstance(query, str) or not query:
        raise PlatformError(f"{fault.target}: nobody can tell which pods are its: its spec.selector cannot be read")
    return Selector(kind="pod", scopes=(fault.target.scope,), labels=query)
