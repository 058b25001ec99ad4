"""Does each denial, as the guards themselves word it, ask for the change that would help."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from safety.blackout import CALENDAR, Blackout
from safety.quorum import Quorum
from safety.shared import Shared
from simian_army.advice import changes
from simian_army.amounts import Amount
from simian_army.hands import Hands
from simian_army.model import Health, Verdict
from simian_army.standing import TARGET, Floor
from tests.safety.scenes import pod, scene

ZONE = ZoneInfo("UTC")
QUORUM = Quorum(stops={"pod-evict": TARGET})


def told(denied: Verdict) -> str:
    assert not denied.allowed, denied
    (one,) = changes(pod(), [denied], Hands())
    return one.change


def health(wanted: int, up: int, *floors: Floor, moving: str = "") -> Health:
    names = frozenset({pod().id, *(f"u{number}" for number in range(up - 1))})
    return Health(up >= wanted, up, wanted, f"{up} of {wanted} ready", moving=moving, up=names, floors=floors)


@pytest.mark.parametrize(
    ("stands", "words"),
    [
        (health(1, 1), "give it a peer"),
        (health(3, 2), "until the group is whole"),
        (health(3, 3, moving="1 of 3 updated"), "until the group is whole and at rest"),
        (health(3, 3, Floor("PDB shop/web", 0, "PDB shop/web: 0 disruptions allowed, 3 healthy, 3 needed")), "the PDB"),
        (health(3, 3, Floor("HPA shop/web", 0, "HPA shop/web: keeps at least 3, 3 are ready")), "minReplicas"),
    ],
)
def test_a_group_that_cannot_do_without_is_told_what_gives_it_room(stands: Health, words: str) -> None:
    assert words in told(QUORUM(scene(health=stands)))


def test_more_must_stay_than_would_asks_for_more_of_them() -> None:
    strict = replace(QUORUM, keep=Amount(3))
    assert "more replicas" in told(strict(scene(health=health(3, 3))))


def test_a_label_that_names_no_calendar_is_to_be_corrected() -> None:
    struck = replace(pod(), labels={CALENDAR: "audti"})
    assert "write the label" in told(Blackout((), ZONE)(scene(struck)))


def test_others_who_are_protected_can_consent_to_nothing() -> None:
    other = replace(pod(), id="other", scope="kube-system")
    assert "choose another" in told(Shared(protected=("kube-system",))(scene(reach=[other])))


def test_who_is_harmed_but_cannot_be_listed_is_to_be_listed() -> None:
    assert "list the pods" in told(Shared()(scene(reach=None)))
