"""Does a reason name some, and of more say how many there are: not that there are none more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from safety.behind import Behind
from simian_army.model import Verdict
from tests.safety import test_behind, test_line, test_stuck
from tests.safety.scenes import node, pod, scene


def behind(many: int) -> Verdict:
    port = test_behind.Asked({test_behind.POLICY: test_behind.WEB})
    return Behind(port)(scene(node(), reach=[pod(f"p{n}", test_behind.WEB) for n in range(many)]))


def line(many: int) -> Verdict:
    return test_line.ask(*(test_line.bad(target=f"uid-{n}") for n in range(many)))


def stuck(many: int) -> Verdict:
    return test_stuck.ask(*(test_stuck.stuck(target=f"uid-{n}") for n in range(many)), most=100)


@pytest.mark.parametrize(
    ("ask", "most", "word"), [(behind, 10, "is behind"), (line, 5, "is stopped since"), (stuck, 5, "stuck since")]
)
def test_some_are_named_and_of_more_their_number_is_told(ask: Callable[[int], Verdict], most: int, word: str) -> None:
    assert ask(most).reason.count(word) == most
    assert " more" not in ask(most).reason
    assert ask(most + 1).reason.count(word) == most
    assert "; and 1 more" in ask(most + 1).reason
