"""Does nothing happen in a place config does not name."""

from __future__ import annotations

from safety.identity import KnownPlace
from simian_army.contract import Guard
from simian_army.model import Identity, Verdict
from tests.safety.scenes import scene

GUARD: Guard = KnownPlace({"kubernetes": frozenset({"5f1c"}), "aws": frozenset({"123456789012", "5f1d"})})


def ask(here: Identity | None, guard: Guard = GUARD, *, leashed: bool = False) -> Verdict:
    return guard(scene(identity=here, leashed=leashed))


def cluster(uid: str, *, embedded: bool = False) -> Identity:
    return Identity("kubernetes", uid, "https://shop-eu:6443", embedded)


def test_the_cluster_that_config_names_is_allowed() -> None:
    verdict = ask(cluster("5f1c"))
    assert verdict.allowed
    assert verdict.reason == "https://shop-eu:6443 is 5f1c, as config says (5f1c)"


def test_another_cluster_is_a_final_no_that_names_both() -> None:
    verdict = ask(cluster("9e2b"))
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == "https://shop-eu:6443 is 9e2b, config asks for 5f1c"


def test_an_account_of_another_platform_is_no_cluster_uid() -> None:
    assert not ask(cluster("5f1d")).allowed


def test_an_identity_of_another_platform_is_a_no_even_if_its_id_is_known() -> None:
    assert not ask(Identity("aws", "5f1c", "https://aws"), leashed=True).allowed


def test_no_name_in_config_is_a_no_that_says_what_to_write() -> None:
    verdict = ask(cluster("5f1c"), KnownPlace())
    assert not verdict.allowed
    assert "config names none (cluster_uid or accounts)" in verdict.reason


def test_an_unknown_identity_is_a_no_even_leashed() -> None:
    assert not ask(None).allowed
    assert not ask(None, leashed=True).allowed


def test_an_empty_uid_matches_nothing() -> None:
    assert not ask(cluster("")).allowed


def test_leashed_is_not_compared_and_says_so() -> None:
    verdict = ask(cluster("9e2b"), leashed=True)
    assert verdict.allowed
    assert verdict.reason == "leashed, not compared: this is 9e2b"


def test_the_embedded_world_needs_no_name() -> None:
    assert ask(cluster("whatever", embedded=True)).allowed
