"""Who we are in each account, proved by AWS itself before anything else is asked there."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from simian_army.clock import Clock
from simian_army.errors import ConfigError, Mistake, PlatformError
from simian_army.targets.amazon import sessions
from simian_army.targets.amazon.call import Call, send
from simian_army.targets.amazon.dates import Dates
from simian_army.targets.amazon.place import Place
from simian_army.targets.amazon.sessions import Key

FRESH = 60.0
"""For so many seconds an identity once read is told again."""

_EACH = "{account}"


@dataclass(frozen=True, slots=True)
class Who:
    """What ``sts:GetCallerIdentity`` said; ``partition`` is ``aws``, ``aws-cn`` or ``aws-us-gov``."""

    account: str
    arn: str
    partition: str
    endpoint: str


@dataclass(slots=True)
class Login:
    """One session. ``expected`` is the account it must be of; empty allows those of the place, or any if it names none.
    ``root`` is the login by which its role is assumed, if it is a role's.

    Clients are made when first asked for, one by service, region and whether it acts; many threads may use them,
    while a session is no matter for many threads and stays under the lock.
    """

    place: Place
    session: Any
    clock: Clock
    expected: str = ""
    root: Login | None = None
    dates: Dates = field(init=False, repr=False)
    _guard: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    _clients: dict[Key, Any] = field(default_factory=dict, init=False, repr=False)
    _who: Who | None = field(default=None, init=False)
    _until: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.dates = Dates(self.clock)

    @property
    def account(self) -> str:
        """The account it is of, or will have to be."""
        return self.expected or self.who().account

    def who(self, *, fresh: bool = False) -> Who:
        """Who we are; with ``fresh`` as asked within the last minute.

        Raises:
            Forbidden, PlatformError: nobody knows, or it is an account that config does not allow.
        """
        with self._guard:
            if self._who is None or (fresh and self.clock.monotonic() >= self._until):
                self._who = None  # until it is proved again, nothing else is asked
                self._who = self._ask()
                self._until = self.clock.monotonic() + FRESH
            return self._who

    def client(self, key: Key) -> Any:
        """The client for ``key``; none is handed out before it is proved who we are.

        Raises:
            Forbidden, PlatformError: it cannot be proved.
        """
        self.who()
        return self.unproved(key)

    def unproved(self, key: Key) -> Any:
        """A client with which nothing is proved yet: only for sts, to prove it or to assume a role."""
        with self._guard:
            if key not in self._clients:
                self._clients[key] = sessions.client(self.place, self.session, key)
                self.dates.listen(self._clients[key], key)
            return self._clients[key]

    def close(self) -> None:
        """End the idle connections."""
        with self._guard:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
        if self.root:
            self.root.close()

    def _ask(self) -> Who:
        client = self.unproved(Key("sts", self.place.regions[0]))
        endpoint = str(client.meta.endpoint_url)
        call = Call("sts", "GetCallerIdentity", where=self.expected, host=endpoint)
        said = send(client, call)
        account, arn = str(said.get("Account", "")), str(said.get("Arn", ""))
        allowed = (self.expected,) if self.expected else self.place.accounts
        if not account or (allowed and account not in allowed):
            what = f"these credentials are of account {account or 'unknown'}, and not of {' or '.join(allowed)}"
            fix = "use the right profile or role, or correct platforms.aws.accounts; nothing else was asked"
            raise PlatformError(f"{call}: {what}: {fix}")
        return Who(account, arn, arn.split(":")[1] if arn.startswith("arn:") else "aws", endpoint)


def logins(place: Place, clock: Clock) -> tuple[Login, ...]:
    """A login for each account of ``place``; connects to nothing.

    Raises:
        ConfigError: what the place names cannot be used.
    """
    _must_fit(place)
    root = Login(place, sessions.session(place, sessions.loader(place)), clock)
    if not place.role:
        return (root,)

    def ask() -> Any:
        return root.unproved(Key("sts", place.regions[0]))

    accounts = place.accounts if _EACH in place.role else ("",)
    loads = [(account, sessions.role(place, ask, account)) for account in accounts]
    return tuple(Login(place, sessions.session(place, load), clock, account, root) for account, load in loads)


def _must_fit(place: Place) -> None:
    wrong: list[Mistake] = []
    if not place.regions:
        wrong.append(Mistake("simian.yaml", 0, "platforms.aws.regions", "name the regions", "for instance [eu-west-1]"))
    if _EACH in place.role and not place.accounts:
        why = "a role in each account needs the accounts"
        wrong.append(Mistake("simian.yaml", 0, "platforms.aws.accounts", why, "list their numbers"))
    if len(place.accounts) > 1 and _EACH not in place.role:
        why, fix = "several accounts need a role in each", "write arn:aws:iam::{account}:role/NAME"
        wrong.append(Mistake("simian.yaml", 0, "platforms.aws.role", why, fix))
    if wrong:
        raise ConfigError(wrong)
