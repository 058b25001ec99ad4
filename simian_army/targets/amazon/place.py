"""Which AWS accounts and regions are meant, and how to speak with them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Accounts and regions of one fleet.

    ``accounts`` is the allow-list, checked by ``sts:GetCallerIdentity`` before anything else is asked; empty means the
    account of the credentials, whichever it is. ``role`` is assumed in each account (``{account}`` in it is replaced,
    ``external_id`` is sent along); empty means the credentials as they are, which then must be of the one account.
    ``profile`` names a profile of the user's own AWS configuration. ``endpoint`` overrides every service's URL.
    ``scheduler_role`` is what EventBridge Scheduler assumes to start a stopped instance, empty when it may not
    (``{account}`` as in ``role``). ``group_tag`` is the tag whose value groups instances outside Auto Scaling Groups.
    With ``embedded`` fake credentials are sent, and neither profiles nor the environment are read. ``connect`` and
    ``timeout`` are seconds for each request, ``page_size`` objects a page. ``min_size`` tells that a group's MinSize
    has a word on how few it may have. ``fleet`` and ``key`` are those of the marks.
    """

    regions: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    role: str = ""
    external_id: str = ""
    scheduler_role: str = ""
    profile: str = ""
    endpoint: str = ""
    embedded: bool = False
    group_tag: str = "simian-army/group"
    page_size: int = 200
    connect: float = 3.0
    timeout: float = 10.0
    min_size: bool = True
    fleet: str = ""
    key: bytes = field(default=b"", repr=False)
