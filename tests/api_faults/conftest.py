"""The stages, each made once and used again by every life on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from simian_army.undertaker import service
from tests.api_faults import sites
from tests.api_faults.stage import Stage


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stage]]:
    """The stage of a kind; one is open at a time, for moto lives once in a process.

    One on which a test failed is used no more: what was left there would make the next ones red.
    """
    closing, now = ExitStack(), list[Stage]()

    def of(kind: str) -> Stage:
        if not (now and now[0].kind.name == kind and now[0].sound):
            closing.close()
            now[:] = [closing.enter_context(sites.stage(kind, tmp_path_factory.mktemp(kind)))]
        now[0].sound = False
        return now[0]

    with pytest.MonkeyPatch.context() as patch, closing:
        patch.setattr(service, "BEAT", 0.1)  # every life waits for two of them
        yield of
