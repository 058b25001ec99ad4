"""What latency does to a proxy: what passes through it takes longer, until the toxic is taken off again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from simian_army.errors import Gone, Refused
from simian_army.model import Evidence, Fault, Json, Mark, Selector
from simian_army.ports import ToxiproxyPort

OURS = "simian-"
"""What the name of every toxic of ours begins with, whichever the fleet."""

LONGEST = 60_000  # milliseconds: clients give up long before, and a slip of the keyboard stays harmless
_DEFAULTS: Mapping[str, Any] = {"latency": 200, "jitter": 0, "stream": "downstream", "toxicity": 1.0}
_STREAMS = ("downstream", "upstream")
_NOT_THERE, _REMOVED = "no toxic of this run is there: nothing to undo", "our toxic removed, read back"
_NEARLY = 1e-6  # the server keeps a toxicity in 32 bits


@dataclass(frozen=True, slots=True)
class ProxyLatency:
    """Delays what passes through a proxy, by a toxic whose name is the mark; only that one is ever taken off."""

    port: ToxiproxyPort
    name: ClassVar[str] = "proxy-latency"
    platform: ClassVar[str] = "toxiproxy"
    strikes: ClassVar[str] = "proxy"
    reversible: ClassVar[bool] = True
    replaces: ClassVar[bool] = False
    stops: ClassVar[str] = "nobody"
    restores: ClassVar[tuple[str, ...]] = ("toxics", "enabled")
    alone: ClassVar[str] = (
        "not before its toxiproxy restarts; the next start of an agent, or `simian revert --all`, removes the toxic"
    )
    params: ClassVar[Mapping[str, str]] = {
        "latency": f"milliseconds that data takes longer, 0 to {LONGEST}; 200 unless given",
        "jitter": f"milliseconds by which that goes up and down at random, 0 to {LONGEST}; 0 unless given",
        "stream": "downstream (towards the client, unless given) or upstream (towards the server)",
        "toxicity": "the share of connections that are struck, above 0 up to 1; 1 unless given",
    }
    undo: ClassVar[Mapping[str, str]] = {"toxics": "the names of the toxics that were there before"}
    permissions: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def reach(self, fault: Fault) -> Selector | None:
        """Nothing but the proxy itself."""
        del fault
        return None

    def prepare(self, fault: Fault) -> Json | None:
        _toxic(fault)
        proxy = self.port.get(fault.target)
        if proxy is None:
            raise Refused(f"{fault.target}: gone")
        if not proxy["enabled"]:
            raise Refused(f"{fault.target}: disabled, so nothing passes that could be late")
        names = _names(proxy)
        held = [name for name in names if name.startswith(OURS)]
        if held:
            raise Refused(f"{fault.target}: another fault holds it: {', '.join(held)}")
        return {"toxics": names}

    def inject(self, fault: Fault, mark: Mark) -> None:
        self.port.add(fault.target, mark, _toxic(fault))

    def observe(self, fault: Fault) -> Evidence:
        proxy = self.port.get(fault.target)
        if proxy is None:
            return Evidence(holds=False, detail="the proxy is gone")
        before = (fault.undo or {}).get("toxics", ())
        ours = [toxic for toxic in proxy["toxics"] if toxic["name"].startswith(OURS) and toxic["name"] not in before]
        if not ours:
            return Evidence(holds=False, detail="no toxic of ours is there")
        asked = _toxic(fault)
        if not any(_same(toxic, asked) for toxic in ours):
            return Evidence(holds=False, detail=f"our toxic is there, but with other values: {_seen(ours[0])}")
        if not proxy["enabled"]:
            return Evidence(holds=False, detail="our toxic is there, but the proxy was disabled meanwhile")
        return Evidence(holds=True, detail=_seen(ours[0]), facts=dict(asked["attributes"]))

    def revert(self, fault: Fault, mark: Mark) -> Evidence:
        proxy = self.port.get(fault.target)
        said = _NOT_THERE
        if proxy is not None and self.port.toxic(fault.target, mark) in _names(proxy):
            said = _REMOVED
            proxy = self._removed(fault, mark)
        return _proof(fault, said, proxy)

    def revert_all(self, held: Sequence[tuple[Fault, Mark]]) -> list[Evidence]:
        """As ``revert``, with two lists of proxies a server instead of reads of each."""
        removals = self.port.remove_all([(fault.target, mark) for fault, mark in held])
        return [
            Evidence(holds=False, detail=one.trouble, under_way=one.under_way)
            if one.trouble
            else _proof(fault, _REMOVED if one.removed else _NOT_THERE, one.proxy)
            for (fault, _), one in zip(held, removals, strict=True)
        ]

    def _removed(self, fault: Fault, mark: Mark) -> dict[str, Any] | None:
        try:
            self.port.remove(fault.target, mark)
        except Gone:
            return None
        return self.port.get(fault.target)


def _toxic(fault: Fault) -> dict[str, Any]:
    """The toxic that the parameters mean.

    Raises:
        Refused: they mean none; the text names the value and what is allowed.
    """
    unknown = sorted(set(fault.params) - set(_DEFAULTS))
    if unknown:
        raise Refused(f"proxy-latency knows {', '.join(_DEFAULTS)}; it was given {', '.join(unknown)}")
    told = {**_DEFAULTS, **fault.params}
    for name in ("latency", "jitter"):
        value = told[name]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST:
            raise Refused(f"{name} is {value!r}; allowed: whole milliseconds from 0 to {LONGEST}")
    if not told["latency"] and not told["jitter"]:
        raise Refused("latency and jitter are 0; allowed: one of them above 0, or nothing would be late")
    if told["stream"] not in _STREAMS:
        raise Refused(f"stream is {told['stream']!r}; allowed: {' or '.join(_STREAMS)}")
    share = told["toxicity"]
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        raise Refused(f"toxicity is {share!r}; allowed: a number above 0, up to 1")
    attributes = {"latency": told["latency"], "jitter": told["jitter"]}
    return {"type": "latency", "stream": told["stream"], "toxicity": share, "attributes": attributes}


def _same(toxic: Json, asked: Json) -> bool:
    alike = all(toxic.get(name) == asked[name] for name in ("type", "stream", "attributes"))
    toxicity = toxic.get("toxicity")
    return alike and isinstance(toxicity, int | float) and abs(toxicity - asked["toxicity"]) < _NEARLY


def _names(proxy: Json) -> list[str]:
    return sorted(toxic["name"] for toxic in proxy["toxics"])


def _seen(toxic: Json) -> str:
    values = ", ".join(f"{name} {value}" for name, value in toxic.get("attributes", {}).items())
    return f"{toxic.get('type')} {toxic.get('stream')} ({values}), toxicity {toxic.get('toxicity')}"


def _proof(fault: Fault, said: str, proxy: Json | None) -> Evidence:
    """What the proxy, read after all was done, proves; None when it is gone."""
    if proxy is None:
        return _gone(fault)
    facts = {"toxics": _names(proxy), "enabled": proxy["enabled"]}
    return Evidence(holds=True, detail="; ".join([said, *_changes(fault, proxy)]), facts=facts)


def _gone(fault: Fault) -> Evidence:
    words = "the server has no such proxy (any more): our toxic went with it"
    hint = "was the server restarted? what went through it is cut off until whoever made the proxy makes it again"
    return Evidence(holds=True, detail=f"{words}; {hint}", facts={"proxy": fault.target.name, "there": False})


def _changes(fault: Fault, after: Json) -> list[str]:
    """What others did meanwhile, which is kept."""
    then, now = set((fault.undo or {}).get("toxics", ())), set(_names(after))
    told = [f"added by others meanwhile and kept: {', '.join(sorted(now - then))}"] if now - then else []
    if then - now:
        told.append(f"removed by others meanwhile: {', '.join(sorted(then - now))}")
    if not after["enabled"]:
        told.append("disabled by others meanwhile: kept")
    return told
