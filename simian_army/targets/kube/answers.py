"""What a bad answer of the API server means, and who can help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from simian_army.errors import Conflict, Forbidden, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.targets.kube.call import Call

_SEEN = 200


class Expired(PlatformError):
    """A list cannot be continued: its snapshot is gone (410), begin again."""


def object_of(host: str, call: Call, body: bytes) -> dict[str, Any]:
    """The JSON object in an answer.

    Raises:
        PlatformError: it is none.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise strange(host, call, body, str(error)) from error


def strange(host: str, call: Call, body: bytes, why: str) -> PlatformError:
    """The error for an answer that no API server gives."""
    shown = body[:80].decode(errors="replace")
    return PlatformError(f"{host}: {call}: not an answer of a Kubernetes API ({why}): {shown!r}; is the URL right?")


def error_of(host: str, call: Call, status: int, body: bytes) -> SimianError:
    """The error that an answer with this HTTP status means."""
    said = _Said(body)
    text = f"{host}: {call}: {status} {said.message}"
    judge = _JUDGES.get(status)
    if judge is not None:
        return judge(call, text, said)
    if status >= 500 and call.method != "GET":
        return _broken(text, said)
    return PlatformError(text)


class _Said:
    """The Status object of a bad answer, or what stands in its place."""

    def __init__(self, body: bytes) -> None:
        try:
            status = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            status = {"message": body[:_SEEN].decode(errors="replace")}
        self.by_api = status.get("kind") == "Status"
        self.message = str(status.get("message") or status.get("reason") or "no reason given")
        details = status.get("details")
        causes = details.get("causes") if isinstance(details, dict) else None
        self.causes = [c for c in causes if isinstance(c, dict)] if isinstance(causes, list) else []


def _unauthorized(call: Call, text: str, said: _Said) -> SimianError:
    del call, said
    return Forbidden(f"{text}: the credentials were not accepted: log in again or renew the token of this context")


def _forbidden(call: Call, text: str, said: _Said) -> SimianError:
    del said
    return Forbidden(f"{text}; {grant(call)}")


def grant(call: Call) -> str:
    """The RBAC rule that would allow the call."""
    group = call.kind.group if call.kind else ""
    where = f"a Role in namespace {call.scope}" if call.scope else "a ClusterRole"
    # the server may have missed either, see running_in.RUNNING
    verbs = '"get", "create"' if call.sub == "exec" else f'"{call.verb}"'
    rule = f'{{apiGroups: ["{group}"], resources: ["{call.resource}"], verbs: [{verbs}]}}'
    return f"add to {where}: {rule}"


def _gone(call: Call, text: str, said: _Said) -> SimianError:
    # what stands before the server says 404 too, which must not prove that an object, and a fault with it, is gone
    if call.verb == "get" and call.kind and not said.by_api:
        return PlatformError(f"{text}: not an answer of a Kubernetes API; is the URL right?")
    return Gone(text)


def _conflict(call: Call, text: str, said: _Said) -> SimianError:
    del call
    # a failed precondition says which one; another uid is another object
    return Gone(text) if "UID in" in said.message else Conflict(text)


def _expired(call: Call, text: str, said: _Said) -> SimianError:
    del said
    if call.verb == "get":  # the server says 404 of what is not there; whoever says 410 proves nothing
        return PlatformError(text)
    return Expired(text) if call.verb == "list" else Gone(text)


def _unprocessable(call: Call, text: str, said: _Said) -> SimianError:
    # a patch that does not apply (a `test` fails) comes without causes; nonsense names its fields
    unfit = call.verb == "patch" and not said.causes
    return Conflict(f"{text} (a test of the patch failed)") if unfit else PlatformError(text)


def _throttled(call: Call, text: str, said: _Said) -> SimianError:
    if call.method == "GET":
        return PlatformError(f"{text}: the API server is overloaded")
    causes = "; ".join(str(cause.get("message")) for cause in said.causes if cause.get("message"))
    if call.sub == "eviction" and causes:
        return Refused(f"its PodDisruptionBudget says no (429): {causes}")
    return Refused(f"{text} ({causes})" if causes else text)


def _broken(text: str, said: _Said) -> SimianError:
    if "more than one PodDisruptionBudget" in said.message:
        return Refused(text)
    return Unknown(f"{text}; it may have happened")


_JUDGES: dict[int, Callable[[Call, str, _Said], SimianError]] = {
    401: _unauthorized,
    403: _forbidden,
    404: _gone,
    409: _conflict,
    410: _expired,
    422: _unprocessable,
    429: _throttled,
}
