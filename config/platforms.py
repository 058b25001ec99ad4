"""Where the targets live: what ``platforms`` in simian.yaml may say."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from config.parts import Duration, LocatedError, Names, Part
from simian_army.servers import server_of

_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}|\{account\}):role/\S+")


class Kubernetes(Part):
    """Which cluster. ``embedded`` is the throw-away one; unleashed, a real one needs ``cluster_uid``. Where ``server``
    is given, its API must be there. ``exec`` lets faults run commands in containers."""

    context: str = ""
    embedded: bool = False
    cluster_uid: str = ""
    server: str = ""
    namespaces: Names = ("*",)
    page_size: int = Field(default=500, ge=1, le=10_000)
    timeout: Duration = timedelta(seconds=5)
    exec: bool = False

    @field_validator("server")
    @classmethod
    def _url(cls, value: str) -> str:
        return value and server_of(value)

    @model_validator(mode="after")
    def _one_place(self) -> Kubernetes:
        if bool(self.context) == self.embedded:
            raise ValueError(
                "name the context (or in-cluster), or say embedded: true; where it strikes is never implicit"
            )
        if self.embedded and self.server:
            raise LocatedError([("server", "the embedded one has a port of its own each time", "leave it out")])
        return self


class Aws(Part):
    """Which accounts and regions. ``embedded`` is the throw-away one; unleashed, real ones need ``accounts``."""

    regions: Names = ()
    accounts: Names = ()
    role: str = ""
    external_id: SecretStr = SecretStr("")
    scheduler_role: str = ""
    profile: str = ""
    endpoint: str = ""
    embedded: bool = False
    group_tag: str = Field(default="simian-army/group", min_length=1, max_length=128)
    page_size: int = Field(default=200, ge=5, le=1000)
    connect_timeout: Duration = timedelta(seconds=3)
    timeout: Duration = timedelta(seconds=10)

    @field_validator("regions")
    @classmethod
    def _regions(cls, value: Names) -> Names:
        for region in value:
            if not _REGION.fullmatch(region):
                raise ValueError(f"{region!r} is no AWS region: write for instance eu-west-1")
        return value

    @field_validator("accounts", mode="before")
    @classmethod
    def _accounts(cls, value: Any) -> Any:
        for account in value if isinstance(value, list | tuple) else ():
            if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
                raise ValueError(f'{account!r} is no AWS account: write its 12 digits in quotes, "123456789012"')
        return value

    @field_validator("endpoint")
    @classmethod
    def _url(cls, value: str) -> str:
        return _server(value) if value else value

    @field_validator("scheduler_role")
    @classmethod
    def _assumed(cls, value: str, info: ValidationInfo) -> str:
        found = _ROLE.fullmatch(value)
        if not value:
            return value
        if not found:
            raise ValueError(f"{value!r} is no role: write arn:aws:iam::{{account}}:role/NAME, with the braces")
        others = {*info.data.get("accounts", ())} - {found[1]}
        if found[1] != "{account}" and others:
            # EventBridge Scheduler takes roles of its own account only
            raise ValueError(
                f"this role is of {found[1]}, and accounts has {' and '.join(sorted(others))}: "
                "write {account} in its place, with the role in each"
            )
        return value

    @model_validator(mode="after")
    def _fits(self) -> Aws:
        if self.embedded:
            return self
        if not self.regions:
            raise ValueError("name the regions, for instance regions: [eu-west-1]; where it strikes is never implicit")
        if self.role and not _ROLE.fullmatch(self.role):
            raise ValueError(
                f"{self.role!r} is no role: write arn:aws:iam::{{account}}:role/NAME, with {{account}} as it stands"
            )
        if len(self.accounts) > 1 and "{account}" not in self.role:
            raise ValueError("several accounts need a role to assume in each: arn:aws:iam::{account}:role/NAME")
        return self


class Toxiproxy(Part):
    """Which servers, by the URLs of their APIs, and which of their proxies opted in, by name pattern."""

    endpoints: Names = ()
    opt_in: Names = ()
    embedded: bool = False
    timeout: Duration = timedelta(seconds=3)

    @field_validator("endpoints")
    @classmethod
    def _urls(cls, value: Names) -> Names:
        return tuple(_server(one) for one in value)

    @model_validator(mode="after")
    def _somewhere(self) -> Toxiproxy:
        if bool(self.endpoints) == self.embedded:
            raise ValueError('name the endpoints, for instance endpoints: ["http://127.0.0.1:8474"], or embedded: true')
        return self


class Platforms(Part):
    """Where the targets live: one of these at least."""

    kubernetes: Kubernetes | None = None
    aws: Aws | None = None
    toxiproxy: Toxiproxy | None = None

    @property
    def given(self) -> dict[str, Kubernetes | Aws | Toxiproxy]:
        """Those that the config names."""
        found = {"kubernetes": self.kubernetes, "aws": self.aws, "toxiproxy": self.toxiproxy}
        return {name: said for name, said in found.items() if said is not None}

    @property
    def embedded(self) -> bool:
        """Whether this is the throw-away world."""
        return all(said.embedded for said in self.given.values())

    @property
    def timeout(self) -> float:
        """The longest that one act may take, in seconds."""
        waits = [said.timeout + getattr(said, "connect_timeout", timedelta(0)) for said in self.given.values()]
        return max(waits).total_seconds()

    @model_validator(mode="after")
    def _one_world(self) -> Platforms:
        if not self.given:
            raise ValueError("name at least one platform: kubernetes, aws or toxiproxy")
        if len({said.embedded for said in self.given.values()}) > 1:
            raise ValueError("embedded and real platforms do not mix in one config: nobody could tell them apart later")
        return self


def _server(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(f"{url!r} is no server: write scheme, host and port only, for instance http://127.0.0.1:8474")
    return f"{parts.scheme}://{parts.netloc}".lower()
