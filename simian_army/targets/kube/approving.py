"""The annotation by which somebody lets runs strike: read off a namespace or a node."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simian_army.targets.kube.authors import author, noted
from simian_army.targets.kube.call import Call
from simian_army.targets.kube.finding import kind_of
from simian_army.targets.kube.wire import Wire
from simian_army.waiting import APPROVE, Place, Word

LONGEST = 2000  # characters that are looked at


@dataclass(frozen=True, slots=True)
class Approving:
    """``ports.ApprovalPort`` on one cluster. Reads are sent once: who asks asks again soon."""

    wire: Wire

    def approved(self, place: Place) -> Word | None:
        meta = noted(self.wire, Call("get", kind_of(place.kind), name=place.name, partial=True))
        said = (meta.annotations or {}).get(APPROVE) if meta else None
        if meta is None or said is None:
            return None
        hand = author(meta, APPROVE)
        return Word(frozenset(re.split(r"[\s,]+", said[:LONGEST])) - {""}, hand.manager, hand.time)
