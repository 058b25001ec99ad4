"""To whom by URL: the built-in notifier, which speaks to chats, mail, pagers and web hooks alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from simian_army.errors import PlatformError
from simian_army.notice import Notice

SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}://\S+")


class ByUrl:
    """Sends to each of ``urls``, in the words of apprise (``slack://...``, ``mailto://...``, ``json://...``).

    The same notice again goes only to those that have not taken it. Redirects are not followed.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        """Take the URLs; which services they name is looked up when they are first needed, for that takes a second.

        Raises:
            ValueError: what is given is no list of URLs.
        """
        if not isinstance(urls, list | tuple) or not urls or not all(isinstance(url, str) for url in urls):
            raise ValueError('urls: write a list, for instance urls: ["${env:SLACK_URL}"]')
        wrong = [str(number) for number, url in enumerate(urls) if not SCHEME.fullmatch(url)]
        if wrong:
            raise ValueError(f"urls[{wrong[0]}] is no URL (what it is is not shown): write for instance slack://...")
        self._urls = tuple(urls)
        self._services: list[Any] | None = None
        self._last: Notice | None = None
        self._taken: set[int] = set()

    def __repr__(self) -> str:
        """How many, and nothing of what they say."""
        return f"ByUrl({len(self._urls)} urls)"

    def wrong(self) -> list[tuple[str, str, str]]:
        """Which of the URLs name no service."""
        hint = "write one that apprise knows; its documentation lists them"
        message = "names no service, or lacks a part that the service needs (what it is is not shown)"
        return [(f"urls[{n}]", message, hint) for n, service in enumerate(self._all()) if service is None]

    def send(self, notice: Notice) -> None:
        """Send it to each.

        Raises:
            PlatformError: some did not take it; the text says which.
        """
        if notice is not self._last:
            self._last, self._taken = notice, set()
        services = self._all()
        for number, service in enumerate(services):
            if number not in self._taken and service is not None and _take(service, notice):
                self._taken.add(number)
        left = [f"urls[{number}]" for number in range(len(services)) if number not in self._taken]
        if left:
            raise PlatformError(f"not taken by {', '.join(left)}: check that the URL is right and the service answers")

    def _all(self) -> list[Any]:
        """One apprise object a URL; None for one that names no service."""
        if self._services is None:
            self._services = [_service(url) for url in self._urls]
        return self._services


def _service(url: str) -> Any:
    import logging

    from apprise import Apprise, AppriseAsset
    from apprise.common import PersistentStoreMode

    logging.getLogger("apprise").disabled = True  # what failed is told by us, without a word of the URL
    asset = AppriseAsset(storage_mode=PersistentStoreMode.MEMORY, image_path_mask=False, allow_templates=False)
    asset.app_id, asset.app_desc, asset.app_url = "Simian Army", "chaos engineering agent", ""
    asset.image_url_mask, asset.image_url_logo = "", ""
    asset.http_redirects = False
    asset.async_mode = False
    made = Apprise(asset=asset)
    return made if made.add(url) and len(made) == 1 else None


def _take(service: Any, notice: Notice) -> bool:
    from apprise import NotifyFormat, NotifyType

    kinds = {"error": NotifyType.FAILURE, "warning": NotifyType.WARNING}
    kind = kinds.get(notice.severity, NotifyType.INFO)
    return bool(service.notify(body=notice.body, title=notice.title, notify_type=kind, body_format=NotifyFormat.TEXT))
