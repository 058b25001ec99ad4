"""A park of gates: a platform whose objects, marks and writes a test can see, and whose weather a test makes."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from simian_army import marks
from simian_army.embedded.kube.patches import json_patch
from simian_army.embedded.kube.status import Problem
from simian_army.errors import Conflict, Gone, PlatformError, Refused, Unknown
from simian_army.model import Health, Identity, Json, Mark, Selector, Target
from tests.simian_army.fakes import NOW, FakeClock

KEY, FLEET = b"park-key", "test"
MEMBERS = {"north": ("north-1", "north-2", "north-3"), "south": ("south-1", "south-2", "south-3")}
NAMES = tuple(name for members in MEMBERS.values() for name in members)
REPLACED_AFTER = 5.0  # seconds until the gang has a new gate where one is missing
Gate = dict[str, Any]


class Weather(StrEnum):
    """How the park answers: at once; not at all; without a word once it was done; without a word, and it is done only
    later; with a no to every act."""

    FAIR = "fair"
    AWAY = "away"
    DEAF = "deaf"
    LATE = "late"
    REFUSING = "refusing"


@dataclass(frozen=True)
class Letter:
    """One act on its way: operations on a gate, or its end when there are none; ``mark`` when it is to harm."""

    who: str
    uid: str
    operations: Sequence[Json] | None
    mark: Mark | None
    late: bool = False


class Hears(Protocol):
    """Who is told what is about to be changed and what was; ``gate`` is as it then is, None when it is gone."""

    def striking(self, letter: Letter, gate: Gate) -> None: ...

    def written(self, letter: Letter, gate: Gate | None) -> None: ...

    def failed(self, letter: Letter) -> None: ...

    def born(self, gate: Gate) -> None: ...


@dataclass
class Park:
    """The gates that stand, by name. ``writes`` counts what agents and undertakers changed."""

    clock: FakeClock
    witness: Hears
    weather: Weather = Weather.FAIR
    gates: dict[str, Gate] = field(default_factory=dict)
    post: list[Letter] = field(default_factory=list)
    writes: int = 0
    _missing: dict[str, float] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        for name in NAMES:
            self.plant(name)

    def plant(self, name: str) -> None:
        """Put up a new gate of that name."""
        metadata = {"name": name, "uid": f"{name}-{next(self._numbers)}", "labels": {"simian-army/chaos": "enabled"}}
        self.gates[name] = {"kind": "Gate", "metadata": metadata, "spec": {"dial": 3, "note": "new"}}
        self.touch(self.gates[name])
        self.witness.born(self.gates[name])

    def touch(self, gate: Gate) -> None:
        """Give it a new version, as every change does."""
        gate["metadata"]["resourceVersion"] = str(next(self._numbers))

    def tend(self) -> None:
        """What a gang does as time passes: a gate that is missing is replaced after a while."""
        now = self.clock.monotonic()
        for name in NAMES:
            if name in self.gates:
                self._missing.pop(name, None)
            elif now - self._missing.setdefault(name, now) >= REPLACED_AFTER:
                self.plant(name)

    def of(self, uid: str) -> Gate | None:
        """The gate with that uid."""
        return next((gate for gate in self.gates.values() if gate["metadata"]["uid"] == uid), None)

    def must_answer(self) -> None:
        if self.weather is Weather.AWAY:
            raise PlatformError("the park is away")

    def send(self, letter: Letter) -> None:
        """Act, as far as the weather lets."""
        if self.weather in (Weather.AWAY, Weather.REFUSING):
            self.witness.failed(letter)
        self.must_answer()
        if self.weather is Weather.REFUSING:
            raise Refused("the park admits no change")
        if self.weather is Weather.LATE:
            self.witness.failed(letter)
            self.post.append(replace(letter, late=True))
            raise Unknown("no answer, and it is still under way")
        try:
            self.carry_out(letter)
        finally:
            self._lose(letter)

    def _lose(self, letter: Letter) -> None:
        if self.weather is Weather.DEAF:
            self.witness.failed(letter)
            raise Unknown("no answer")

    def land(self) -> None:
        """What was under way arrives, in order; what does not fit any more changes nothing."""
        letters, self.post = self.post, []
        for letter in letters:
            try:
                self.carry_out(letter)
            except PlatformError:
                continue

    def carry_out(self, letter: Letter) -> None:
        gate = self.of(letter.uid)
        if gate is None:
            raise Gone("no such gate, or another of its name")
        name = gate["metadata"]["name"]
        after = self._changed(gate, letter)
        if letter.mark:
            self.witness.striking(letter, deepcopy(gate))
        self.writes += 1
        del self.gates[name]
        if after:
            self.gates[name] = after
            self.touch(after)
        self.witness.written(letter, after)

    def _changed(self, gate: Gate, letter: Letter) -> Gate | None:
        if letter.operations is None:
            return None
        try:
            return json_patch(gate, [dict(one) for one in letter.operations])
        except Problem as problem:
            raise Conflict(str(problem)) from problem


@dataclass
class Place:
    """The park as one platform, without the acts; see hands.py for those."""

    park: Park
    name: str = "park"

    def find(self, selector: Selector) -> Sequence[Target]:
        self.park.must_answer()
        return [target_of(gate) for gate in self.park.gates.values()]

    def read(self, target: Target) -> Target | None:
        self.park.must_answer()
        gate = self.park.of(target.id)
        return target_of(gate) if gate else None

    def health(self, target: Target, *, floors: bool = False) -> Health:
        self.park.must_answer()
        there = sum(name in self.park.gates for name in MEMBERS[target.scope])
        wanted = len(MEMBERS[target.scope])
        return Health(there == wanted, there, wanted, "counted")

    def identity(self, target: Target) -> Identity:
        return self.identities()[0]

    def identities(self) -> Sequence[Identity]:
        self.park.must_answer()
        return [Identity("park", "park-1", "here")]

    def marked(self, scopes: Collection[str] = ()) -> Iterator[tuple[Target, Mark | None]]:
        self.park.must_answer()
        for gate in [gate for gate in self.park.gates.values() if marks.labelled(gate)]:
            text, target = marks.found(gate), target_of(gate)
            mark = marks.from_text(text) if text is not None else None
            if mark is not None and mark.fleet != FLEET:
                continue
            if mark is None or not marks.verify(KEY, mark, target, FLEET):
                yield replace(target, facts={"mark": text or ""}), None
                continue
            yield target, mark


def target_of(gate: Gate) -> Target:
    metadata: Mapping[str, Any] = gate["metadata"]
    scope = metadata["name"].partition("-")[0]
    return Target(
        platform="park",
        kind="gate",
        id=metadata["uid"],
        name=metadata["name"],
        scope=scope,
        group=f"{scope}/Gang/{scope}",
        born=NOW - timedelta(days=1),
        labels=dict(metadata["labels"]),
        facts={"resourceVersion": metadata["resourceVersion"]},
        replaced=True,
    )
