"""What simian.yaml may say: every key, its meaning, its default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from simian_army.cron import Cron
from simian_army.windows import Blackout, Daily, Dates, duration, weekday

LONGEST_HOLD = timedelta(hours=12)


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no duration: write for instance 90s, 30m, 2h or 1d")
    return duration(value)


def _daily(value: object) -> object:
    return Daily.parse(value) if isinstance(value, str) else value


def _dates(value: object) -> object:
    return Dates.parse(str(value))


def _days(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError("write a list of weekdays, for instance [sat, sun]")
    return frozenset(weekday(str(day)) for day in value)


def _cron(value: object) -> object:
    return Cron.parse(str(value))


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Window = Annotated[Daily, BeforeValidator(_daily)]
Names = tuple[str, ...]


class Part(BaseModel):
    """A section: frozen, and every key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Kubernetes(Part):
    """Which cluster. ``embedded`` is the throw-away one; unleashed, a real one needs ``cluster_uid``."""

    context: str = ""
    embedded: bool = False
    cluster_uid: str = ""
    namespaces: Names = ("*",)
    page_size: int = Field(default=500, ge=1, le=10_000)
    timeout: Duration = timedelta(seconds=5)

    @model_validator(mode="after")
    def _one_place(self) -> Kubernetes:
        if bool(self.context) == self.embedded:
            raise ValueError(
                "name the context (or in-cluster), or say embedded: true; where it strikes is never implicit"
            )
        return self


class Platforms(Part):
    """Where the targets live."""

    kubernetes: Kubernetes


class Quiet(Part):
    """One blackout window: all that is given must hold."""

    weekdays: Annotated[frozenset[int], BeforeValidator(_days)] = frozenset()
    daily: Window | None = None
    dates: Annotated[Dates, BeforeValidator(_dates)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Quiet:
        if not (self.weekdays or self.daily or self.dates):
            raise ValueError("an empty blackout would cover nothing: give weekdays, daily or dates")
        return self

    def window(self) -> Blackout:
        """The window it means."""
        return Blackout(self.weekdays, self.daily, self.dates)


class Limits(Part):
    """How much at once, a day and in a group."""

    concurrent: int = Field(default=3, ge=0)
    per_day: int = Field(default=20, ge=0)
    per_group: int = Field(default=1, ge=0)
    max_percent: int = Field(default=34, ge=0, le=100)
    cooldown: Duration = timedelta(hours=1)


class Plug(Part):
    """A guard of a third party."""

    use: str
    with_: Mapping[str, Any] = Field(default_factory=dict, alias="with")

    @model_validator(mode="after")
    def _vet(self, info: ValidationInfo) -> Plug:
        _ask(info, "guard", self.use, self.with_)
        return self


class Safety(Part):
    """Whether."""

    blackouts: tuple[Quiet, ...] = ()
    budget: Limits = Limits()
    min_age: Duration = timedelta(0)
    protected: Names = ("kube-system", "kube-public", "kube-node-lease")
    allow_irreversible: Names = ()
    guards: tuple[Plug, ...] = ()


class Select(Part):
    """Which targets: a label query for the server, and namespaces (patterns, ``!`` excludes)."""

    labels: str = ""
    namespaces: Names = ("*",)


class Schedule(Part):
    """When: exactly one of every, cron and mtbf."""

    every: Duration | None = None
    cron: Annotated[Cron, BeforeValidator(_cron)] | None = None
    mtbf: Duration | None = None
    between: Window | None = None
    jitter: Duration = timedelta(0)

    @model_validator(mode="after")
    def _one(self) -> Schedule:
        given = [name for name in ("every", "cron", "mtbf") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of every, cron and mtbf, not {' and '.join(given) or 'none'}")
        if self.every is not None and self.every < timedelta(seconds=1):
            raise ValueError("every must be 1s or more")
        if self.every is not None and self.every > timedelta(days=1) and self.every % timedelta(days=1):
            raise ValueError("every beyond a day must be whole days")
        if self.mtbf is not None and self.mtbf < timedelta(days=1):
            raise ValueError("mtbf must be 1d or more; for more often use every")
        if self.mtbf is not None and (self.between is None or self.between.over_midnight):
            raise ValueError(
                'mtbf needs a window that does not reach over midnight, for instance between: "09:00-16:00"'
            )
        return self


class MonkeyEntry(Part):
    """One monkey at work."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    use: str
    on: Literal["kubernetes"]
    select: Select = Select()
    schedule: Schedule
    hold: Duration = Field(default=timedelta(minutes=5), gt=timedelta(0), le=LONGEST_HOLD)
    leashed: bool = False
    with_: Mapping[str, Any] = Field(default_factory=dict, alias="with")

    @model_validator(mode="after")
    def _vet(self, info: ValidationInfo) -> MonkeyEntry:
        _ask(info, "monkey", self.use, self.with_)
        return self


class Settings(Part):
    """The whole file."""

    fleet: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    leashed: bool = True
    timezone: str = "UTC"
    ledger: SecretStr = SecretStr("sqlite:///simian.db")
    key: SecretStr
    seed: str = ""
    platforms: Platforms
    safety: Safety = Safety()
    monkeys: tuple[MonkeyEntry, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no IANA time zone: write for instance Europe/Berlin") from error
        return value

    @field_validator("key")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < 16:
            raise ValueError("the fleet key is shorter than 16 characters: make one with `simian init`")
        return value

    @model_validator(mode="after")
    def _unique(self) -> Settings:
        names = [monkey.name for monkey in self.monkeys]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two monkeys are named {twice[0]}: names must be unique")
        return self


class VetError(ValueError):
    """What the plug-ins say is wrong with ``with:``: (key, message, suggestion) each."""

    def __init__(self, found: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(message for _, message, _ in found))
        self.found = found


def _ask(info: ValidationInfo, kind: str, name: str, arguments: Mapping[str, Any]) -> None:
    vet = (info.context or {}).get("vet")
    found = vet(kind, name, arguments) if vet else []
    if found:
        raise VetError(found)
