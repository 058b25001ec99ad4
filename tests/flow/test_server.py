"""Is a context refused that leads to another API server than config names, before anything is done."""

from __future__ import annotations

import pytest

from simian_army.errors import ConfigError
from tests.flow.ground import Ground


def say(shop: Ground, server: str) -> None:
    shop.write()
    text = shop.config.read_text().replace("context: here,", f'context: here, server: "{server}",')
    shop.config.write_text(text)


def test_the_server_of_the_context_is_taken_as_config_names_it(shop: Ground) -> None:
    say(shop, shop.server.url.replace("http", "HTTP") + "/")
    with shop.house() as house:
        entry = house.entries["pods"]
        assert house.engine.fire(entry, house.books.clock.now()).taken


def test_another_server_is_a_mistake_that_names_both(shop: Ground) -> None:
    say(shop, "https://shop-eu.example:6443")
    with pytest.raises(ConfigError) as caught, shop.house():
        raise AssertionError("nothing is built")
    (mistake,) = caught.value.mistakes
    assert mistake.path == "platforms.kubernetes.server"
    assert mistake.message == (f"context here leads to {shop.server.url}, the config says https://shop-eu.example:6443")
    assert mistake.line == 6
    assert shop.writes() == []
