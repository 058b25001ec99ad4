"""How many objects are read, patched and evicted with fewer requests than one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from simian_army.clock import Clock
from simian_army.errors import Refused, SimianError
from simian_army.model import Json, Target
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.finding import kind_of
from simian_army.targets.kube.lists import Lists

AT_ONCE = 8
"""How many patches are under way at once."""

SENDING = 10.0
"""Seconds after which no patch is begun any more: what is left is for the next time."""

EVICTING = 120.0
"""The same for evictions: what is left stays."""

T = TypeVar("T")
U = TypeVar("U")
Patch: TypeAlias = Callable[[Target, Sequence[Json]], dict[str, Any]]
Wish: TypeAlias = tuple[Target, Sequence[Json]]


def listed(lists: Lists, kind: str, labels: str, fields: Sequence[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Every whole object of a kind that has no namespace, and that matches, by uid.

    Raises:
        PlatformError: the list could not be had whole.
    """
    asked = [("labelSelector", labels), ("fieldSelector", ",".join(f"{key}={value}" for key, value in fields))]
    call = replace(Call("list", kind_of(kind)), query=tuple((key, value) for key, value in asked if value))
    return {entry.metadata.uid: entry.whole for entry in lists.all(call) if entry.whole}


def patched(patch: Patch, wishes: Sequence[Wish], clock: Clock) -> list[dict[str, Any] | SimianError | None]:
    """Each sent once, side by side: the object as it then is, or what the server said; None when time was up before."""
    ends = clock.monotonic() + SENDING
    return sent(lambda wish: patch(*wish), wishes, lambda: clock.monotonic() <= ends)


def evicted(
    evict: Callable[[Target], None], pods: Sequence[Target], may: Callable[[], bool]
) -> list[SimianError | None]:
    """Each eviction sent once, side by side, begun while it ``may`` be: None when the pod goes, or why it does not."""

    def send(pod: Target) -> bool:
        evict(pod)
        return True

    answers = sent(send, pods, may)
    late = Refused("not asked: time was up, or the lease about to end")
    return [late if answer is None else answer if isinstance(answer, SimianError) else None for answer in answers]


def sent(act: Callable[[T], U], items: Sequence[T], may: Callable[[], bool]) -> list[U | SimianError | None]:
    """``act`` of each, once and side by side: what it gave or raised; None for what was not begun."""

    def send(item: T) -> U | SimianError | None:
        try:
            return act(item) if may() else None
        except SimianError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE, "sending") as pool:
        return list(pool.map(send, items))
