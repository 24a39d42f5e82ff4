"""Documents on their way in: decoded, and checked against the place they were sent to."""

from __future__ import annotations

import msgspec

from console.sandbox.apiserver.decode import DecodeError, Decoder
from console.sandbox.apiserver.errors import ApiError, Cause, bad_request, conflict
from console.sandbox.apiserver.resources import LEASES, Key, Object, Resource
from console.sandbox.apiserver.schema import Type, of
from console.sandbox.apiserver.store import Stored
from console.sandbox.apiserver.writes import Deletion, Write


def type_of(resource: Resource) -> Type:
    """The type of a resource's objects."""
    return of(resource.group, resource.version, resource.kind)


def read_document(resource: Resource, document: Object, write: Write) -> tuple[Object, tuple[str, ...]]:
    """The body of a whole object, and the fields that its kind does not have."""
    decoder = Decoder()
    try:
        body = decoder.read(document, type_of(resource))
    except DecodeError as error:
        raise _unreadable(resource, document, str(error), write) from error
    if decoder.unknown and write.strict:
        named = ", ".join(f'unknown field "{field}"' for field in (sorted(decoder.unknown) if write.patched else decoder.unknown))
        raise _unreadable(resource, document, f"strict decoding error: {named}", write)
    return _without_kind(body), tuple(decoder.unknown)


def read_config(resource: Resource, config: Object, key: Key) -> Object:
    """The body of an applied configuration, which holds only what its manager wants to own."""
    if not config.get("apiVersion") or not config.get("kind"):
        raise bad_request(f"invalid object type: {config.get('apiVersion', '/')}, Kind={config.get('kind', '')}")
    decoder = Decoder(complete=False)
    try:
        body = decoder.read(config, type_of(resource))
    except DecodeError as error:
        raise bad_request(str(error)) from error
    if decoder.unknown:
        raise untyped(resource, config, f".{decoder.unknown[0]}: field not declared in schema")
    metadata = body.get("metadata", {})
    if metadata.get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    check_place(key, metadata)
    return _without_kind(body)


def check_place(key: Key, metadata: Object) -> None:
    """Refuse a document whose name or namespace is not the one in the URL."""
    namespace, name = key
    if metadata.get("name", name) != name:
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")
    if metadata.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


def check_identity(resource: Resource, live: Stored, metadata: Object) -> None:
    """Refuse a document that speaks of another object or another version than the live one."""
    check_place(live.key, metadata)
    name = live.key[1]
    if metadata.get("uid", live.uid) != live.uid:
        raise conflict(resource, name, f"Precondition failed: UID in precondition: {metadata['uid']}, UID in object meta: {live.uid}")
    version = metadata.get("resourceVersion")
    if version is None and resource is LEASES:
        raise _version_needed(resource, name)
    if version not in (None, str(live.revision)):
        raise conflict(resource, name)


def check_preconditions(live: Stored, deletion: Deletion) -> None:
    """Refuse a deletion that was meant for another object or version."""
    if deletion.uid not in ("", live.uid):
        raise _precondition_failed(
            live,
            f"the UID in the precondition ({deletion.uid}) does not match the UID in record ({live.uid}). "
            "The object might have been deleted and then recreated",
        )
    if deletion.resource_version not in ("", str(live.revision)):
        raise _precondition_failed(
            live,
            f"the ResourceVersion in the precondition ({deletion.resource_version}) does not match the ResourceVersion in record "
            f"({live.revision}). The object might have been modified",
        )


def _without_kind(body: Object) -> Object:
    for field in ("apiVersion", "kind"):
        body.pop(field, None)
    return body


def _unreadable(resource: Resource, document: Object, why: str, write: Write) -> ApiError:
    """The refusal of a document that is no object of its kind: 400 for one that was sent, 422 for one that a patch made."""
    if not write.patched:
        return bad_request(f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: {why}')
    shown = msgspec.json.encode(msgspec.json.encode(document).decode()).decode()
    cause = Cause("patch", f"Invalid value: {shown}: {why}")
    return ApiError(422, "Invalid", f' "" is invalid: patch: {cause.message}', details={"causes": [cause.as_json()]})


def untyped(resource: Resource, config: Object, why: str) -> ApiError:
    """The refusal of a configuration that cannot be merged by type; a real server calls it an error of its own."""
    group = f"{resource.group}/{resource.version}" if resource.group else f"/{resource.version}"
    metadata = config.get("metadata") or {}
    where = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {group}, Kind={resource.kind}"
    return ApiError(500, "", f"failed to create typed patch object ({where}): {why}")


def _version_needed(resource: Resource, name: str) -> ApiError:
    cause = Cause("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")
    details = {"name": name, "group": resource.group, "kind": resource.plural, "causes": [cause.as_json()]}
    return ApiError(422, "Invalid", f'{resource.qualified} "{name}" is invalid: {cause.field}: {cause.message}', details=details)


def _precondition_failed(live: Stored, why: str) -> ApiError:
    """A delete names the kind where other conflicts name the resource."""
    resource, name = live.resource, live.key[1]
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details = {"name": name, "group": resource.group, "kind": resource.kind}
    message = f'Operation cannot be fulfilled on {kind} "{name}": {why}'
    return ApiError(409, "Conflict", message, details={key: value for key, value in details.items() if value})
