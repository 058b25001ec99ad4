"""How a command is run in a container: over a websocket of its own, sent once, until it has ended or time is up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from simian_army.errors import Conflict, Forbidden, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.model import Target
from simian_army.ports_kube import Ended
from simian_army.targets.kube.answers import error_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.kinds import POD
from simian_army.targets.kube.wire import Wire

if TYPE_CHECKING:
    from websocket import WebSocket

PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
_ERROR = 3
_CONNECT = 5.0


def run(wire: Wire, pod: Target, container: str, argv: Sequence[str], seconds: float) -> Ended:
    """As ``ports.KubernetesExecPort.run``."""
    query = [*(("command", word) for word in argv), ("container", container), ("stdout", "true"), ("stderr", "true")]
    call = Call("create", POD, pod.scope, pod.name, "exec", query=tuple(query))
    ends = wire.clock.monotonic() + seconds
    socket = _dialled(wire, call)
    try:
        return _ended(wire, call, _last(wire, call, socket, ends))
    finally:
        socket.shutdown()  # type: ignore[no-untyped-call]  # the library says nothing of it


def _dialled(wire: Wire, call: Call) -> WebSocket:
    import websocket

    session = wire.session
    url = session.host.replace("http", "ws", 1) + call.location
    try:
        return websocket.create_connection(
            url,
            timeout=min(wire.timeout, _CONNECT),
            header=[f"{key}: {value}" for key, value in wire.headers().items()],
            subprotocols=PROTOCOLS,
            sslopt=dict(session.tls),
            suppress_origin=True,
            http_no_proxy=["*"],
        )
    except websocket.WebSocketBadStatusException as error:
        raise _no(error_of(session.host, call, error.status_code, error.resp_body or b""), error.status_code) from error
    except ConnectionRefusedError as error:
        raise PlatformError(f"{session.host}: {call}: cannot be reached ({error}); is the cluster up?") from error
    except (websocket.WebSocketException, OSError) as error:
        raise Unknown(f"{session.host}: {call}: {error}; it may have been run") from error


def _no(error: SimianError, status: int) -> SimianError:
    """A server that takes no such request has run nothing, whatever its words."""
    known = isinstance(error, (Refused, Forbidden, Gone, Conflict))
    return (
        error
        if known or not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        else Refused(str(error))
    )


def _last(wire: Wire, call: Call, socket: WebSocket, ends: float) -> bytes:
    """What is said on the channel of errors, which comes last; nothing when the connection ends without it."""
    import websocket

    while (left := ends - wire.clock.monotonic()) > 0:
        socket.settimeout(left)
        try:
            frame = socket.recv()
        except websocket.WebSocketTimeoutException:
            break
        except (websocket.WebSocketException, OSError):
            return b""
        raw = frame.encode() if isinstance(frame, str) else bytes(frame)
        if not raw:
            return b""
        if raw[0] == _ERROR:
            return raw[1:]
    raise Unknown(f"{wire.host}: {call}: it had not ended when its time was up; it may go on")


def _ended(wire: Wire, call: Call, said: bytes) -> Ended:
    if not said:
        return Ended(None, "the connection ended without a word of how the command did")
    try:
        status = json.loads(said)
    except ValueError as error:
        raise Unknown(f"{wire.host}: {call}: how it ended makes no sense: {said[:80]!r}") from error
    if not isinstance(status, Mapping):
        raise Unknown(f"{wire.host}: {call}: how it ended makes no sense: {said[:80]!r}")
    if status.get("status") == "Success":
        return Ended(0, "it ended with 0")
    code = _code(status)
    if code is None:
        raise Refused(f"{wire.host}: {call}: it could not be run: {str(status.get('message'))[:200]}")
    return Ended(code, f"it ended with {code}")


def _code(status: Mapping[str, Any]) -> int | None:
    """The exit code of a command that ran; None of one that did not."""
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, Mapping) else None
    for cause in causes if isinstance(causes, list) else ():
        if isinstance(cause, Mapping) and cause.get("reason") == "ExitCode":
            text = str(cause.get("message", ""))
            return int(text) if text.isdigit() else None
    return None
