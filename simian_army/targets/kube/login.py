"""How to reach an API server and who we are there; the official client reads kubeconfigs and refreshes tokens."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from simian_army.errors import ConfigError, Mistake, PlatformError
from simian_army.targets.kube.place import IN_CLUSTER, Place

if TYPE_CHECKING:
    from kubernetes.client import Configuration
    from urllib3 import PoolManager

T = TypeVar("T")
_KEY = "platforms.kubernetes.context"
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Session:
    """Connections to one API server, kept alive; ``authorize`` gives the headers that say who we are, ``tls`` what a
    connection outside the pool needs to trust the server and be trusted."""

    host: str
    pool: PoolManager
    authorize: Callable[[], dict[str, str]]
    tls: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def close(self) -> None:
        """End the idle connections."""
        self.pool.clear()


def login(place: Place) -> Session:
    """Read the configuration that ``place`` names and make the connection pool; connects to nothing.

    Raises:
        ConfigError: the place names nothing, or what it names cannot be used.
        PlatformError: an exec plugin did not answer in time.
    """
    if bool(place.url) == bool(place.context):
        raise ConfigError([Mistake("simian.yaml", 0, _KEY, "name the context to use", "or `in-cluster` inside one")])
    if place.url:
        return Session(place.url.rstrip("/"), _plain_pool(), dict)
    return _session(within(place.timeout * 3, "log in", lambda: _credentials(place)), place)


def _plain_pool() -> PoolManager:
    import urllib3

    return urllib3.PoolManager(retries=False, maxsize=_CONNECTIONS)


def _credentials(place: Place) -> Configuration:
    from kubernetes.client import Configuration
    from kubernetes.config import load_incluster_config, load_kube_config

    configuration = Configuration()
    path = os.environ.get("KUBECONFIG") or "~/.kube/config"
    inside = place.context == IN_CLUSTER
    try:
        if inside:
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            load_kube_config(  # type: ignore[no-untyped-call]
                path, context=place.context, client_configuration=configuration
            )
    except Exception as error:
        # the client lets through whatever its parsers raise: each is one mistake in the configuration
        where = "in-cluster" if inside else f"context {place.context!r} of {path}"
        hint = "run it in a pod, or name a context" if inside else f"known: {_known(path)}"
        raise ConfigError([Mistake("simian.yaml", 0, _KEY, f"{where} cannot be used: {error}", hint)]) from error
    return configuration


def _known(path: str) -> str:
    from kubernetes.config.kube_config import KubeConfigMerger

    try:
        contexts = KubeConfigMerger(path).config["contexts"].value  # type: ignore[no-untyped-call]
        return ", ".join(sorted(str(context["name"]) for context in contexts)) or "none"
    except Exception:  # noqa: BLE001 - only a hint: the error itself is told by the caller
        return "none"


def _session(configuration: Configuration, place: Place) -> Session:
    import urllib3
    from kubernetes.client.rest import RESTClientObject

    if not configuration.verify_ssl:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    configuration.retries = False
    configuration.keep_alive = True
    configuration.connection_pool_maxsize = _CONNECTIONS
    pool = RESTClientObject(configuration).pool_manager
    guard = threading.Lock()

    def settings() -> dict[str, str]:
        with guard:
            found = configuration.auth_settings().get("BearerToken")
        return {"Authorization": str(found["value"])} if found and found.get("value") else {}

    def authorize() -> dict[str, str]:
        # only a refresh hook can take time: it may read a file or run a program
        if configuration.refresh_api_key_hook is None:
            return settings()
        return within(place.timeout, "refresh the credentials", settings)

    return Session(str(configuration.host), pool, authorize, _tls(configuration))


def _tls(configuration: Configuration) -> dict[str, Any]:
    import ssl

    said = {
        "cert_reqs": ssl.CERT_REQUIRED if configuration.verify_ssl else ssl.CERT_NONE,
        "check_hostname": bool(configuration.verify_ssl),
        "ca_certs": configuration.ssl_ca_cert,
        "certfile": configuration.cert_file,
        "keyfile": configuration.key_file,
        "server_hostname": getattr(configuration, "tls_server_name", None),
    }
    return {key: value for key, value in said.items() if value is not None}


def within(seconds: float, what: str, work: Callable[[], T]) -> T:
    """What ``work`` gives, if it gives it in time: exec plugins know no timeout of their own.

    Raises:
        PlatformError: it did not come back in ``seconds``.
    """
    answers: SimpleQueue[Callable[[], T]] = SimpleQueue()

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - carried to the caller, who raises it
            answers.put(partial(_raise, error))
        else:
            answers.put(lambda: result)

    threading.Thread(target=run, name=what, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        hint = "look at the exec plugin of this context"
        raise PlatformError(f"kubernetes: could not {what} within {seconds:g} s: {hint}") from None
    return answer()


def _raise(error: Exception) -> NoReturn:
    raise error
