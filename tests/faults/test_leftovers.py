"""Is what is kept of Secrets still named with commands that give it back, whatever tenants wrote beside it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simian_army.faults.k8s.keeping import BY, KEPT, OF
from simian_army.faults.k8s.leftovers import Leftovers
from simian_army.model import Selector, Target
from simian_army.selectors import labels_match
from simian_army.standing import note_key

NAME = "simian-army-kept-r1-u1"
VALUE = f"$(kubectl get secret {NAME} -n shop -o jsonpath={{.data.value}})"
ODD = st.from_regex(r"[-a-zA-Z0-9.$'\"`;{}()/ \n]{1,20}/[-._a-zA-Z0-9'$\n]{0,10}", fullmatch=True)


@dataclass
class Shelf:
    """Finds by labels, as the API server does, and remembers what was asked."""

    there: Sequence[Target]
    asked: list[Selector] = field(default_factory=list)

    def find(self, selector: Selector) -> list[Target]:
        self.asked.append(selector)
        meant = labels_match(selector.labels)
        return [one for one in self.there if one.kind == selector.kind and meant(one.labels)]


def kept(of: str | None = "token/a", name: str = NAME, scope: str = "shop", by: str = "test") -> Target:
    labels = {KEPT: "r1", BY: by} | ({} if of is None else {note_key(OF): of})
    return Target("kubernetes", "secret", f"uid-{name}", name, scope, "", None, labels)


def told(*there: Target) -> list[str]:
    return Leftovers(Shelf(there), "test").find()


def commands(text: str) -> list[list[str]]:
    """The words of each command that a shell would run, ``$(...)`` as one."""
    lines = [line.strip() for line in text.splitlines()[1:]]
    return [shlex.split(line.replace(VALUE, "VALUE")) for line in lines]


def test_it_is_told_where_it_is_whose_it_was_and_which_two_commands_end_it() -> None:
    (text,) = told(kept())
    which = "what a of the Secret token was before secret-fault (run r1) changed it"
    assert text.startswith(f"the Secret shop/{NAME} still keeps {which}: give it back")
    back, away = commands(text)
    assert back[:8] == ["kubectl", "patch", "secret", "token", "-n", "shop", "--type=merge", "-p"]
    assert json.loads(back[8]) == {"data": {"a": "VALUE"}}
    assert away == ["kubectl", "delete", "secret", NAME, "-n", "shop"]


def test_only_what_bears_both_labels_of_this_fleet_is_named_by_place_and_name() -> None:
    there = [
        kept(name="b"),
        kept(name="c", scope="bank"),
        kept(name="a"),
        kept(name="theirs", by="another"),
        Target("kubernetes", "secret", "u", "token", "shop", "", None, {BY: "test"}),
    ]
    shelf = Shelf(there)
    found = Leftovers(shelf, "test").find()
    assert [text.split()[2] for text in found] == ["bank/c", "shop/a", "shop/b"]
    assert shelf.asked == [Selector("secret", labels=f"{KEPT},{BY}=test")]


@pytest.mark.parametrize("of", ["token/a", "my.token-1/tls.crt", "t/_A-b.C", "0/-"])
def test_what_is_a_name_and_a_key_is_filled_in(of: str) -> None:
    (text,) = told(kept(of))
    name, _, key = of.partition("/")
    back, _ = commands(text)
    assert back[3] == name
    assert json.loads(back[8]) == {"data": {key: "VALUE"}}


@given(st.none() | st.text() | ODD)
@example("--all/a")
@example("-n/a")
@example("token/$(reboot)")
@example("a\n    kubectl delete namespace shop/a")
def test_whatever_a_tenant_wrote_there_are_two_commands_of_the_same_form(of: str | None) -> None:
    (text,) = told(kept(of))
    assert len(text.splitlines()) == 3
    back, away = commands(text)
    assert [*back[:3], *back[4:8]] == ["kubectl", "patch", "secret", "-n", "shop", "--type=merge", "-p"]
    assert len(back) == 9
    assert re.fullmatch("NAME|[a-z0-9][a-z0-9.-]*", back[3])
    ((key, value),) = json.loads(back[8])["data"].items()
    assert re.fullmatch("[-._a-zA-Z0-9]+", key) and value == "VALUE"
    assert away == ["kubectl", "delete", "secret", NAME, "-n", "shop"]


@pytest.mark.parametrize(
    "of",
    [None, "", "token", "--all/a", "-n/a", "TOKEN/a", "token/a/b", "token/a\n", "token/a'; reboot; '", "../../x/a"],
)
def test_where_it_does_not_say_whose_it_is_people_put_name_and_key_in(of: str | None) -> None:
    (text,) = told(kept(of))
    back, _ = commands(text)
    assert back[3] == "NAME"
    assert json.loads(back[8]) == {"data": {"KEY": "VALUE"}}
