"""How many toxics are taken off one server: what is there is read once before and once after, not once for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from simian_army.clock import Clock
from simian_army.errors import SimianError
from simian_army.ports import Removal
from simian_army.targets.proxies.server import Server

SIDE_BY_SIDE = 8
"""How many removals are under way at once."""

SENDING = 10.0
"""Seconds after which no removal is begun any more: what is left is for the next time, and what is done is proved."""

Listed: TypeAlias = Mapping[str, dict[str, Any] | str]
Toxic: TypeAlias = tuple[str, str]
"""The names of a proxy and of a toxic on it."""


def cleared(server: Server, toxics: Sequence[Toxic]) -> list[Removal]:
    """What became of each; only those that are there are asked away, and only by their very names."""
    try:
        before = server.listed()
    except SimianError as error:
        return [Removal(trouble=str(error)) for _ in toxics]
    there = [one for one in dict.fromkeys(toxics) if _has(before, one)]
    if not there:
        return [_seen(server, before, one) for one in toxics]
    sending = Sending(server, server.wire.clock)
    sending.send(there)
    try:
        after = server.listed()
    except SimianError as error:
        lost = Removal(trouble=f"asked away, but nobody can say with what effect: {error}")
        return [lost if _has(before, one) else _seen(server, before, one) for one in toxics]
    return [sending.proof(one, after) if _has(before, one) else _seen(server, before, one) for one in toxics]


@dataclass(slots=True)
class Sending:
    """Asks toxics away, side by side, and remembers what the server said where that was not a yes."""

    server: Server
    clock: Clock
    _said: dict[Toxic, str] = field(default_factory=dict)
    _left: set[Toxic] = field(default_factory=set)

    def send(self, toxics: Sequence[Toxic]) -> None:
        """Each once, until time is up."""
        ends = self.clock.monotonic() + SENDING

        def ask(one: Toxic) -> None:
            if self.clock.monotonic() > ends:
                self._left.add(one)
                return
            try:
                self.server.send_away(*one)
            except SimianError as error:  # whatever it says: what is then there decides
                self._said[one] = str(error)

        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(toxics)), "clearing") as pool:
            list(pool.map(ask, toxics))

    def proof(self, one: Toxic, after: Listed) -> Removal:
        """What became of one that was there before."""
        if one in self._left and _has(after, one):
            words = f"{self.server.endpoint}: {one[0]}: not asked away yet, others took {SENDING:g} s"
            return Removal(trouble=words, under_way=True)
        if _has(after, one):
            words = f"the server was asked to remove {one[1]}, but still has it"
            return Removal(trouble=self._said.get(one) or f"{self.server.endpoint}: {one[0]}: {words}")
        seen = _seen(self.server, after, one)
        return Removal(seen.proxy, removed=True, trouble=seen.trouble)


def _has(listed: Listed, one: Toxic) -> bool:
    proxy = listed.get(one[0])
    return isinstance(proxy, dict) and any(toxic["name"] == one[1] for toxic in proxy["toxics"])


def _seen(server: Server, listed: Listed, one: Toxic) -> Removal:
    proxy = listed.get(one[0])
    if isinstance(proxy, str):
        call = server.wire.call("GET", "/proxies")
        return Removal(trouble=f"{call}: the proxy {one[0]} makes no sense: {proxy}")
    return Removal(proxy)
