"""What an object's metadata says, read without trusting any of it; one bad object never spoils a list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Struct, field

from simian_army.marks import FAULT
from simian_army.targets.kube.answers import strange
from simian_army.targets.kube.call import Call

Name = Annotated[str, msgspec.Meta(min_length=1)]


class Ref(Struct, gc=False, frozen=True, rename="camel"):
    """An owner, as the owned object names it."""

    api_version: Name
    kind: Name
    name: Name
    uid: Name
    controller: bool | None = None


class Notes(Struct, gc=False):
    """The annotations we look at."""

    mirror: str | None = field(default=None, name="kubernetes.io/config.mirror")
    fault: str | None = field(default=None, name=FAULT)


class Meta(Struct, gc=False, rename="camel"):
    """The metadata we look at; the rest (managedFields above all) is skipped while parsing."""

    name: Name
    uid: Name
    creation_timestamp: Annotated[datetime, msgspec.Meta(tz=True)]
    namespace: str = ""
    labels: dict[str, str] | None = None
    annotations: Notes | None = None
    owner_references: list[Ref] | None = None
    deletion_timestamp: str | None = None

    def controller(self) -> Ref | None:
        """The owner that manages it."""
        for ref in self.owner_references or ():
            if ref.controller:
                return ref
        return None


class Entry(Struct, gc=False):
    """One object of a list; ``whole`` is the object itself when it was asked for."""

    metadata: Meta
    whole: dict[str, Any] | None = None


class _Cursor(Struct, gc=False):
    next: str | None = field(default=None, name="continue")


class _Quick(Struct, gc=False):
    kind: str
    metadata: _Cursor
    items: list[Entry] | None = None


class _Careful(Struct, gc=False):
    kind: str
    metadata: _Cursor
    items: list[msgspec.Raw] | None = None


class Page(Struct, gc=False):
    """One page of a list: what could be read, the names of what could not, and where the next page begins."""

    entries: list[Entry]
    unreadable: list[str]
    next: str


class Twins:
    """Keeps one of each set of labels and each owner: pods of one workload say the same, thousands of times."""

    def __init__(self) -> None:
        self._labels: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._owners: dict[tuple[Ref, ...], list[Ref]] = {}
        self._scopes: dict[str, str] = {}

    def share(self, entry: Entry) -> None:
        """Let the entry use what an equal one said before."""
        meta = entry.metadata
        if meta.labels:
            meta.labels = self._labels.setdefault(tuple(meta.labels.items()), meta.labels)
        if meta.owner_references:
            meta.owner_references = self._owners.setdefault(tuple(meta.owner_references), meta.owner_references)
        meta.namespace = self._scopes.setdefault(meta.namespace, meta.namespace)


_quick = msgspec.json.Decoder(_Quick)
_careful = msgspec.json.Decoder(_Careful)
_entry = msgspec.json.Decoder(Entry)
_object = msgspec.json.Decoder(dict[str, Any])
_WRONG = (msgspec.DecodeError, UnicodeDecodeError)


def page_of(host: str, call: Call, body: bytes) -> Page:
    """One page of the list that ``call`` asked for.

    Raises:
        PlatformError: the answer as a whole is not the list that was asked for.
    """
    if call.partial:
        try:
            quick = _quick.decode(body)
        except _WRONG:
            return _slowly(host, call, body)
        _expect(host, call, body, quick.kind)
        return Page(quick.items or [], [], quick.metadata.next or "")
    return _slowly(host, call, body)


def meta_of(obj: object) -> Meta | None:
    """The metadata of an object that was read whole; None when it makes no sense."""
    try:
        return msgspec.convert(obj, Entry).metadata
    except msgspec.ValidationError:
        return None


def _slowly(host: str, call: Call, body: bytes) -> Page:
    try:
        careful = _careful.decode(body)
    except _WRONG as error:
        raise strange(host, call, body, str(error)) from error
    _expect(host, call, body, careful.kind)
    page = Page([], [], careful.metadata.next or "")
    for number, raw in enumerate(careful.items or ()):
        try:
            entry = _entry.decode(raw)
            page.entries.append(entry if call.partial else Entry(entry.metadata, _object.decode(raw)))
        except _WRONG:
            page.unreadable.append(_called(raw) or f"item {number}")
    return page


def _expect(host: str, call: Call, body: bytes, kind: str) -> None:
    if not (kind == "PartialObjectMetadataList" if call.partial else kind.endswith("List")):
        raise strange(host, call, body, f"its kind is {kind!r}")


def _called(raw: msgspec.Raw) -> str:
    try:
        metadata = _object.decode(raw).get("metadata")
    except _WRONG:
        return ""
    if not isinstance(metadata, dict):
        return ""
    return "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
