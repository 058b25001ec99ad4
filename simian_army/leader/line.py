"""A connection to PostgreSQL on which nothing waits for longer than it is told."""

from __future__ import annotations

from collections.abc import Generator
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from simian_army.clock import Clock

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")
_GLANCE = 0.05  # seconds between two looks at the time while the server is silent
_CONNECT = 2  # whole seconds for one address; the driver takes no less


def dial(url: str, name: str, answer: float, clock: Clock) -> psycopg.Connection[Any]:
    """A connection under ``name``, each statement its own transaction, which fails after ``answer`` seconds of waiting.

    Raises:
        psycopg.Error, OSError: there is none to be had.
    """
    from sqlalchemy import make_url

    place = make_url(url).set(drivername="postgresql+psycopg")
    words, named = place.get_dialect()().create_connect_args(place)
    wishes = {**named, "connect_timeout": _CONNECT, "application_name": name[:63]}
    line: Any = _patient().connect(*words, autocommit=True, **wishes)
    line.answer, line.clock = answer, clock
    return line  # type: ignore[no-any-return]


@cache
def _patient() -> type[psycopg.Connection[Any]]:
    import psycopg

    class Patient(psycopg.Connection[Any]):
        answer: float
        clock: Clock

        def wait(self, gen: Any, interval: float = _GLANCE, *_: Any, **__: Any) -> Any:
            return super().wait(_watched(gen, self.clock, self.answer), interval)

    return Patient


def _watched(work: Generator[Any, Any, T], clock: Clock, answer: float) -> Generator[Any, Any, T]:
    """The driver's work, given up when it is not done in time.

    Raises:
        OSError: it was not.
    """
    end = clock.monotonic() + answer
    try:
        wanted = next(work)
        while True:
            ready = yield wanted
            if not ready and clock.monotonic() > end:
                raise TimeoutError(f"no answer within {answer:g} s")
            wanted = work.send(ready)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
