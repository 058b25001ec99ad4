from __future__ import annotations

import pytest
from botocore import exceptions as b
from botocore.parsers import ResponseParserError

from simian_army.errors import Forbidden, Gone, PlatformError, Refused, SimianError, Unknown
from simian_army.targets.amazon.answers import WouldDo, error_of
from simian_army.targets.amazon.call import Call

ACT = Call("ec2", "StopInstances", act=True, where="1/r", host="http://h")
READ = Call("ec2", "DescribeInstances", where="1/r", host="http://h")
URL = "http://h"


def said(code: str, message: str = "why", status: int = 400, operation: str = "") -> b.ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return b.ClientError(response, operation or "StopInstances")


@pytest.mark.parametrize(
    ("code", "status", "act", "read"),
    [
        ("UnauthorizedOperation", 403, Forbidden, Forbidden),
        ("AccessDenied", 403, Forbidden, Forbidden),
        ("AccessDeniedException", 400, Forbidden, Forbidden),
        ("ExpiredToken", 400, Forbidden, Forbidden),
        ("InvalidClientTokenId", 403, Forbidden, Forbidden),
        ("AuthFailure", 401, Forbidden, Forbidden),
        ("RequestExpired", 400, Forbidden, Forbidden),
        ("InvalidInstanceID.NotFound", 400, Gone, Gone),
        ("IncorrectInstanceState", 400, Refused, PlatformError),
        ("OperationNotPermitted", 400, Refused, PlatformError),
        ("UnsupportedOperation", 400, Refused, PlatformError),
        ("RequestLimitExceeded", 503, Refused, PlatformError),
        ("Throttling", 400, Refused, PlatformError),
        ("ThrottlingException", 400, Refused, PlatformError),
        ("ScalingActivityInProgress", 400, Refused, PlatformError),
        ("ResourceInUse", 400, Refused, PlatformError),
        ("InsufficientInstanceCapacity", 500, Refused, PlatformError),
        ("SomethingNew", 400, Refused, PlatformError),
        ("RequestTimeout", 408, Unknown, PlatformError),
        ("InternalError", 500, Unknown, PlatformError),
        ("Unavailable", 503, Unknown, PlatformError),
        ("", 502, Unknown, PlatformError),
        ("DryRunOperation", 412, WouldDo, WouldDo),
    ],
)
def test_each_answer_is_the_error_of_who_can_help(
    code: str, status: int, act: type[SimianError], read: type[SimianError]
) -> None:
    for call, expected in ((ACT, act), (READ, read)):
        error = error_of(call, said(code, status=status))
        assert type(error) is expected
        assert "http://h: ec2:" in str(error)
        assert "in 1/r" in str(error)


@pytest.mark.parametrize(
    "message",
    [
        "AutoScalingGroup name not found - null",
        "AutoScalingGroup name not found - AutoScalingGroup: web not found",
        "Instance Id not found - No managed instance found for instance ID: i-1",
    ],
)
def test_what_auto_scaling_calls_a_bad_value_may_mean_gone(message: str) -> None:
    assert type(error_of(ACT, said("ValidationError", message))) is Gone
    assert type(error_of(ACT, said("ValidationError", "Value at 'x' failed"))) is Refused


@pytest.mark.parametrize(
    ("error", "act", "read"),
    [
        (b.EndpointConnectionError(endpoint_url=URL), PlatformError, PlatformError),
        (b.ConnectTimeoutError(endpoint_url=URL), PlatformError, PlatformError),
        (b.ProxyConnectionError(proxy_url=URL), PlatformError, PlatformError),
        (b.SSLError(endpoint_url=URL, error="x"), PlatformError, PlatformError),
        (b.ReadTimeoutError(endpoint_url=URL), Unknown, PlatformError),
        (b.ConnectionClosedError(endpoint_url=URL), Unknown, PlatformError),
        (b.HTTPClientError(error="x"), Unknown, PlatformError),
        (ResponseParserError("<html>"), Unknown, PlatformError),
        (ValueError("x"), Unknown, PlatformError),
        (b.ParamValidationError(report="x"), PlatformError, PlatformError),
        (b.PaginationError(message="x"), Unknown, PlatformError),
        (b.NoCredentialsError(), Forbidden, Forbidden),
        (b.CredentialRetrievalError(provider="sso", error_msg="x"), Forbidden, Forbidden),
        (b.UnauthorizedSSOTokenError(), Forbidden, Forbidden),
        (RuntimeError("credentials are still expired"), Unknown, PlatformError),
    ],
)
def test_each_trouble_on_the_way_says_whether_it_may_have_happened(
    error: Exception, act: type[SimianError], read: type[SimianError]
) -> None:
    assert type(error_of(ACT, error)) is act
    assert type(error_of(READ, error)) is read
    if act is Unknown:
        assert "it may have happened" in str(error_of(ACT, error))


def test_forbidden_names_the_action_that_was_forbidden_and_its_text_stays_short() -> None:
    assert "add the action ec2:StopInstances " in str(error_of(ACT, said("UnauthorizedOperation", "x" * 5000)))
    assert len(str(error_of(ACT, said("UnauthorizedOperation", "x" * 5000)))) < 700
    assert "add the action sts:AssumeRole " in str(error_of(ACT, said("AccessDenied", operation="AssumeRole")))


def test_an_error_of_ours_from_within_stays_what_it_is() -> None:
    inner = Forbidden("the role")
    assert error_of(ACT, inner) is inner


def test_a_bad_answer_without_a_body_is_told_too() -> None:
    empty = b.ClientError({}, "StopInstances")
    assert type(error_of(ACT, empty)) is Unknown
    assert type(error_of(READ, empty)) is PlatformError
