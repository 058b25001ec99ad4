"""Do secrets stay out of texts, whole and in pieces."""

from __future__ import annotations

import pytest

from simian_army.notices.masking import masking


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach slack://tokenA123/tokenB456/tokenC789",
        "404 for https://hooks.example/tokenB456",
        "user ann with p@ss-word1 was refused",
        "user ann with p%40ss-word1 was refused",
    ],
)
def test_a_url_is_hidden_whole_and_in_pieces(text: str) -> None:
    mask = masking({"urls": ["slack://tokenA123/tokenB456/tokenC789", "mailto://ann:p%40ss-word1@mail"]})
    shown = mask(text)
    for secret in ("tokenA123", "tokenB456", "tokenC789", "p@ss-word1", "p%40ss-word1"):
        assert secret not in shown
    assert "***" in shown


def test_other_words_stay() -> None:
    assert masking({"urls": ["slack://tokenA123/"]})("no answer within 10 s") == "no answer within 10 s"
    assert masking("", {}, [])("anything") == "anything"
