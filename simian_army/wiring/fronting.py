"""Whom the API server itself asks, for the guard that spares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety.behind import Behind

if TYPE_CHECKING:  # these bring SDKs, which commands that do not need them must not wait for
    from simian_army.wiring.books import Books
    from simian_army.wiring.places import Places


def behind_of(at: Books, places: Places) -> Behind:
    """The guard, over the connection that is there; it asks nobody where config says so."""
    from simian_army.targets.k8s import Kubernetes
    from simian_army.targets.kube.fronts import Fronts

    found = places.platforms.get("kubernetes")
    if not at.loaded.settings.safety.protect_webhooks or not isinstance(found, Kubernetes):
        return Behind()
    return Behind(Fronts(found.wire, at.clock))
