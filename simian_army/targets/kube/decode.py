"""What an object's metadata says, read without trusting any of it; one bad object never spoils a list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Struct, field

from simian_army.marks import FAULT
from simian_army.standing import note_key
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


class Cursor(Struct, gc=False):
    """Where the next page of a list begins."""

    next: str | None = field(default=None, name="continue")


class _Careful(Struct, gc=False):
    kind: str
    metadata: Cursor
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


class Forms:
    """How objects are read: with the annotations we always look at and, as labels, those named here.

    Any other annotation is skipped while parsing: some are as large as the object itself.
    """

    def __init__(self, annotations: tuple[str, ...] = ()) -> None:
        self._notes = tuple((f"other{number}", note_key(key)) for number, key in enumerate(annotations))
        entry: Any = _entry_with(annotations) if annotations else Entry
        quick: list[tuple[str, Any] | tuple[str, Any, Any]] = [
            ("kind", str),
            ("metadata", Cursor),
            ("items", list[entry] | None, None),
        ]
        self.entry = entry
        self.quick: msgspec.json.Decoder[Any] = msgspec.json.Decoder(msgspec.defstruct("Quick", quick, gc=False))
        self.one: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(entry)

    def noted(self, entry: Entry) -> Entry:
        """The same entry, with the annotations named among its labels."""
        notes = entry.metadata.annotations
        if notes is None or not self._notes:
            return entry
        said = {key: value for name, key in self._notes if (value := getattr(notes, name)) is not None}
        if said:
            entry.metadata.labels = {**(entry.metadata.labels or {}), **said}
        return entry


def _entry_with(annotations: tuple[str, ...]) -> Any:
    fields = [
        (f"other{number}", str | None, msgspec.field(default=None, name=key)) for number, key in enumerate(annotations)
    ]
    notes = msgspec.defstruct("Notes", fields, bases=(Notes,), gc=False)
    meta = msgspec.defstruct("Meta", [("annotations", notes | None, None)], bases=(Meta,), gc=False, rename="camel")
    return msgspec.defstruct("Entry", [("metadata", meta)], bases=(Entry,), gc=False, kw_only=True)


PLAIN = Forms()
"""Without any annotation of others."""

_careful = msgspec.json.Decoder(_Careful)
_object = msgspec.json.Decoder(dict[str, Any])
_WRONG = (msgspec.DecodeError, UnicodeDecodeError)


def page_of(host: str, call: Call, body: bytes, forms: Forms = PLAIN) -> Page:
    """One page of the list that ``call`` asked for.

    Raises:
        PlatformError: the answer as a whole is not the list that was asked for.
    """
    if call.partial:
        try:
            quick = forms.quick.decode(body)
        except _WRONG:
            return _slowly(host, call, body, forms)
        _expect(host, call, body, quick.kind)
        return Page([forms.noted(entry) for entry in quick.items or ()], [], quick.metadata.next or "")
    return _slowly(host, call, body, forms)


def meta_of(obj: object, forms: Forms = PLAIN) -> Meta | None:
    """The metadata of an object that was read whole; None when it makes no sense."""
    try:
        entry: Entry = msgspec.convert(obj, forms.entry)
        return forms.noted(entry).metadata
    except msgspec.ValidationError:
        return None


def _slowly(host: str, call: Call, body: bytes, forms: Forms) -> Page:
    try:
        careful = _careful.decode(body)
    except _WRONG as error:
        raise strange(host, call, body, str(error)) from error
    _expect(host, call, body, careful.kind)
    page = Page([], [], careful.metadata.next or "")
    for number, raw in enumerate(careful.items or ()):
        try:
            entry = forms.noted(forms.one.decode(raw))
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
