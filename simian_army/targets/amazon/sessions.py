"""How sessions and clients are made: whose credentials they carry, and how long they wait."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from simian_army.errors import ConfigError, Mistake, PlatformError
from simian_army.targets.amazon.answers import error_of
from simian_army.targets.amazon.call import Call, send
from simian_army.targets.amazon.place import Place

READS = 3
"""How often a read is sent at most; an act is sent once."""

_CONNECTIONS = 16
_NAME = 64

Load = Callable[[], Any]
"""Gives credentials, or None when there are none."""


class Key(NamedTuple):
    """What a client is for."""

    service: str
    region: str
    act: bool = False


def loader(place: Place) -> Load:
    """What gives the credentials that ``place`` names; in the embedded world fake ones, and nothing is looked up.

    Raises:
        ConfigError: there is no such profile, or its files cannot be read.
    """
    import boto3
    from botocore.credentials import Credentials
    from botocore.exceptions import BotoCoreError

    if place.embedded:
        return lambda: Credentials("embedded", "embedded")
    try:
        session = boto3.Session(botocore_session=_core(place), profile_name=place.profile or None)
    except BotoCoreError as error:
        why, fix = f"the AWS configuration cannot be used: {error}", "see `aws configure list-profiles`"
        raise ConfigError([Mistake("simian.yaml", 0, "platforms.aws.profile", why, fix)]) from error
    load: Load = session.get_credentials
    return load


def session(place: Place, load: Load) -> Any:
    """A session with the credentials that ``load`` gives; times in its answers stay text.

    A time that makes no sense then spoils one object, and not the page that it stands on.
    """
    import boto3

    core = _core(place)
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    core.register_component("credential_provider", _Provider(load))
    return boto3.Session(botocore_session=core, profile_name=place.profile or None)


def role(place: Place, ask: Callable[[], Any], account: str) -> Load:
    """What gives the credentials of the place's role in ``account``, and renews them before they end.

    ``ask`` gives the client of sts that may assume it.
    """
    from botocore.credentials import DeferredRefreshableCredentials

    # it would print a traceback for each failed renewal, which is told as an error of ours
    logging.getLogger("botocore.credentials").setLevel(logging.ERROR)
    name = f"simian-army-{place.fleet}"[:_NAME].rstrip("-")
    params = {"RoleArn": place.role.format(account=account), "RoleSessionName": name}
    if place.external_id:
        params["ExternalId"] = place.external_id

    def renew() -> dict[str, str]:
        sts = ask()
        call = Call("sts", "AssumeRole", params, where=params["RoleArn"], host=str(sts.meta.endpoint_url))
        given = send(sts, call).get("Credentials")
        if not isinstance(given, dict):
            raise PlatformError(f"{call}: the answer has no credentials")
        names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}
        return {name: str(given.get(theirs, "")) for name, theirs in {**names, "expiry_time": "Expiration"}.items()}

    credentials = DeferredRefreshableCredentials(renew, "assume-role")
    return lambda: credentials


def client(place: Place, made_by: Any, key: Key) -> Any:
    """A client with the place's timeouts and endpoint; connects to nothing. To make one is not thread-safe.

    Raises:
        Forbidden, PlatformError: the credentials cannot be had, or what is configured makes no sense.
    """
    from botocore.config import Config

    retries = {"total_max_attempts": 1, "mode": "standard"}
    if not key.act:
        retries = {"total_max_attempts": READS, "mode": "adaptive"}
    config = Config(
        connect_timeout=place.connect,
        read_timeout=place.timeout,
        retries=retries,
        max_pool_connections=_CONNECTIONS,
        user_agent_extra=_agent(),
        proxies={} if place.embedded else None,
    )
    endpoint = place.endpoint or None
    try:
        return made_by.client(key.service, region_name=key.region, endpoint_url=endpoint, config=config)
    except Exception as error:
        # to make a client loads the credentials: whatever breaks in their chain becomes one of ours
        raise error_of(Call(key.service, "*", where=key.region, host=place.endpoint or "AWS"), error) from error


@dataclass(frozen=True, slots=True)
class _Provider:
    load_credentials: Load


def _core(place: Place) -> Any:
    import botocore.session as core
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as VARIABLES

    if not place.embedded:
        return core.Session()
    blind = {name: (None, None, default, kind) for name, (_, _, default, kind) in VARIABLES.items()}
    nowhere = (None, None, os.devnull, None)
    return core.Session({**blind, "config_file": nowhere, "credentials_file": nowhere})


def _agent() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"simian-army/{version('simian-army')}"
    except PackageNotFoundError:
        return "simian-army/source"
