"""The embedded AWS: moto's server on 127.0.0.1, at a free port, and the small shop that the demo shows in it."""

from __future__ import annotations

import io
import logging
import os
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs

from simian_army.errors import UsageError

if TYPE_CHECKING:
    from moto.server import ThreadedMotoServer

REGION = "eu-west-1"
"""Where the demo's shop is."""

ACCOUNT = "123456789012"
"""The account that moto takes unknown credentials for."""

_IN = {"simian-army/chaos": "enabled"}
SEEDING = "simian-seed"
"""What the user agent says of whoever fills the server: no request of theirs is recorded."""

_REST = {"scheduler": {"POST": "CreateSchedule", "PUT": "UpdateSchedule", "DELETE": "DeleteSchedule"}}
_READS = ("Describe", "Get", "List", "AssumeRole")
_AMIS = "MOTO_EC2_LOAD_DEFAULT_AMIS"
_RESET = 10  # seconds that moto may take to forget
_IMAGE = "ami-0123456789abcdef0"

Env = dict[str, Any]
App = Callable[[Env, Any], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Write:
    """One request that was answered and may have changed something: ``ec2``, ``StopInstances``, 200."""

    service: str
    action: str
    code: int


class CloudServer:
    """A small AWS over HTTP: EC2, Auto Scaling, STS and what else moto knows. One at a time in a process.

    ``writes`` records every request answered but reads, dry runs and those that made the demo's shop; ``asked`` those
    with the reads.
    """

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.asked: list[Write] = []
        self._moto: ThreadedMotoServer | None = None
        self._level = logging.NOTSET

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        if self._moto is None:
            raise UsageError("the embedded AWS is not started")
        return f"http://127.0.0.1:{self._moto.get_host_and_port()[1]}"

    def start(self) -> None:
        """Listen, with nothing in any account.

        Raises:
            UsageError: moto is not installed.
        """
        os.environ.setdefault(_AMIS, "false")  # 3 s at the first request, for images that nobody starts
        make = _server()
        log = logging.getLogger("werkzeug")
        self._level = log.level
        log.setLevel(logging.ERROR)
        self._moto = make("127.0.0.1", 0, verbose=False)
        self._moto.start()
        inside = self._moto._server  # noqa: SLF001 - moto has no other door for what is to see every request
        if inside is not None:
            inside.app = _Recorder(inside.app, self.writes, self.asked)
        self.reset()

    def stop(self) -> None:
        """End the thread and close the socket."""
        if self._moto is None:
            return
        self._moto.stop()
        self._moto = None
        logging.getLogger("werkzeug").setLevel(self._level)

    def reset(self) -> None:
        """Forget everything in every account."""
        asked = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310 - our own URL
        with urllib.request.urlopen(asked, timeout=_RESET):  # noqa: S310 - our own URL
            self.writes.clear()
            self.asked.clear()


def demo_cloud(url: str) -> None:
    """Make the shop: ``till`` opted in, ``ledger-db`` opted out, and a group ``web`` of three that opted in."""
    from botocore.config import Config
    from botocore.session import Session

    session, config = Session(), Config(user_agent_extra=SEEDING, proxies={}, retries={"total_max_attempts": 1})
    session.set_credentials("embedded", "embedded")
    ec2, scaling = (
        session.create_client(name, region_name=REGION, endpoint_url=url, config=config)
        for name in ("ec2", "autoscaling")
    )
    _instance(ec2, "till", {"app": "till", **_IN})
    _instance(ec2, "ledger-db", {"app": "ledger-db", "simian-army/opt-out": "true"})
    ec2.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": _IMAGE, "InstanceType": "t3.micro"}
    )
    tags = {"app": "web", **_IN}
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=0,
        MaxSize=6,
        DesiredCapacity=3,
        VPCZoneIdentifier=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        LaunchTemplate={"LaunchTemplateName": "web"},
        Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()],
    )


def _instance(ec2: Any, name: str, tags: dict[str, str]) -> None:
    listed = [{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()]
    ec2.run_instances(
        ImageId=_IMAGE,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": listed}],
    )


def _server() -> type[ThreadedMotoServer]:
    try:
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        raise UsageError(f"the embedded AWS needs {error.name}: install it with `uv tool install '.[demo]'`") from error
    return ThreadedMotoServer


@dataclass(frozen=True, slots=True)
class _Recorder:
    """Sees every request on its way to ``app``."""

    app: App
    writes: list[Write]
    asked: list[Write]

    def __call__(self, environ: Env, start_response: Callable[..., Any]) -> Iterable[bytes]:
        action = _action(environ)

        def answered(status: str, *rest: Any) -> Any:
            if action:
                write = Write(*action, int(status.split(" ", 1)[0]))
                self.asked.append(write)
                self.writes.extend([] if action[1].startswith(_READS) else [write])
            return start_response(status, *rest)

        return self.app(environ, answered)


def _action(environ: Env) -> tuple[str, str] | None:
    """Service and action of a request; None for what is none, or is not to be recorded."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    said = parse_qs(body.decode(errors="replace"))
    action = (said.get("Action") or [environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]])[0]
    scope = environ.get("HTTP_AUTHORIZATION", "").split(",")[0].split("/")
    service = scope[3] if len(scope) > 3 else ""
    action = action or _REST.get(service, {}).get(str(environ["REQUEST_METHOD"]), "")
    if not action or said.get("DryRun") == ["true"]:
        return None
    return None if SEEDING in environ.get("HTTP_USER_AGENT", "") else (service, action)
