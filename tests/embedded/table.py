"""All probes as one table."""

from __future__ import annotations

from tests.embedded import (
    probes_fields,
    probes_labels,
    probes_leases,
    probes_lists,
    probes_lives,
    probes_patches,
    probes_standing,
    probes_writes,
)
from tests.embedded.probes import Probe

MODULES = (
    probes_labels,
    probes_fields,
    probes_lists,
    probes_writes,
    probes_patches,
    probes_lives,
    probes_leases,
    probes_standing,
)
PROBES: dict[str, Probe] = {}
for module in MODULES:
    assert not PROBES.keys() & module.probe.rows.keys()
    PROBES.update(module.probe.rows)
