"""Who owns an object, up to the top, and what each level says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from simian_army.errors import PlatformError
from simian_army.model import Level
from simian_army.targets.kube.bulk import FEW, Bulk
from simian_army.targets.kube.catalog import Catalog
from simian_army.targets.kube.decode import Meta, Ref
from simian_army.targets.kube.kinds import NAMESPACE, Kind
from simian_army.targets.telling import warn

_TALLEST = 8


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner as far as it could be read; ``labels`` is None when it could not."""

    ref: Ref
    labels: Mapping[str, str] | None
    above: Ref | None


@dataclass(frozen=True, slots=True)
class Family:
    """What stands above one object: its owners nearest first, then the namespace; ``group`` names the top owner."""

    levels: tuple[Level, ...]
    group: str
    owners: tuple[Ref, ...]


@dataclass(slots=True)
class Owners:
    """The owners of what one find or read looks at; made anew for each, so that labels are never stale.

    ``wide`` allows lists over all namespaces; without it our permissions may cover single namespaces only.
    """

    bulk: Bulk
    catalog: Catalog
    wide: bool = False
    _known: dict[tuple[str, str], Owner] = field(default_factory=dict, init=False)
    _namespaces: dict[str, Mapping[str, str] | None] = field(default_factory=dict, init=False)
    _families: dict[tuple[str, str], Family] = field(default_factory=dict, init=False)

    def learn(self, metas: Iterable[Meta]) -> None:
        """Read all that stands above these objects; what cannot be read stays known as unreadable."""
        owned = [(meta.namespace, meta.controller()) for meta in metas]
        self._learn_namespaces({scope for scope, _ in owned if scope})
        missing = {(scope, ref.uid): ref for scope, ref in owned if ref}
        for _ in range(_TALLEST):
            missing = {key: ref for key, ref in missing.items() if key not in self._known}
            if not missing:
                return
            self._fetch(missing)
            above = ((scope, self._known[scope, uid].above) for scope, uid in missing)
            missing = {(scope, ref.uid): ref for scope, ref in above if ref}

    def all_namespaces(self) -> frozenset[str]:
        """The names of all namespaces; none when we may not ask. Their labels are known from then on."""
        metas = self.bulk.listed(NAMESPACE, "")
        self._namespaces |= {meta.name: meta.labels or {} for meta in metas}
        return frozenset(meta.name for meta in metas)

    def family(self, meta: Meta) -> Family:
        """What stands above an object that ``learn`` was given."""
        ref = meta.controller()
        key = (meta.namespace, ref.uid if ref else "")
        if key not in self._families:
            self._families[key] = self._assemble(meta.namespace, ref)
        return self._families[key]

    def _assemble(self, scope: str, ref: Ref | None) -> Family:
        levels: list[Level] = []
        chain: list[Ref] = []
        while ref is not None and len(chain) < _TALLEST:
            owner = self._known.get((scope, ref.uid))
            chain.append(ref)
            levels.append(Level(ref.kind, ref.name, owner.labels if owner else None))
            ref = owner.above if owner else None
        if ref is not None:
            # a ring, or taller than any real family: doubt means no
            levels.append(Level(ref.kind, ref.name, None))
        if scope:
            levels.append(Level("Namespace", scope, self._namespaces.get(scope)))
        # a node is no workload: it replaces nothing
        top = next((ref for ref in chain[-1:] if ref.kind != "Node"), None)
        return Family(tuple(levels), f"{scope}/{top.kind}/{top.name}" if top else "", tuple(chain))

    def _learn_namespaces(self, names: set[str]) -> None:
        missing = names - self._namespaces.keys()
        if len(missing) > FEW and self.wide:
            self.all_namespaces()
        else:
            named = self.bulk.named([(NAMESPACE, "", name) for name in missing])
            self._namespaces |= {meta.name: meta.labels or {} for meta in named}
        for name in missing:
            self._namespaces.setdefault(name, None)

    def _fetch(self, missing: Mapping[tuple[str, str], Ref]) -> None:
        kinds: dict[tuple[str, str], dict[str, list[Ref]]] = defaultdict(lambda: defaultdict(list))
        for (scope, _), ref in missing.items():
            kinds[ref.api_version, ref.kind][scope].append(ref)
        for (api_version, name), scopes in kinds.items():
            kind = self._kind(api_version, name)
            metas = self.bulk.metas(kind, scopes, wide=self.wide) if kind else {}
            for scope, ref in ((scope, ref) for scope, refs in scopes.items() for ref in refs):
                self._known[scope, ref.uid] = _owner(ref, metas.get(ref.uid))

    def _kind(self, api_version: str, name: str) -> Kind | None:
        try:
            kind = self.catalog.find(api_version, name)
        except PlatformError as error:
            warn("unreadable", resource=f"{api_version} {name}", reason=str(error))
            return None
        if kind is None:
            warn("unreadable", resource=f"{api_version} {name}", reason="not served here")
        return kind


def _owner(ref: Ref, meta: Meta | None) -> Owner:
    if meta is None:
        return Owner(ref, None, None)
    return Owner(ref, meta.labels or {}, meta.controller())
