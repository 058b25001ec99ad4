"""What held faults on AWS have in common: the mark comes first, and a plain no takes it off again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simian_army.errors import Conflict, Forbidden, Gone, Refused, SimianError, Unknown
from simian_army.model import Fault, Mark
from simian_army.ports import AwsPort

LOOKS = 4
"""How often a revert looks again within one try; the last look proves the last step."""

READS = (("sts:GetCallerIdentity",), ("ec2:DescribeInstances",), ("autoscaling:DescribeAutoScalingGroups",))
"""What every fault on AWS needs to read."""

_NO = (Refused, Gone, Conflict, Forbidden)


def expect_free(port: AwsPort, fault: Fault) -> dict[str, Any]:
    """The target as it is now, if it is there and nobody holds it.

    Raises:
        Refused: it is gone, or marked.
    """
    obj = port.get(fault.target)
    if obj is None:
        raise Refused(f"{fault.target}: gone")
    bearing = port.bears(obj)
    if bearing:
        raise Refused(f"{fault.target}: another fault holds it: {bearing}")
    return obj


def no_params(fault: Fault) -> None:
    """Raise if there are parameters.

    Raises:
        Refused: there are.
    """
    if fault.params:
        raise Refused(f"{fault.kind} knows no parameters; it was given {', '.join(sorted(fault.params))}")


def under_mark(port: AwsPort, fault: Fault, mark: Mark, act: Callable[[], None]) -> None:
    """Mark the target, then ``act``; when AWS says no to the act, the mark goes again.

    Raises:
        Refused, Gone, Forbidden: nothing was changed, and no mark is left.
        PlatformError, Unknown: nobody can say, or the mark could not be taken off again.
    """
    # before the act: a crash right after it must still find the way back
    port.mark(fault.target, mark)
    or_back(act, lambda: port.unmark(fault.target, mark), "mark")


def or_back(act: Callable[[], None], back: Callable[[], object], what: str) -> None:
    """``act``; when AWS says no to it, go ``back``, which takes ``what`` away that was made for it.

    Raises:
        Refused, Gone, Forbidden: nothing was changed, and nothing is left.
        PlatformError, Unknown: nobody can say, or it could not be taken away again.
    """
    try:
        act()
    except _NO as no:
        _clear(back, what, no)
        raise


def _clear(back: Callable[[], object], what: str, no: SimianError) -> None:
    try:
        back()
    except SimianError as error:
        # a plain no would end the attempt, and what was made would stay for ever
        raise Unknown(f"{no}; and our {what} may still be there: {error}") from error
