"""Refusals of the API server and the Status bodies that carry them, in the words of a real kube-apiserver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from console.sandbox.apiserver.resources import Resource


class ApiError(Exception):
    """A request that ends with a Status of failure."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.metadata = metadata or {}

    def status(self) -> dict[str, Any]:
        """The Status object that answers the request."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": self.code,
        }
        return {key: value for key, value in status.items() if value is not None and value != ""}


@dataclass(frozen=True, slots=True)
class Cause:
    """One broken rule of an invalid object."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def as_json(self) -> dict[str, str]:
        """The entry of details.causes."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def required(field: str, detail: str = "") -> Cause:
    """A value that is missing."""
    return Cause(field, f"Required value: {detail}" if detail else "Required value", "FieldValueRequired")


def invalid_value(field: str, value: object, detail: str) -> Cause:
    """A value that breaks a rule."""
    return Cause(field, f"Invalid value: {_shown(value)}: {detail}")


def forbidden_value(field: str, detail: str) -> Cause:
    """A value that may not be set, or not any more."""
    return Cause(field, f"Forbidden: {detail}", "FieldValueForbidden")


def unsupported_value(field: str, value: object, supported: Sequence[str]) -> Cause:
    """A value outside an enumeration."""
    known = ", ".join(f'"{value}"' for value in supported)
    return Cause(field, f"Unsupported value: {_shown(value)}: supported values: {known}", "FieldValueNotSupported")


def duplicate(field: str, value: object) -> Cause:
    """A value that may appear once only."""
    return Cause(field, f"Duplicate value: {_shown(value)}", "FieldValueDuplicate")


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case dict() | list():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)


def not_found(resource: Resource, name: str) -> ApiError:
    """No object of that name."""
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', details=_details(resource, name))


def unknown_path() -> ApiError:
    """No such group, version or resource."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(resource: Resource, name: str) -> ApiError:
    """A create of a name in use."""
    return ApiError(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', details=_details(resource, name))


def conflict(
    resource: Resource,
    name: str,
    why: str = "the object has been modified; please apply your changes to the latest version and try again",
) -> ApiError:
    """A write whose precondition no longer holds."""
    return ApiError(
        409, "Conflict", f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}', details=_details(resource, name)
    )


def invalid(resource: Resource, name: str, causes: Iterable[Cause]) -> ApiError:
    """An object that breaks rules of its kind."""
    found = list(causes)
    lines = [f"{cause.field}: {cause.message}" for cause in found]
    text = lines[0] if len(lines) == 1 else "[" + ", ".join(lines) + "]"
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details: dict[str, Any] = {"name": name, "group": resource.group, "kind": resource.kind}
    details["causes"] = [cause.as_json() for cause in found]
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details=_filled(details))


def unprocessable() -> ApiError:
    """A patch that does not fit the object, such as a failed `test`."""
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", details={})


def bad_request(message: str) -> ApiError:
    """A request that cannot be read."""
    return ApiError(400, "BadRequest", message)


def forbidden(resource: Resource, name: str, why: str) -> ApiError:
    """A write that a rule of the namespace refuses."""
    return ApiError(403, "Forbidden", f'{resource.qualified} "{name}" is forbidden: {why}', details=_details(resource, name))


def unauthorized() -> ApiError:
    """No token, or one that nobody has."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def expired(message: str, *, continue_token: str = "") -> ApiError:
    """A version that history no longer holds."""
    return ApiError(410, "Expired", message, metadata={"continue": continue_token} if continue_token else None)


def unsupported_media(accepted: Sequence[str]) -> ApiError:
    """A body in a format that the verb does not take."""
    listed = ", ".join(accepted)
    return ApiError(
        415, "UnsupportedMediaType", f"the body of the request was in an unknown format - accepted media types include: {listed}"
    )


def not_acceptable() -> ApiError:
    """An answer is wanted in another format than JSON."""
    return ApiError(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: application/json", details={})


def unsupported_patch() -> ApiError:
    """A patch of none of the known kinds."""
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


def too_large(limit: int) -> ApiError:
    """A body beyond the limit, in bytes."""
    return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}", details={})


def method_not_allowed() -> ApiError:
    """A verb that the resource does not have."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={})


def not_spoken(what: str) -> ApiError:
    """Something a real API server does and the embedded one does not."""
    return ApiError(501, "NotImplemented", f"the sandbox's API server does not speak {what}; use `sandbox --real` for it", details={})


def internal(message: str) -> ApiError:
    """A request the server failed on."""
    return ApiError(
        500,
        "InternalError",
        f"Internal error occurred: {message}",
        details={"causes": [{"message": message}]},
    )


def _details(resource: Resource, name: str) -> dict[str, Any]:
    return _filled({"name": name, "group": resource.group, "kind": resource.plural})


def _filled(details: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in details.items() if value}
