"""What a bad answer of AWS means, and who can help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simian_army.errors import Forbidden, Gone, PlatformError, Refused, SimianError, Unknown

if TYPE_CHECKING:
    from simian_army.targets.amazon.call import Call

_SEEN = 400
_PERHAPS = "it may have happened"

FORBIDDEN = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
STALE = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
GONE = frozenset({"InvalidInstanceID.NotFound", "ResourceNotFoundException"})
_GONE_WORDS = ("AutoScalingGroup name not found", "Instance Id not found", "No managed instance found")
# some of these come with a status of 5xx: the code says what the status does not
REFUSED = frozenset(
    {
        "EC2ThrottledException",
        "IncorrectInstanceState",
        "InsufficientInstanceCapacity",
        "InstanceLimitExceeded",
        "OperationNotPermitted",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ResourceContention",
        "ResourceInUse",
        "ScalingActivityInProgress",
        "TagLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnsupportedOperation",
    }
)


class WouldDo(PlatformError):
    """A request with DryRun: it would have been done, and was not."""


def error_of(call: Call, error: Exception) -> SimianError:
    """The error that what botocore raised means."""
    from botocore.exceptions import ClientError
    from botocore.parsers import ResponseParserError

    if isinstance(error, SimianError):
        return error  # from within: the credentials could not be renewed, so nothing was sent
    if isinstance(error, ClientError):
        return _said(call, error.response, error.operation_name)
    if isinstance(error, ResponseParserError):
        return strange(call, _short(error))
    return _unsent(call, error) or _silence(call, error)


def strange(call: Call, why: str) -> SimianError:
    """The error for an answer that AWS does not give."""
    text = f"{call}: not an answer of AWS: {why}; is the endpoint right, and does a proxy stand between?"
    return Unknown(f"{text} {_PERHAPS}") if call.act else PlatformError(text)


def _unsent(call: Call, error: Exception) -> SimianError | None:
    from botocore import exceptions as b

    if isinstance(error, _credentials(b)):
        fix = "log in again, or name a profile in platforms.aws.profile (or give the agent a role)"
        return Forbidden(f"{call}: no usable credentials ({_short(error)}): {fix}")
    if isinstance(error, b.EndpointConnectionError | b.ConnectTimeoutError | b.ProxyConnectionError | b.SSLError):
        return PlatformError(f"{call}: cannot be reached ({_short(error)}); are region, network and endpoint right?")
    if isinstance(error, b.ParamValidationError | b.EndpointProviderError | b.BaseEndpointResolverError):
        return PlatformError(f"{call}: not sent: {_short(error)}")
    return None


def _credentials(b: Any) -> tuple[type[Exception], ...]:
    return (
        b.NoCredentialsError,
        b.PartialCredentialsError,
        b.CredentialRetrievalError,
        b.TokenRetrievalError,
        b.NoAuthTokenError,
        b.SSOError,
        b.UnknownCredentialError,
        b.InvalidConfigError,
        b.MetadataRetrievalError,
    )


def _silence(call: Call, error: Exception) -> SimianError:
    if call.act:
        return Unknown(f"{call}: sent, but no answer came ({_short(error)}); {_PERHAPS}")
    return PlatformError(f"{call}: no answer ({type(error).__name__}: {_short(error)})")


def _said(call: Call, response: Any, operation: str) -> SimianError:
    said = _part(response, "Error")
    code, message = str(said.get("Code", "")), str(said.get("Message", ""))[:_SEEN]
    status = _part(response, "ResponseMetadata").get("HTTPStatusCode")
    text = f"{call}: {code or status}: {message}"
    if code == "DryRunOperation":
        return WouldDo(text)
    if code in FORBIDDEN:
        action = call.action if operation == call.operation else f"sts:{operation}"
        return Forbidden(f"{text}; allow it: add the action {action} to the IAM policy of the agent's identity")
    if code in STALE:
        fix = "renew the credentials; if they are fresh: is the region enabled in the account, and this clock right?"
        return Forbidden(f"{text}; {fix}")
    if code in GONE or any(words in message for words in _GONE_WORDS):
        return Gone(text)
    return _act(text, code, status) if call.act else PlatformError(text)


def _act(text: str, code: str, status: object) -> SimianError:
    if code in REFUSED:
        return Refused(text)
    # AWS turned it down; 408 alone among these says that it was not understood in time
    if isinstance(status, int) and 400 <= status < 500 and status != 408:
        return Refused(text)
    return Unknown(f"{text}; {_PERHAPS}")


def _part(response: Any, name: str) -> dict[str, Any]:
    part = response.get(name) if isinstance(response, dict) else None
    return part if isinstance(part, dict) else {}


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= _SEEN else f"{text[:_SEEN]}..."
