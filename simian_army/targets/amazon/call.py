"""One request to AWS, as data, and how it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simian_army.targets.amazon.answers import error_of, strange


@dataclass(frozen=True, slots=True)
class Call:
    """``operation`` is the API's (``StopInstances``), ``where`` is account/region, ``host`` the URL for messages.

    An ``act`` may change something: it is sent once, and when no answer comes nobody knows whether it did.
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    act: bool = False
    where: str = ""
    host: str = ""

    @property
    def action(self) -> str:
        """``ec2:StopInstances``, as IAM writes it."""
        return f"{self.service}:{self.operation}"

    def __str__(self) -> str:
        """How messages name it."""
        return f"{self.host}: {self.action} in {self.where}" if self.where else f"{self.host}: {self.action}"


def send(client: Any, call: Call) -> dict[str, Any]:
    """The answer to one request.

    Raises:
        PlatformError and its kinds, Refused: as ``answers.error_of`` tells.
    """
    from botocore import xform_name

    try:
        answer = getattr(client, xform_name(call.operation))(**call.params)
    except Exception as error:
        # credential chains and parsers let through whatever breaks in them: each becomes one of ours
        raise error_of(call, error) from error
    return _of_aws(call, answer)


def pages(client: Any, call: Call, key: str, size: int) -> Iterator[list[Any]]:
    """What stands under ``key`` on every page, to the last one.

    Raises:
        PlatformError and its kinds: the list could not be had whole.
    """
    from botocore import xform_name

    try:
        paginator = client.get_paginator(xform_name(call.operation))
        for page in paginator.paginate(**call.params, PaginationConfig={"PageSize": size}):
            found = _of_aws(call, page).get(key)
            yield found if isinstance(found, list) else []
    except Exception as error:
        raise error_of(call, error) from error


def _of_aws(call: Call, answer: Any) -> dict[str, Any]:
    """The answer, if AWS gave it: boto3 takes any page of XML with a status of 200 for one without contents."""
    about = answer.get("ResponseMetadata") if isinstance(answer, dict) else None
    if isinstance(about, dict) and about.get("RequestId"):
        return dict(answer)
    raise strange(call, "it has no request id")
