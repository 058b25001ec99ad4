"""Which Secrets that keep true values are there still, when nothing is held any more that would throw them away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from simian_army.faults.k8s.keeping import BY, KEPT, OF
from simian_army.faults.k8s.secret_fault import SecretFault
from simian_army.model import Selector, Target
from simian_army.standing import note_key

# tenants may write it, and people run what is made of it; a name that begins with a dash would be an option
_KEPT_OF = re.compile(r"([a-z0-9][a-z0-9.-]*)/([-._a-zA-Z0-9]+)")


class FindingPort(Protocol):
    """Finds by metadata alone, where config says; the annotation ``OF`` is among the labels."""

    def find(self, selector: Selector) -> Sequence[Target]:
        """As ``contract.Platform.find``."""
        ...


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Those of one fleet. Nothing is read of them but what they are called and labelled: no value is ever here."""

    port: FindingPort
    fleet: str

    def find(self) -> list[str]:
        """As ``leaving.LeftoversPort``."""
        found = self.port.find(Selector("secret", labels=f"{KEPT},{BY}={self.fleet}"))
        return [_words(one) for one in sorted(found, key=lambda one: (one.scope, one.name))]


def _words(kept: Target) -> str:
    told = _KEPT_OF.fullmatch(str(kept.labels.get(note_key(OF), "")))
    name, key = told.groups() if told else ("NAME", "KEY")
    there = f"the Secret {kept.scope}/{kept.name}"
    which = f"what {key} of the Secret {name} was before {SecretFault.name} (run {kept.labels.get(KEPT)}) changed it"
    value = f"$(kubectl get secret {kept.name} -n {kept.scope} -o jsonpath={{.data.value}})"
    change = f'''{{"data":{{"{key}":"'{value}'"}}}}'''
    back = f"kubectl patch secret {name} -n {kept.scope} --type=merge -p '{change}'"
    away = f"kubectl delete secret {kept.name} -n {kept.scope}"
    return f"{there} still keeps {which}: give it back if nobody has, then throw it away:\n    {back}\n    {away}"
