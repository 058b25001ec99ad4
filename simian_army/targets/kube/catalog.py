"""Under which path a kind is served that we were only told the name of, by the server's own discovery."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from simian_army.errors import Gone
from simian_army.targets.kube.answers import object_of
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.kinds import KINDS, Kind
from simian_army.targets.kube.wire import Wire


@dataclass(slots=True)
class Catalog:
    """Kinds by group and name. What was found once is remembered; what was not is looked for again."""

    wire: Wire
    _known: dict[tuple[str, str], Kind] = field(default_factory=dict, init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._known = {(kind.group, kind.name): kind for kind in KINDS.values()}

    def find(self, api_version: str, name: str) -> Kind | None:
        """The kind as served now, whichever version ``api_version`` names; None when it is not served.

        Raises:
            Forbidden, PlatformError: the server did not tell.
        """
        group, _, version = api_version.rpartition("/")
        with self._guard:
            known = self._known.get((group, name))
            if known is None:
                known = self._discover(group, version, name)
            if known is not None:
                self._known[group, name] = known
            return known

    def _discover(self, group: str, version: str, name: str) -> Kind | None:
        found = self._look(group, version, name)
        if found is not None or not group:
            return found
        # the owner reference may name a version that is served no more
        preferred = self._get(f"/apis/{group}").get("preferredVersion")
        other = preferred.get("version") if isinstance(preferred, dict) else None
        return self._look(group, other, name) if isinstance(other, str) and other != version else None

    def _look(self, group: str, version: str, name: str) -> Kind | None:
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        resources = self._get(root).get("resources")
        for resource in resources if isinstance(resources, list) else ():
            if isinstance(resource, dict) and resource.get("kind") == name and "/" not in str(resource.get("name")):
                return Kind(group, version, str(resource["name"]), name, namespaced=bool(resource.get("namespaced")))
        return None

    def _get(self, path: str) -> dict[str, Any]:
        call = Call("get", path=path)
        try:
            return object_of(self.wire.host, call, self.wire.read(call))
        except Gone:
            return {}
