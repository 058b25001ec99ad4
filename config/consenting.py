"""Who consents besides: what ``safety.opt_in`` in simian.yaml may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo, model_validator

from config.parts import LocatedError, Names, Part, ask
from simian_army.selectors import KEY

OURS, CLUSTERS = "simian-army/", "kubernetes.io/"
POD_KILLS = ("pod-evict", "pod-delete")
KILLERS = {"kube-monkey/": "kube-monkey", "chaos.alpha.kubernetes.io/": "chaoskube"}
"""Tools that do nothing but kill pods, by what their keys begin with: who wrote such a key agreed to no more."""


def _text(value: object) -> object:
    if not isinstance(value, str):
        shown = str(value).lower() if isinstance(value, bool) else value
        raise ValueError(f'labels and annotations are text: write it in quotes, "{shown}"')
    return value


class Also(Part):
    """One label (on AWS: tag) or annotation of others, and the value by which it consents to ``faults``."""

    label: str = ""
    annotation: str = ""
    value: Annotated[str, BeforeValidator(_text)]
    faults: Names = POD_KILLS

    @model_validator(mode="after")
    def _one(self, info: ValidationInfo) -> Also:
        if bool(self.label) == bool(self.annotation):
            raise ValueError("give one of label and annotation, for instance label: kube-monkey/enabled")
        word = "label" if self.label else "annotation"
        if not KEY.fullmatch(self.key):
            raise LocatedError([(word, f"{self.key!r} is no key of a {word}", "write for instance example.com/chaos")])
        if self.key.startswith(OURS):
            raise LocatedError([(word, "our own keys count by themselves", "leave this entry out")])
        if self.key.startswith(CLUSTERS):
            raise LocatedError([(word, "the cluster writes this key, so it is nobody's consent", "name another")])
        if not self.faults:
            raise LocatedError([("faults", "it consents to nothing", f"write faults: [{', '.join(POD_KILLS)}]")])
        self._vet(info)
        self._no_wider()
        return self

    @property
    def key(self) -> str:
        """The label or annotation."""
        return self.label or self.annotation

    def _vet(self, info: ValidationInfo) -> None:
        wrong = []
        for number, fault in enumerate(self.faults):
            try:
                ask(info, "fault", fault, {})
            except LocatedError as error:
                wrong += [(f"faults[{number}]", message, hint) for _, message, hint in error.found]
        if wrong:
            raise LocatedError(wrong)

    def _no_wider(self) -> None:
        tool = next((tool for start, tool in KILLERS.items() if self.key.startswith(start)), None)
        wider = [(number, fault) for number, fault in enumerate(self.faults) if fault not in POD_KILLS]
        if tool and wider:
            message, hint = f"{self.key} is {tool}'s, which only kills pods", f"keep to {', '.join(POD_KILLS)}"
            raise LocatedError([(f"faults[{number}]", f"{fault}: {message}", hint) for number, fault in wider])


class OptIn(Part):
    """Which keys of others are taken for consent too."""

    also: tuple[Also, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> OptIn:
        keys = [(bool(one.label), one.key) for one in self.also]
        twice = [number for number, key in enumerate(keys) if key in keys[:number]]
        if twice:
            raise LocatedError(
                [(f"also[{number}]", f"{keys[number][1]} is there before", "name each once") for number in twice]
            )
        return self

    @property
    def annotations(self) -> Names:
        """The annotations that must be read."""
        return tuple(one.annotation for one in self.also if one.annotation)
