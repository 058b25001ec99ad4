"""Where else than in the ledger somebody may say halt: what ``halt`` in simian.yaml may say."""

from __future__ import annotations

from pydantic import Field

from config.parts import Part

NAME = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$"


class Halting(Part):
    """``file`` is relative to the config. ``namespace`` is our own, that of ``configmap``: told by the cluster inside
    one; outside, the ConfigMap is looked at only when it is given."""

    file: str = Field(default="simian.halt", min_length=1)
    namespace: str = Field(default="", pattern=NAME, max_length=63)
    configmap: str = Field(default="simian-army-halt", pattern=NAME, min_length=1)
