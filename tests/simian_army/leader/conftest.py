"""What the tests of leases ask for by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cluster.telling import teller


@pytest.fixture
def tell(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Says what was measured, past pytest's capture."""
    say = teller(pytestconfig)
    return lambda text: say(f"{request.node.nodeid.rpartition('/')[2].partition('::test')[0]}: {text}")
