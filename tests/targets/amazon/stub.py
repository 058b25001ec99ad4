"""An AWS that says exactly what a test tells it to: what moto never says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

HOME = "123456789012"
SCHEDULES = {"POST": "CreateSchedule", "DELETE": "DeleteSchedule"}
"""What a request of EventBridge Scheduler asks for, which has no Action in a form."""


@dataclass(frozen=True)
class Asked:
    """One request; ``params`` are those of its form, ``raw`` is its body as it came."""

    action: str
    params: dict[str, str]
    headers: dict[str, str]
    method: str = "POST"
    path: str = "/"
    raw: str = ""


@dataclass(frozen=True)
class Reply:
    """``body`` is XML, of EventBridge Scheduler JSON; a status of 0 closes the connection without a word."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


Talk = Callable[[Asked], Reply]


@dataclass
class Stub:
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def actions(self) -> list[str]:
        return [one.action for one in self.asked if one.action != "GetCallerIdentity"]


@contextmanager
def serving(talk: Talk, who: Callable[[], Reply] | None = None) -> Iterator[Stub]:
    """A server on a free port of loopback; ``who`` says who the caller is, somebody in HOME without it."""
    stub = Stub()
    known = who or (lambda: caller(HOME))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            said = {key: values[0] for key, values in parse_qs(raw, keep_blank_values=True).items()}
            headers = {key.lower(): value for key, value in self.headers.items()}
            action = said.pop("Action", "") or SCHEDULES.get(self.command, "")
            asked = Asked(action, said, headers, self.command, self.path, raw)
            stub.asked.append(asked)
            reply = known() if asked.action == "GetCallerIdentity" else talk(asked)
            if not reply.status:
                self.close_connection = True
                return
            body = reply.body.encode()
            self.send_response(reply.status)
            for key, value in reply.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # who waited for it may have given up
                self.wfile.write(body)

        def do_DELETE(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def caller(account: str, partition: str = "aws") -> Reply:
    """Who we are, as STS says it."""
    arn = f"arn:{partition}:sts::{account}:user/me"
    return answer("GetCallerIdentity", f"<Account>{account}</Account><Arn>{arn}</Arn>")


def answer(action: str, inside: str) -> Reply:
    """A good answer of STS or Auto Scaling."""
    about = "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
    return Reply(200, f"<{action}Response><{action}Result>{inside}</{action}Result>{about}</{action}Response>")


def ec2(action: str, inside: str = "") -> Reply:
    """A good answer of EC2."""
    return Reply(200, f"<{action}Response><requestId>r</requestId>{inside}</{action}Response>")


def ec2_error(code: str, message: str = "no", status: int = 400) -> Reply:
    """A bad answer of EC2."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, f"<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>")


def query_error(code: str, message: str = "no", status: int = 400) -> Reply:
    """A bad answer of STS or Auto Scaling."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(status, f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>")


def instance(name: str, state: str = "running", since: str = "2026-01-02T03:04:05.000Z", **tags: str) -> str:
    """An instance as EC2 describes it."""
    listed = "".join(f"<item><key>{key}</key><value>{value}</value></item>" for key, value in tags.items())
    return (
        f"<item><instanceId>{name}</instanceId><instanceState><code>16</code><name>{state}</name></instanceState>"
        f"<launchTime>{since}</launchTime><rootDeviceType>ebs</rootDeviceType><tagSet>{listed}</tagSet></item>"
    )


def reservations(*instances: str) -> Reply:
    """Instances in one reservation."""
    inside = f"<item><instancesSet>{''.join(instances)}</instancesSet></item>"
    return ec2("DescribeInstances", f"<reservationSet>{inside}</reservationSet>")


def schedule_error(code: str, message: str = "no", status: int = 400) -> Reply:
    """A bad answer of EventBridge Scheduler."""
    return Reply(status, f'{{"Message": "{message}"}}', {"x-amzn-ErrorType": code, "x-amzn-RequestId": "r"})
