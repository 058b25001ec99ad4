"""How many objects are read and patched with fewer requests than one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeAlias

from simian_army.clock import Clock
from simian_army.errors import SimianError
from simian_army.model import Json, Target
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.finding import kind_of
from simian_army.targets.kube.lists import Lists

AT_ONCE = 8
"""How many patches are under way at once."""

SENDING = 10.0
"""Seconds after which no patch is begun any more: what is left is for the next time."""

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

    def send(wish: Wish) -> dict[str, Any] | SimianError | None:
        if clock.monotonic() > ends:
            return None
        try:
            return patch(*wish)
        except SimianError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE, "patching") as pool:
        return list(pool.map(send, wishes))
