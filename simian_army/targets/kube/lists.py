"""Everything that matches, page by page, however often the server makes us begin again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from simian_army.errors import PlatformError
from simian_army.targets.kube.answers import Expired
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.decode import PLAIN, Entry, Forms, Twins, page_of
from simian_army.targets.kube.wire import Wire
from simian_army.targets.telling import inform, warn

AT_ONCE = 3
"""How many requests one find sends side by side."""

_RESTARTS = 3

T = TypeVar("T")


@dataclass(slots=True)
class Lists:
    """Lists of one API server, read as ``forms`` say. ``unreadable`` counts the objects left out since the start."""

    wire: Wire
    page_size: int
    forms: Forms = PLAIN
    unreadable: int = field(default=0, init=False)

    def all(self, call: Call) -> list[Entry]:
        """Every object that matches; those that make no sense are left out, counted and logged by name.

        Raises:
            Forbidden, PlatformError: the list could not be had whole.
        """
        return self.kept(call, lambda entry: entry)

    def kept(self, call: Call, keep: Callable[[Entry], T | None]) -> list[T]:
        """What ``keep`` makes of each object, None left out: of many whole ones, a page is in memory at a time.

        Raises:
            Forbidden, PlatformError: as ``all``.
        """
        for _ in range(_RESTARTS):
            try:
                return self._pages(call, keep)
            except Expired:
                inform("restarted", call=str(call), reason="410: the snapshot of the list is gone")
        return self._pages(call, keep)

    def each(self, calls: Sequence[Call], keep: Callable[[Entry], T | None]) -> list[list[T]]:
        """``kept`` of each call, side by side."""
        if len(calls) < 2:
            return [self.kept(call, keep) for call in calls]
        with ThreadPoolExecutor(AT_ONCE, "list") as pool:
            return list(pool.map(lambda call: self.kept(call, keep), calls))

    def _pages(self, call: Call, keep: Callable[[Entry], T | None]) -> list[T]:
        found: list[T] = []
        bad: list[str] = []
        twins = Twins()
        token = ""
        while True:
            body = self.wire.read(self._page_call(call, token))
            page = page_of(self.wire.host, call, body, self.forms)
            for entry in page.entries:
                twins.share(entry)
            found += [made for entry in page.entries if (made := keep(entry)) is not None]
            bad += page.unreadable
            if not page.next:
                break
            if page.next == token:
                raise PlatformError(f"{self.wire.host}: {call}: the list never ends, each page points to itself")
            token = page.next
        self._left_out(call, bad)
        return found

    def _page_call(self, call: Call, token: str) -> Call:
        paging = (("limit", str(self.page_size)), *((("continue", token),) if token else ()))
        return replace(call, query=(*call.query, *paging))

    def _left_out(self, call: Call, names: list[str]) -> None:
        self.unreadable += len(names)
        for name in names:
            warn("unreadable", resource=call.resource, name=name)
