"""Where to look before something is broken, and while it is: what ``safety.look`` in simian.yaml may say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PlainSerializer, SecretStr, field_validator, model_validator

from config.parts import Duration, LocatedError, Names, Part
from simian_army.promql import Query, matcher, parse

KINDS = ("prometheus", "alertmanager", "cloudwatch", "http", "node_pressure")
SERVER = frozenset({"bearer", "ca"})
BESIDE = {
    "prometheus": SERVER | {"query", "min", "max"},
    "alertmanager": SERVER | {"matchers", "silenced", "inhibited", "watchdog"},
    "cloudwatch": frozenset({"regions", "insufficient_data"}),
    "http": SERVER | {"status", "contains"},
    "node_pressure": frozenset[str](),
}
"""The keys that go with each kind; ``monkeys``, ``held`` and ``timeout`` go with all."""


def _url(value: object) -> object:
    text = str(value)
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        parts.hostname.encode("idna") if parts.hostname else b""
    except ValueError:  # UnicodeError is one
        known = ""
    if not known or not text.isascii() or not text.isprintable() or " " in text or parts.fragment:
        raise ValueError("this is no URL (what it is is not shown): write for instance http://prometheus.shop:9090")
    return text


def shown(url: str) -> str:
    """What may be shown of a URL: neither user nor password, nor what may be secret in its path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _query(value: object) -> object:
    return value if isinstance(value, Query) else parse(str(value))


def _matchers(value: object) -> object:
    return tuple(_matcher(one) for one in value) if isinstance(value, list | tuple) else value


def _matcher(value: object) -> object:
    return value if isinstance(value, Query) else matcher(str(value))


Url = Annotated[str, BeforeValidator(_url), PlainSerializer(shown, when_used="unless-none")]
Text = PlainSerializer(lambda query: query.text, when_used="unless-none")
Asked = Annotated[Query, BeforeValidator(_query), Text]
Matcher = Annotated[Query, BeforeValidator(_matcher), Text]
Status = Annotated[int, Field(ge=200, le=599)]


class Looking(Part):
    """One look: exactly one of prometheus, alertmanager, cloudwatch, http and node_pressure, and what goes with it."""

    prometheus: Url | None = Field(default=None, repr=False)
    query: Asked | None = None
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    alertmanager: Url | None = Field(default=None, repr=False)
    matchers: tuple[Matcher, ...] = ()
    silenced: bool = False
    inhibited: bool = False
    watchdog: Matcher | None = None
    cloudwatch: Annotated[Names, BeforeValidator(_list)] = ()
    regions: Names = ("*",)
    insufficient_data: bool = False
    http: Url | None = Field(default=None, repr=False)
    status: Annotated[tuple[Status, ...], BeforeValidator(_list)] = (200,)
    contains: str = ""
    node_pressure: bool = False
    bearer: SecretStr = SecretStr("")
    ca: str = ""
    timeout: Duration | None = Field(default=None, gt=timedelta(0), le=timedelta(seconds=10))
    monkeys: Names = ()
    held: bool = True

    @field_validator("bearer")
    @classmethod
    def _sendable(cls, value: SecretStr) -> SecretStr:
        said = value.get_secret_value()
        if not said.isascii() or not said.isprintable() or " " in said:
            raise ValueError("a token has no spaces and letters of ASCII only (what it is is not shown)")
        return value

    @model_validator(mode="after")
    def _one(self) -> Looking:
        given = [kind for kind in KINDS if getattr(self, kind)]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(KINDS)}, not {' and '.join(given) or 'none'}")
        kind = given[0]
        known = BESIDE[kind] | {kind, "timeout", "monkeys", "held"}
        wrong = [(key, f"{key} does not go with {kind}", _goes(key)) for key in sorted(self.model_fields_set - known)]
        if wrong := wrong or list(self._lacking(kind)):
            raise LocatedError(wrong)
        return self

    @property
    def kind(self) -> str:
        """Which of KINDS it is."""
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def seconds(self) -> float:
        """How long to wait for an answer: by itself 2, for AWS 5."""
        return self.timeout.total_seconds() if self.timeout else 5.0 if self.cloudwatch else 2.0

    def _lacking(self, kind: str) -> Iterator[tuple[str, str, str]]:
        if kind == "prometheus":
            yield from self._unbounded()
        if kind == "alertmanager" and not self.matchers:
            yield "", "which alerts count is missing", "write for instance matchers: ['severity=\"page\"']"
        if self.watchdog and self.watchdog.names:
            yield "watchdog", "a watchdog is the same for every target", "write it without $ names"
        if "" in self.cloudwatch:
            yield "cloudwatch", "an empty name names no alarm", "write a name, or a beginning and *"

    def _unbounded(self) -> Iterator[tuple[str, str, str]]:
        low, high = self.min, self.max
        if self.query is None:
            yield "", "what is to be asked is missing", "write query: and min: or max:"
        elif low is None and high is None:
            yield "query", "any answer would be well", "write min: or max: beside it"
        elif low is not None and high is not None and low > high:
            yield "min", f"nothing is at least {low:g} and at most {high:g}", "write min below max"


def misplaced(
    looks: Sequence[Looking], platforms: Collection[str], monkeys: Sequence[str]
) -> list[tuple[str, str, str]]:
    """What in ``safety.look`` does not fit to the rest of the file."""
    needs = {"cloudwatch": "aws", "node_pressure": "kubernetes"}
    wrong: list[tuple[str, str, str]] = []
    for number, look in enumerate(looks):
        at, platform = f"safety.look[{number}]", needs.get(look.kind, "")
        if platform and platform not in platforms:
            wrong.append((f"{at}.{look.kind}", f"{platform} is not among platforms", f"add platforms.{platform}"))
        strangers = [(n, name) for n, name in enumerate(look.monkeys) if name not in monkeys]
        wrong += [(f"{at}.monkeys[{n}]", f"there is no monkey {name!r}", _near(name, monkeys)) for n, name in strangers]
    return wrong


def _goes(key: str) -> str:
    return f"it is for {' and '.join(kind for kind in KINDS if key in BESIDE[kind] or key == kind)}"


def _near(name: str, known: Sequence[str]) -> str:
    near: list[Any] = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
