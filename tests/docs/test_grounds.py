"""Is a real part told only of those kinds that a test fires there."""

from __future__ import annotations

import pytest

from tests.docs.grounds import fires
from tests.e2e.test_faults_real import test_a_zone_goes_out_and_comes_back as by_a_helper
from tests.e2e.test_real_node import test_a_killed_container_is_started_anew_in_its_pod as at_once
from tests.targets.kube.test_execution import test_check_names_the_faults_that_are_off as only_named


@pytest.mark.parametrize(("test", "told"), [(at_once, True), (by_a_helper, True), (only_named, False)])
def test_a_test_that_only_names_a_kind_tries_nothing(test: object, *, told: bool) -> None:
    assert fires(test) is told  # type: ignore[arg-type]
