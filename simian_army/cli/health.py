"""The verb health: is the agent, or the undertaker, of this machine well; for probes that can only run a command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simian_army.cli import show
from simian_army.errors import UsageError

if TYPE_CHECKING:
    from config.observe import Observe

PATIENCE = 5.0  # seconds for an answer from this very machine


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed: whether it is ``ready``, not only alive; the ``beat`` of a process without a server."""

    ready: bool = False
    beat: Path | None = None
    as_json: bool = False


def health(config: Path, wish: Wish) -> int:
    """Say how it is; 0 when it is well."""
    told = _beaten(wish.beat) if wish.beat else _answered(config, "/readyz" if wish.ready else "/healthz")
    if wish.as_json:
        show.dump(told)
    else:
        for check in told["checks"]:
            show.say(f"  {'ok ' if check['ok'] else 'NO '} {check['name']}: {check['value']}")
    return 0 if told["ok"] else 1


def _beaten(file: Path) -> dict[str, Any]:
    from simian_army.clock import SystemClock
    from simian_army.observe.beating import Beat

    trouble = Beat(file, SystemClock()).trouble()
    return _one("beat", trouble or "alive", ok=not trouble)


def _answered(config: Path, path: str) -> dict[str, Any]:
    from simian_army import wiring

    said = wiring.read_config(config).settings.observe
    if said.at is None:
        raise UsageError("the agent of this config answers nowhere: give observe.listen, or ask for a --beat")
    try:
        return _asked(said, path)
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:  # whoever answers there
        return _one("agent", f"no answer at {said.listen}: {error!r}", ok=False)


def _asked(said: Observe, path: str) -> dict[str, Any]:
    host, port = said.at or ("", 0)
    address = ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    token = said.token.get_secret_value()
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status not in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE):
            raise ValueError(f"{answer.status} {answer.reason}")
        told: dict[str, Any] = json.loads(body)
    finally:
        connection.close()
    return {"ok": bool(told["ok"]) and answer.status == HTTPStatus.OK, "checks": list(told["checks"])}


def _one(name: str, value: str, *, ok: bool) -> dict[str, Any]:
    return {"ok": ok, "checks": [{"name": name, "ok": ok, "value": value}]}
