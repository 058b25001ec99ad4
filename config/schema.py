"""What simian.yaml may say: every key, its meaning, its default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from config.parts import Days, Duration, Names, Part, Range, Window
from config.platforms import Platforms
from simian_army.cron import Cron
from simian_army.windows import Blackout

LONGEST_HOLD = timedelta(hours=12)


def _cron(value: object) -> object:
    return Cron.parse(str(value))


class Quiet(Part):
    """One blackout window: all that is given must hold."""

    weekdays: Days = frozenset()
    daily: Window | None = None
    dates: Range | None = None

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
    """Which targets: a query over labels (on AWS: tags), and patterns (``*`` as in a shell, ``!`` excludes) over names
    and over where they stand: namespaces on Kubernetes, ``account/region`` on AWS, ``host:port`` on toxiproxy."""

    labels: str = ""
    names: Names = ()
    namespaces: Names = ()
    regions: Names = ()
    endpoints: Names = ()

    @property
    def scopes(self) -> Names:
        """The patterns over where they stand; only those of one platform are ever given."""
        return self.namespaces or self.regions or self.endpoints or ("*",)


SCOPES = {"kubernetes": "namespaces", "aws": "regions", "toxiproxy": "endpoints"}
"""How ``select`` calls the places of each platform."""


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
    on: Literal["kubernetes", "aws", "toxiproxy"]
    select: Select = Select()
    schedule: Schedule
    hold: Duration = Field(default=timedelta(minutes=5), gt=timedelta(0), le=LONGEST_HOLD)
    leashed: bool = False
    with_: Mapping[str, Any] = Field(default_factory=dict, alias="with")

    @model_validator(mode="after")
    def _vet(self, info: ValidationInfo) -> MonkeyEntry:
        _ask(info, "monkey", self.use, self.with_, self.on)
        wrong = [
            (f"select.{word}", f"{word} are for {platform}", f"on {self.on} write {SCOPES[self.on]}")
            for platform, word in SCOPES.items()
            if platform != self.on and getattr(self.select, word)
        ]
        if self.on == "toxiproxy" and self.select.labels:
            wrong.append(("select.labels", "proxies have no labels", "select them by names"))
        if wrong:
            raise LocatedError(wrong)
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
        nowhere = [
            (f"monkeys[{number}].on", f"{monkey.on} is not among platforms", f"add platforms.{monkey.on}")
            for number, monkey in enumerate(self.monkeys)
            if monkey.on not in self.platforms.given
        ]
        if nowhere:
            raise LocatedError(nowhere)
        return self


class LocatedError(ValueError):
    """What is wrong, each as (path below the section that was looked at, message, suggestion)."""

    def __init__(self, found: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(message for _, message, _ in found))
        self.found = found


def _ask(info: ValidationInfo, kind: str, name: str, arguments: Mapping[str, Any], on: str = "") -> None:
    vet = (info.context or {}).get("vet")
    found = vet(kind, name, arguments, on) if vet else []
    if found:
        raise LocatedError([(f"with.{key}" if key else "", message, hint) for key, message, hint in found])
