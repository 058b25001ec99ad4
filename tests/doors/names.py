"""What requests are called at a door, whatever objects they are about."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

_VERBS = {"POST": "create", "PUT": "replace", "PATCH": "patch", "DELETE": "delete"}
_SCHEDULES = {"POST": "CreateSchedule", "DELETE": "DeleteSchedule"}
_WHOLE = ("proxies", "toxics", "version", "reset")


def kube(method: str, path: str, body: bytes) -> str:
    """``list pods``, ``get nodes``, ``create pods/eviction``."""
    del body
    parts = urlsplit(path).path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    if len(parts) > 2 and parts[0] == "namespaces":
        parts = parts[2:]
    resource, name, *sub = [*parts, "", ""][: max(2, len(parts))]
    verb = _VERBS.get(method) or ("get" if name else "list")
    return f"{verb} {'/'.join([resource, *sub])}"


def aws(method: str, path: str, body: bytes) -> str:
    """The action, as AWS names it."""
    del path
    asked = parse_qs(body.decode(errors="replace")).get("Action")
    return asked[0] if asked else _SCHEDULES.get(method, "")


def links(method: str, path: str, body: bytes) -> str:
    """``GET /proxies/*``."""
    del body
    parts = urlsplit(path).path.strip("/").split("/")
    return f"{method} /{'/'.join(part if part in _WHOLE else '*' for part in parts)}"
