"""Does what cannot be undone need its name in the config."""

from __future__ import annotations

import pytest

from safety.irreversible import Irreversible, Nature
from simian_army.contract import Guard
from tests.safety.scenes import instance, scene

KINDS = {
    "node-cordon": Nature(reversible=True, replaces=False),
    "pod-evict": Nature(reversible=False, replaces=True),
    "volume-wipe": Nature(reversible=False, replaces=False),
}


@pytest.mark.parametrize(
    ("kind", "allow", "allowed", "words"),
    [
        ("node-cordon", (), True, "not applicable: node-cordon is reverted"),
        ("pod-evict", (), True, "not applicable: what pod-evict destroys is replaced"),
        ("volume-wipe", (), False, "volume-wipe: cannot be undone, and it is not in safety.allow_irreversible (empty)"),
        ("volume-wipe", ("disk-wipe",), False, "not in safety.allow_irreversible (disk-wipe); to allow it, add it"),
        ("volume-wipe", ("volume-wipe",), True, "volume-wipe is in safety.allow_irreversible (volume-wipe)"),
        ("novelty", ("novelty",), False, "nobody knows whether novelty can be undone"),
    ],
)
def test_only_a_named_kind_may_destroy_for_good(
    kind: str, allow: tuple[str, ...], words: str, *, allowed: bool
) -> None:
    guard: Guard = Irreversible(KINDS, frozenset(allow))
    verdict = guard(scene(kind=kind))
    assert verdict.allowed is allowed
    assert words in verdict.reason


def test_what_nothing_replaces_needs_its_name_though_others_of_its_kind_do_not() -> None:
    kinds = {"instance-terminate": Nature(reversible=False, replaces=True)}
    member, alone = (scene(instance(replaced=replaced), "instance-terminate") for replaced in (True, False))
    assert Irreversible(kinds)(member).allowed
    denied = Irreversible(kinds)(alone)
    assert not denied.allowed
    assert "nothing replaces this target" in denied.reason
    assert Irreversible(kinds, frozenset({"instance-terminate"}))(alone).allowed
