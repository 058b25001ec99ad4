"""Is a value of Prometheus within its limits?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from simian_army.looking.server import Reply, Server
from simian_army.looking.values import filled
from simian_army.model import Target
from simian_army.promql import Query
from simian_army.sights import Question, Sight

STALE = 300.0
"""Seconds that its time may be off ours: older is no answer, and younger tells of a clock that is wrong."""


class _Data(Struct, rename="camel"):
    result_type: str
    result: list[Any]


class _Said(Struct):
    status: str = ""
    data: _Data | None = None
    error: str = ""
    warnings: list[str] | None = None


_said = msgspec.json.Decoder(_Said)


@dataclass(frozen=True, slots=True)
class Metric:
    """An instant query that must give one number, ``least`` at least and ``most`` at most (None: no such limit)."""

    server: Server
    query: Query
    least: float | None
    most: float | None

    @property
    def shared(self) -> bool:
        return not self.query.names

    @property
    def where(self) -> str:
        """How it is called."""
        return f"prometheus {self.server.host}"

    def about(self, target: Target) -> Question | Sight:
        said = filled(self.where, (self.query,), target)
        if isinstance(said, Sight):
            return said
        key = ("prometheus", self.server.url, said[0], f"{self.least} {self.most}")
        return Question(key, f"{self.where}: {said[0]}", self.server.timeout, partial(self._ask, said[0]))

    def _ask(self, query: str) -> Sight:
        reply = self.server.post("/api/v1/query", [("query", query), ("timeout", f"{self.server.timeout:g}")])
        at, value, doubt = self._read(reply)
        here = f"{self.where}: {query}"
        off = abs(self.server.clock.now().timestamp() - at)
        if not doubt and off > STALE:
            doubt = f"its answer is {off:.0f} s off our clock, {STALE:g} s are allowed"
        if doubt:
            return Sight(fine=False, words=f"{here}: {doubt}", doubt=True)
        broken = self._broken(value)
        words = f"is {value:.6g}, {broken or self._limits()}"
        return Sight(not broken, f"{here} {words}")

    def _broken(self, value: float) -> str:
        if self.most is not None and value > self.most:
            return f"max {self.most:g} is allowed"
        if self.least is not None and value < self.least:
            return f"min {self.least:g} is needed"
        return ""

    def _limits(self) -> str:
        given = (("min", self.least), ("max", self.most))
        return "within " + " and ".join(f"{name} {limit:g}" for name, limit in given if limit is not None)

    def _read(self, reply: Reply) -> tuple[float, float, str]:
        """Time and value, and why they are not to be believed."""
        try:
            said = _said.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            if reply.status == 200:
                return 0.0, 0.0, "this is no answer of Prometheus: is the URL right?"
            raise self.server.error(reply, "") from None
        if reply.status != 200 or said.status != "success" or said.data is None:
            raise self.server.error(reply, said.error)
        if said.warnings:
            return 0.0, 0.0, f"it warns: {self.server.said('; '.join(said.warnings))}"
        return _one(said.data)


def _one(data: _Data) -> tuple[float, float, str]:
    if data.result_type not in ("vector", "scalar"):
        return 0.0, 0.0, f"a {data.result_type} is no single number: ask for one value, now"
    if data.result_type == "vector" and len(data.result) != 1:
        if not data.result:
            return 0.0, 0.0, "no series; if that is well, add: or vector(0)"
        return 0.0, 0.0, f"{len(data.result)} series, one is meant: aggregate them, with sum() or max()"
    pair = data.result if data.result_type == "scalar" else _pair(data.result[0])
    try:
        at, value = float(pair[0]), float(pair[1])
    except (TypeError, ValueError, IndexError):
        return 0.0, 0.0, "what it says is no number"
    return at, value, "" if math.isfinite(value) and math.isfinite(at) else f"is {value}, which is no number to go by"


def _pair(series: Any) -> Any:
    return series.get("value") if isinstance(series, dict) else None
