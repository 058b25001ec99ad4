"""What may be asked of a toxiproxy is looked at before, since the server looks at nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simian_army.errors import Refused
from simian_army.targets.proxies.arguments import differences, vetted

GOOD: dict[str, Any] = {"type": "latency", "attributes": {"latency": 5}}


def test_what_is_not_said_is_as_the_server_would_have_it() -> None:
    assert vetted(GOOD) == {
        "type": "latency",
        "stream": "downstream",
        "toxicity": 1.0,
        "attributes": {"latency": 5, "jitter": 0},
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "wish"}, "no toxic type is called 'wish'; known: bandwidth, latency"),
        ({"type": ["latency"]}, "no toxic type"),
        ({"stream": "sideways"}, "stream is 'sideways'; allowed: upstream or downstream"),
        ({"stream": "UPSTREAM"}, "stream is 'UPSTREAM'"),
        ({"stream": ["upstream"]}, "stream is"),
        ({"toxicity": 7}, "toxicity is 7; allowed: a number from 0 to 1"),
        ({"toxicity": -0.1}, "toxicity is"),
        ({"toxicity": float("nan")}, "toxicity is nan"),
        ({"toxicity": True}, "toxicity is True"),
        ({"toxicity": "1"}, "toxicity is '1'"),
        ({"attributes": {"latency": -1}}, "latency is -1; allowed: a whole number from 0 to 3600000"),
        ({"attributes": {"latency": 3_600_001}}, "latency is 3600001"),
        ({"attributes": {"latency": 1.5}}, "latency is 1.5"),
        ({"attributes": {"latency": True}}, "latency is True"),
        ({"attributes": {"latency": "5"}}, "latency is '5'"),
        ({"attributes": {"latency": None}}, "latency is None"),
        ({"attributes": {"delay": 5}}, "a latency toxic has no attribute delay; known: latency, jitter"),
        ({"attributes": [5]}, "a mapping of latency, jitter"),
        ({"name": "x"}, "not name"),
    ],
)
def test_what_nobody_can_mean_is_refused_with_what_is_allowed(change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        vetted({**GOOD, **change})


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["type", "stream", "toxicity", "attributes", "name"]), json))
def test_whatever_is_asked_it_is_taken_or_refused(toxic: dict[str, Any]) -> None:
    try:
        taken = vetted(toxic)
    except Refused:
        return
    assert 0 <= taken["toxicity"] <= 1
    assert all(isinstance(value, int) and value >= 0 for value in taken["attributes"].values())


def test_what_the_server_made_is_compared_with_what_was_asked() -> None:
    asked = vetted({**GOOD, "toxicity": 0.123456789})
    there = {**asked, "name": "any", "toxicity": 0.12345679}
    assert differences(asked, there) == ""
    assert "latency': 0" in differences(asked, {**there, "attributes": {"latency": 0, "jitter": 0}})
    assert "toxicity 1 instead of" in differences(asked, {**there, "toxicity": 1})
    assert "toxicity None" in differences(asked, {**there, "toxicity": None})
    assert "toxicity nan" in differences(asked, {**there, "toxicity": float("nan")})
    assert "stream 'upstream' instead of 'downstream'" in differences(asked, {**there, "stream": "upstream"})
    assert "type 'timeout'" in differences(asked, {**there, "type": "timeout"})
