"""The oracle: what each guard must answer, by the documentation alone.

It was written from README.md, docs/ and DESIGN.md, not from ``safety/``; where a case was open, the documentation was
made to say it first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.oracle import amounts, consents, others, quiet
from tests.oracle.words import Case

ORACLE: Mapping[str, Callable[[Case], bool]] = {
    "opt-in": consents.opt_in,
    "protected": consents.protected,
    "min-age": consents.min_age,
    "myself": consents.myself,
    "controlled": consents.controlled,
    "irreversible": consents.irreversible,
    "blackout": quiet.blackout,
    "budget": amounts.budget,
    "shared": consents.shared,
    "identity": consents.identity,
    "skew": consents.skew,
    "behind": others.behind,
    "stuck": consents.stuck,
    "halt": consents.halt,
    "quorum": others.quorum,
    "look": others.look,
    "line": consents.line,
    "segment": consents.segment,
    "zone": consents.zone,
}
"""Each guard of the house by name; True where it allows."""


def denied(case: Case) -> frozenset[str]:
    """Who must say no."""
    return frozenset(name for name, allows in ORACLE.items() if not allows(case))
