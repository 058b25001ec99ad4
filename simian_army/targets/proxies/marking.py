"""Which marks the toxics of a proxy are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simian_army.model import Json, Mark
from simian_army.targets.proxies.names import genuine, parse, prefix
from simian_army.targets.proxies.place import Place
from simian_army.targets.telling import warn


def signed(place: Place, endpoint: str, said: Json) -> Iterator[tuple[str, Mark | None]]:
    """Name and mark of each toxic that bears the name of our fleet; None for a name that the fleet did not write for
    this proxy. The toxics of other fleets are theirs to look after."""
    for toxic in said["toxics"]:
        name = toxic["name"]
        mark = parse(name)
        if not name.startswith(prefix(place.fleet)) or (mark is not None and mark.fleet != place.fleet):
            continue
        if mark is None or not genuine(place.key, endpoint, said["name"], name):
            warn("forged", endpoint=endpoint, proxy=said["name"], toxic=name)
            yield name, None
            continue
        yield name, replace(mark, kind=f"proxy-{toxic['type'].replace('_', '-')}")
