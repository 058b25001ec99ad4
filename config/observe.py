"""Who may look and who is told: what ``observe`` and ``notices`` in simian.yaml may say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_serializer, field_validator, model_validator

from config.parts import Duration, Part, ask
from simian_army.model import Phase

SHORTEST = 16  # characters of a token that nobody guesses


class Observe(Part):
    """``listen`` is HOST:PORT, or empty for no server; port 0 takes a free one. ``token`` is what clients must bear."""

    token: SecretStr = SecretStr("")
    listen: str = "127.0.0.1:9105"

    @field_validator("token")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < SHORTEST:
            raise ValueError(f"the token is shorter than {SHORTEST} characters: `openssl rand -hex 32` makes one")
        return value

    @field_validator("listen")
    @classmethod
    def _kept(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        host, _ = place(value)
        token = info.data.get("token")
        if token is not None and not ip_address(host).is_loopback and not token.get_secret_value():
            raise ValueError(
                f"{value!r} can be reached from elsewhere: give observe.token too, for instance "
                "token: ${file:simian.token}, or listen on 127.0.0.1"
            )
        return value

    @property
    def at(self) -> tuple[str, int] | None:
        """Where to listen; None for nowhere."""
        return place(self.listen) if self.listen else None


class Telling(Part):
    """One way to people: which notifier, made of what, told of which phases. ``timeout`` is that of one try."""

    use: str
    on: tuple[Phase, ...] = (Phase.STUCK, Phase.HALTED, Phase.JUDGED, Phase.PENDING)
    timeout: Duration = Field(default=timedelta(seconds=10), gt=timedelta(0), le=timedelta(minutes=1))
    with_: Mapping[str, Any] = Field(default_factory=dict, alias="with", repr=False)

    @field_validator("on")
    @classmethod
    def _some(cls, value: tuple[Phase, ...]) -> tuple[Phase, ...]:
        if not value:
            raise ValueError("nobody would be told of anything: name a phase, for instance [stuck, halted]")
        return value

    @model_validator(mode="after")
    def _vet(self, info: ValidationInfo) -> Telling:
        ask(info, "notifier", self.use, self.with_)
        return self

    @field_serializer("with_")
    def _hidden(self, value: Mapping[str, Any]) -> list[str]:
        """Whatever is shown or digested has the keys alone: the values are mostly secrets."""
        return sorted(value)


def place(listen: str) -> tuple[str, int]:
    """Host, as an IP address, and port of ``127.0.0.1:9105``, ``[::1]:9105`` or ``localhost:9105``.

    Raises:
        ValueError: it is neither.
    """
    host, colon, port = listen.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    try:
        ip_address(host)
    except ValueError:
        host = ""
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError(f"{listen!r} is no IP address and port: write for instance 127.0.0.1:9105, or [::1]:9105")
    return host, int(port)
