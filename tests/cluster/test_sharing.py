"""Are tests over a real cluster kept together, and all others shared out."""

from __future__ import annotations

import pytest

from tests.sharing import BUNDLES, PARTS, place_of, scope_of

CRASH = "tests/crash/test_crash.py"


@pytest.mark.parametrize(
    ("nodeid", "bundle"),
    [
        ("tests/helm/test_role_real.py::test_a", "helm"),
        ("tests/e2e/test_real.py::test_a[x::y]", "e2e"),
        ("tests/e2e/test_real_node.py::test_a", "node"),
        ("tests/helm/test_install_node.py::test_a", "node"),
        (f"{CRASH}::TestRealKubernetes::test_a", "cluster"),
    ],
)
def test_what_needs_a_cluster_is_in_a_bundle_and_comes_first(nodeid: str, bundle: str) -> None:
    assert scope_of(nodeid) == bundle
    assert place_of(nodeid) < len(BUNDLES)


def test_the_rest_of_a_file_is_run_in_parts_afterwards() -> None:
    names = [f"{CRASH}::TestEmbeddedKubernetes::test_a[{number}]" for number in range(40)]
    assert {scope_of(name) for name in names} == {f"{CRASH}, part {number}" for number in range(PARTS)}
    assert {place_of(name) for name in names} == {len(BUNDLES)}
