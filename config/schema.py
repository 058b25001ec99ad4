"""What simian.yaml may say: every key, its meaning, its default."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from config.approving import Approval
from config.each_group import EachGroup
from config.exposure import Segment, Stages
from config.halting import Halting
from config.limits import Own
from config.looking import misplaced
from config.observe import Observe, Telling
from config.parts import Duration, LocatedError, Part, Window, ask
from config.platforms import Platforms
from config.quiet import Quiet, misnamed
from config.safety import Safety
from config.selecting import Select
from config.undertaking import Undertaking
from config.zones import Zone
from simian_army.cron import Cron

LONGEST_HOLD = timedelta(hours=12)
LONGEST_LEASE = timedelta(minutes=1)  # for so long at most does a standby believe in one that shows no life
SPARE = 3.0  # seconds that a lease has left beyond an act and a renewal: the two of rule 12, and one for the way


def _cron(value: object) -> object:
    return Cron.parse(str(value))


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
    budget: Own = Own()
    stages: Stages | None = None
    segment: Segment | None = None
    approval: Approval | None = None
    each_group: EachGroup | None = None
    with_: Mapping[str, Any] = Field(default_factory=dict, alias="with")

    @model_validator(mode="after")
    def _vet(self, info: ValidationInfo) -> MonkeyEntry:
        ask(info, "monkey", self.use, self.with_, self.on)
        wrong = list(self.select.misplaced(self.on))
        wrong += self.segment.misplaced(self.on) if self.segment else ()
        wrong += self.approval.misplaced(self.on) if self.approval else ()
        wrong += self.each_group.misplaced(self) if self.each_group else ()
        if wrong:
            raise LocatedError(wrong)
        return self


class Leading(Part):
    """How one agent at a time leads. ``namespace`` is that of the Lease; without one, see docs/configuration.md."""

    namespace: str = Field(default="", pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$")
    duration: Duration | None = Field(default=None, le=LONGEST_LEASE)
    renew: Duration = Field(default=timedelta(seconds=2), ge=timedelta(seconds=1), le=timedelta(seconds=10))

    def lasts(self, act: float) -> float:
        """Seconds that a lease lasts; by itself 15, or as many as an act of ``act`` seconds needs."""
        return self.duration.total_seconds() if self.duration else max(15.0, self.needs(act))

    def needs(self, act: float) -> float:
        """The fewest seconds: just before a renewal there is still time for an act and the spare of rule 12."""
        renew = self.renew.total_seconds()
        return max(act + SPARE + renew, 3 * renew)


class Settings(Part):
    """The whole file."""

    fleet: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    leashed: bool = True
    timezone: Zone = "UTC"
    ledger: SecretStr = SecretStr("sqlite:///simian.db")
    key: SecretStr
    seed: str = ""
    platforms: Platforms
    safety: Safety = Safety()
    calendars: Mapping[str, tuple[Quiet, ...]] = Field(default_factory=dict)
    halt: Halting = Halting()
    leader: Leading = Leading()
    observe: Observe = Observe()
    notices: tuple[Telling, ...] = ()
    undertaker: Undertaking = Undertaking()
    monkeys: tuple[MonkeyEntry, ...] = ()

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
        nowhere += misplaced(self.safety.look, self.platforms.given, names)
        if nowhere:
            raise LocatedError(nowhere)
        return self

    @model_validator(mode="after")
    def _quiet(self) -> Settings:
        names = [monkey.name for monkey in self.monkeys]
        if wrong := list(misnamed(self.safety.blackouts, self.calendars, names)):
            raise LocatedError(wrong)
        return self

    @model_validator(mode="after")
    def _can_lead(self) -> Settings:
        said, act = self.leader, self.platforms.timeout
        wrong = []
        if said.duration and said.duration.total_seconds() < said.needs(act):
            why = f"an act may take {act:g} s, so a lease this short would never allow one"
            wrong.append(("leader.duration", why, f"write {math.ceil(said.needs(act))}s or more, or leave it out"))
        if said.needs(act) > LONGEST_LEASE.total_seconds():
            why = f"an act may take {act:g} s, and a lease that outlasts it would be longer than a minute"
            wrong.append(("platforms", why, "give each platform a shorter timeout"))
        if said.namespace and (not self.platforms.kubernetes or self.platforms.embedded):
            why = "a Lease needs a Kubernetes that stays"
            wrong.append(("leader.namespace", why, "add platforms.kubernetes with a context, or leave it out"))
        if self.halt.namespace and (not self.platforms.kubernetes or self.platforms.embedded):
            why = "its ConfigMap needs a Kubernetes that stays"
            wrong.append(("halt.namespace", why, "add platforms.kubernetes with a context, or leave it out"))
        if self.undertaker.namespace and (not self.platforms.kubernetes or self.platforms.embedded):
            why = "its Secrets need a Kubernetes that stays"
            wrong.append(("undertaker.namespace", why, "add platforms.kubernetes with a context, or leave it out"))
        if wrong:
            raise LocatedError(wrong)
        return self
