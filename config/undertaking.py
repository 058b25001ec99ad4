"""Where an undertaker finds what to revert: what ``undertaker`` in simian.yaml may say."""

from __future__ import annotations

from pydantic import Field

from config.halting import NAME
from config.parts import Part


class Undertaking(Part):
    """``namespace`` is our own, that of the Secrets which hold the records: told by the cluster inside one; outside,
    records are files beside the config unless it is given."""

    namespace: str = Field(default="", pattern=NAME, max_length=63)
