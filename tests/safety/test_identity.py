"""Does nothing happen in a place config does not name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.identity import KnownPlace
from simian_army.contract import Guard
from simian_army.model import Identity, Verdict
from tests.safety.scenes import instance, scene

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


THERE = KnownPlace({"kubernetes": frozenset({"5f1c"})}, {"kubernetes": "https://shop-eu:6443"})


def test_the_server_that_config_names_is_allowed_however_it_is_written() -> None:
    assert ask(cluster("5f1c"), THERE).allowed
    assert ask(Identity("kubernetes", "5f1c", "HTTPS://Shop-EU:6443/"), THERE).allowed


@pytest.mark.parametrize(
    "url", ["https://shop-eu", "http://shop-eu:6443", "https://shop-us:6443", "https://shop-eu:6443/k8s", "", "shop-eu"]
)
@pytest.mark.parametrize("leashed", [True, False])
def test_another_server_is_a_final_no_even_with_the_right_uid_and_leashed(url: str, *, leashed: bool) -> None:
    verdict = ask(Identity("kubernetes", "5f1c", url), THERE, leashed=leashed)
    assert not verdict.allowed
    assert verdict.final
    assert verdict.reason == f"the API is at {url}, config says https://shop-eu:6443 (platforms.kubernetes.server)"


def test_the_right_server_does_not_make_up_for_another_uid() -> None:
    assert not ask(cluster("9e2b"), THERE).allowed


def test_a_target_in_a_region_that_config_does_not_name_is_spared_alone() -> None:
    here = Identity("aws", "123456789012", "https://sts")
    known = {"aws": frozenset({"123456789012"})}
    guard = KnownPlace(known, regions={"aws": frozenset({"eu-west-1", "eu-north-1"})})
    assert guard(scene(instance(), identity=here, leashed=False)).allowed
    elsewhere = replace(instance(), scope="123456789012/us-east-1")
    verdict = guard(scene(elsewhere, identity=here, leashed=False))
    assert not verdict.allowed
    assert not verdict.final
    assert verdict.reason == "instance 123456789012/us-east-1/i-0a1b is in us-east-1, config says eu-north-1, eu-west-1"
    assert not KnownPlace(known, regions={"aws": frozenset()})(scene(instance(), identity=here, leashed=False)).allowed
    assert not guard(scene(replace(instance(), scope=""), identity=here, leashed=False)).allowed
