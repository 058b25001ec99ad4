"""Whether: what ``safety`` in simian.yaml may say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import Field, ValidationInfo, model_validator

from config.consenting import OptIn
from config.limits import Limits
from config.looking import Looking
from config.parts import Duration, Names, Part, ask
from config.quiet import Quiet
from config.quorum import Quorum


class Plug(Part):
    """A guard of a third party."""

    use: str
    with_: Mapping[str, Any] = Field(default_factory=dict, alias="with")

    @model_validator(mode="after")
    def _vet(self, info: ValidationInfo) -> Plug:
        ask(info, "guard", self.use, self.with_)
        return self


class Safety(Part):
    """Whether."""

    opt_in: OptIn = OptIn()
    blackouts: tuple[Quiet, ...] = ()
    budget: Limits = Limits()
    min_age: Duration = timedelta(0)
    protected: Names = ("kube-system", "kube-public", "kube-node-lease")
    protect_webhooks: bool = True
    allow_irreversible: Names = ()
    quorum: Quorum = Quorum()
    max_stuck: int = Field(default=3, ge=1)
    recovery_limit: Duration = Field(default=timedelta(minutes=5), gt=timedelta(0), le=timedelta(hours=1))
    look: tuple[Looking, ...] = ()
    guards: tuple[Plug, ...] = ()
