"""How PostgreSQL is made to keep what it was given, in one order among all processes, and never to keep us waiting."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event

from simian_army.audit.store import Store
from simian_army.clock import Clock, SystemClock
from simian_army.errors import LedgerError

if TYPE_CHECKING:  # the driver is loaded when a ledger is opened
    import psycopg

ANSWER = 4.5
"""Seconds within which a call answers or fails; also the longest silence while many rows are read."""

DRIVER = "postgresql+psycopg"
WRITE = {"simian_write": True, "isolation_level": "READ COMMITTED"}
READ = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

_GLANCE = 0.1  # seconds between two looks at the time while the server is silent
_CONNECT = 2  # whole seconds for one address; the driver takes no less
_SECRETS = ("password", "sslpassword")
_POOL = {"pool_size": 4, "max_overflow": 12, "pool_timeout": 2.0, "pool_pre_ping": True}
_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_SETTINGS = """
SELECT set_config('statement_timeout', %s, false),
       -- one that stops in mid-transaction must not keep all others from writing
       set_config('idle_in_transaction_session_timeout', '5000', false),
       set_config('lock_timeout', '0', false),
       -- written is written; what is stricter than this stays
       CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END
"""
_LOCK = "SELECT pg_advisory_xact_lock(1936290157, hashtext(coalesce(current_schema(), '')))"
"""Held to the end of the transaction. The number spells "sima"; the schema tells apart fleets in one database."""

T = TypeVar("T")


class Patience(threading.local):
    """Until when this thread waits, on the monotonic clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limit = math.inf

    @contextmanager
    def briefly(self) -> Iterator[None]:
        """Everything inside has ``ANSWER`` seconds in all."""
        outer = self._limit
        self._limit = min(outer, self._clock.monotonic() + ANSWER)
        try:
            yield
        finally:
            self._limit = outer

    def left(self) -> float:
        """The seconds left now; never more than ``ANSWER``."""
        return min(ANSWER, self._limit - self._clock.monotonic())

    def watched(self, work: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """The driver's work, given up when the server is silent for too long.

        Raises:
            TimeoutError: it is.
        """
        try:
            wanted = next(work)
            end = self._clock.monotonic() + self.left()
            while True:
                ready = yield wanted
                now = self._clock.monotonic()
                if not ready and now > end:
                    raise TimeoutError(f"no answer within {ANSWER} s")
                end = now + self.left() if ready else end
                wanted = work.send(ready)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


def store(url: URL, clock: Clock | None = None) -> Store:
    """The PostgreSQL database of that URL; nothing is connected yet.

    Raises:
        LedgerError: the URL asks for a driver that is not ours.
    """
    if url.drivername not in {"postgresql", DRIVER}:
        raise LedgerError(f"ledger: {url.drivername} is no driver of ours: write postgresql://USER:PASSWORD@HOST/DB")
    secret = {name: value for name in _SECRETS if isinstance(value := url.query.get(name), str)}
    secrets = tuple(text for text in (url.password, *secret.values()) if text)
    place = url.set(drivername=DRIVER).difference_update_query(secret)
    wishes: dict[str, Any] = {**_ALIVE, **secret, "connect_timeout": _CONNECT, "client_encoding": "utf8"}
    engine = create_engine(place, hide_parameters=True, connect_args=wishes, **_POOL)
    # many rows in one statement: quicker, and the driver's pipeline would log each refusal
    engine.dialect.use_insertmanyvalues_wo_returning = True
    patience = Patience(clock or SystemClock())
    _listen(engine, patience)
    label = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    return Store(engine, label, WRITE, READ, secrets=secrets, briefly=patience.briefly)


def _listen(engine: Engine, patience: Patience) -> None:
    patient = _patient(patience)

    def connect(_dialect: object, _record: object, words: Any, named: Any) -> Any:
        return _dialled(lambda: patient.connect(*words, **named), patience.left())

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)


def _patient(patience: Patience) -> type[psycopg.Connection[Any]]:
    """A connection that closes itself when the server is silent for too long."""
    import psycopg

    class Patient(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = _GLANCE, *_: Any, **__: Any) -> Any:
            try:
                return super().wait(patience.watched(gen), interval)
            except TimeoutError as silent:
                self.close()
                raise psycopg.OperationalError(str(silent)) from None

    return Patient


class _Dial(threading.Thread):
    """One attempt to connect. Looking up a name waits for as long as it likes, so somebody else does it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(name="ledger-dial", daemon=True)
        self.made: Any = None
        self.failed: Exception | None = None
        self._make = make
        self._left = False
        self._lock = threading.Lock()

    def run(self) -> None:
        import psycopg

        try:
            made = self._make()
        except (psycopg.Error, OSError, ValueError) as error:
            self.failed = error
            return
        with self._lock:
            self.made = made
            if self._left:
                made.close()

    def leave(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            self._left = True
            if self.made:
                self.made.close()


def _dialled(make: Callable[[], Any], seconds: float) -> Any:
    import psycopg

    dial = _Dial(make)
    if seconds > 0:
        dial.start()
        dial.join(seconds)
    if dial.failed:
        raise dial.failed
    if dial.made is None:
        dial.leave()
        raise psycopg.OperationalError(f"no answer within {ANSWER} s")
    return dial.made


def _set_up(raw: Any, _record: object) -> None:
    encoding = raw.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise LedgerError(f"the ledger's database has the encoding {encoding}: make it with ENCODING 'UTF8'")
    raw.execute(_SETTINGS, (f"{ANSWER * 1000:.0f}",))
    raw.commit()


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("simian_write"):
        connection.exec_driver_sql(_LOCK)
