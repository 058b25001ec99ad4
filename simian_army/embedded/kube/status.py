"""What the API server says when it says no: Kubernetes Status objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simian_army.errors import SimianError

if TYPE_CHECKING:
    from simian_army.embedded.kube.resources import Resource

Json = dict[str, Any]

REJECTED = "the server rejected our request due to an error in our request"
NOT_FOUND = "the server could not find the requested resource"


class Problem(SimianError):
    """A request that is answered with a Status object; ``code`` is the HTTP status."""

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None, token: str = "") -> None:
        self.code = code
        self.reason = reason
        self.details = details
        self.token = token
        super().__init__(message)

    def status(self) -> Json:
        """The Status object, as the real API server words it."""
        body: Json = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": str(self)}
        body["reason"] = self.reason
        if self.token:
            body["metadata"] = {"continue": self.token}
        if self.details is not None:
            body["details"] = self.details
        return {**body, "code": self.code}


def _details(resource: Resource, name: str) -> Json:
    details = {"name": name, "kind": resource.plural}
    return {**details, "group": resource.group} if resource.group else details


def bad_request(message: str) -> Problem:
    """400: the request makes no sense, or asks for what this server does not know."""
    return Problem(400, "BadRequest", message)


def unknown_path() -> Problem:
    """404: no such resource."""
    return Problem(404, "NotFound", NOT_FOUND, {})


def not_found(resource: Resource, name: str) -> Problem:
    """404: no such object."""
    return Problem(404, "NotFound", f'{resource.id} "{name}" not found', _details(resource, name))


def already_exists(resource: Resource, name: str) -> Problem:
    """409: the name is taken."""
    return Problem(409, "AlreadyExists", f'{resource.id} "{name}" already exists', _details(resource, name))


def conflict(resource: Resource, name: str, why: str = "") -> Problem:
    """409: the object is not the one, or not the version, that was meant."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {resource.id} "{name}": {why}'
    return Problem(409, "Conflict", message, _details(resource, name))


def invalid(resource: Resource, name: str, field: str, why: str) -> Problem:
    """422: the object breaks a rule; ``field`` is the path of what is wrong."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    reason = "FieldValueRequired" if why.startswith("Required") else "FieldValueInvalid"
    cause = {"reason": reason, "message": why, "field": field}
    details: Json = {"name": name, "kind": resource.kind, "causes": [cause]}
    if resource.group:
        details["group"] = resource.group
    return Problem(422, "Invalid", f'{kind} "{name}" is invalid: {field}: {why}', details)


def rejected() -> Problem:
    """422: a JSON patch that does not apply, its ``test`` operations included."""
    return Problem(422, "Invalid", REJECTED, {})


def forbidden(resource: Resource, name: str, why: str) -> Problem:
    """403: not now."""
    return Problem(403, "Forbidden", f'{resource.id} "{name}" is forbidden: {why}', _details(resource, name))


def expired(message: str, token: str = "") -> Problem:
    """410: the asked version is no longer remembered; ``token`` continues on what is there now."""
    return Problem(410, "Expired", message, None, token)


def method_not_allowed() -> Problem:
    """405: the resource has no such verb."""
    return Problem(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def unsupported_media(message: str) -> Problem:
    """415: a body in a form this server does not read."""
    return Problem(415, "UnsupportedMediaType", message, {})


def not_acceptable(message: str) -> Problem:
    """406: an answer was asked in a form this server does not write."""
    return Problem(406, "NotAcceptable", message, {})


def success(resource: Resource, name: str, uid: str) -> Json:
    """The Status that tells that an object was deleted."""
    details = {**_details(resource, name), "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
