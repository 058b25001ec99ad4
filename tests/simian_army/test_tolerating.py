"""Which pods stay where a taint is: the rules of the scheduler and of the taint manager, by a recount of their own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.tolerating import FOR_GOOD, stays, tolerates

Json = dict[str, Any]
TAINT = {"key": "gpu", "value": "old", "effect": "NoExecute"}

SOME = st.fixed_dictionaries(
    {},
    optional={
        "key": st.sampled_from(["gpu", "disk", ""]),
        "operator": st.sampled_from(["Exists", "Equal", ""]),
        "value": st.sampled_from(["old", "new", ""]),
        "effect": st.sampled_from(["NoExecute", "NoSchedule", ""]),
        "tolerationSeconds": st.sampled_from([-1, 0, 1, 300]),
    },
)


@pytest.mark.parametrize(
    ("toleration", "means"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "value": "old"}, True),
        ({"key": "gpu", "operator": "Equal", "value": "old", "effect": "NoExecute"}, True),
        ({"key": "gpu"}, False),
        ({"key": "gpu", "value": "new"}, False),
        ({"key": "disk", "operator": "Exists"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, False),
        ({"value": "old"}, False),
        ({"key": "gpu", "operator": "Lt", "value": "old"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_toleration_means_a_taint_by_its_key_operator_value_and_effect(toleration: Json, *, means: bool) -> None:
    assert tolerates([toleration], TAINT) is means
    assert (stays([toleration], TAINT) == FOR_GOOD) is means


@given(st.lists(SOME, max_size=4))
def test_who_stays_for_good_stays_for_a_while_and_terms_end_a_stay(tolerations: list[Json]) -> None:
    """The taint manager takes the shortest of the terms of all tolerations that mean the taint."""
    terms = [
        one.get("tolerationSeconds") for one in tolerations if tolerates([{**one, "tolerationSeconds": None}], TAINT)
    ]
    shortest = min((term for term in terms if term is not None), default=None)
    assert tolerates(tolerations, TAINT) is (bool(terms) and (shortest is None or shortest > 0))
    assert (stays(tolerations, TAINT) == FOR_GOOD) is (bool(terms) and shortest is None)


def test_who_has_no_tolerations_leaves() -> None:
    assert not tolerates(None, TAINT) and not tolerates([], TAINT)
