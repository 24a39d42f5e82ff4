"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386) as the API server applies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.sandbox.apiserver.errors import ApiError, bad_request, unprocessable
from console.sandbox.apiserver.resources import Object

MOST_OPERATIONS: Final = 10_000

_MISSING: Final = object()


def apply_json_patch(document: Object, patch: object) -> Object:
    """Apply every operation in order to a document that may be changed; one that does not fit refuses all with 422."""
    if not isinstance(patch, list) or not all(isinstance(operation, dict) for operation in patch):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")
    if len(patch) > MOST_OPERATIONS:
        raise ApiError(
            413, "RequestEntityTooLarge", f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(patch)}"
        )
    root: dict[str, Any] = {"": document}
    for operation in patch:
        _apply_one(root, operation)
    result = root[""]
    if not isinstance(result, dict):
        raise unprocessable()
    return result


def _apply_one(root: dict[str, Any], operation: Mapping[str, Any]) -> None:
    path = _pointer(operation.get("path"))
    match operation.get("op"):
        case "add":
            _add(root, path, operation.get("value"))
        case "replace":
            _replace(root, path, operation.get("value"))
        case "remove":
            _take(root, path)
        case "test":
            _test(root, path, operation.get("value"))
        case "copy":
            _add(root, path, _copied(_look(root, _pointer(operation.get("from")))))
        case "move":
            _add(root, path, _take(root, _pointer(operation.get("from"))))
        case _:
            raise unprocessable()


def _pointer(text: object) -> list[str]:
    """The steps of a JSON pointer, beginning with '' for the document itself."""
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise unprocessable()
    return [step.replace("~1", "/").replace("~0", "~") for step in text.split("/")]


def _test(root: dict[str, Any], path: list[str], wanted: object) -> None:
    try:
        found = _look(root, path)
    except ApiError:
        if wanted is None:
            return
        raise
    if not same_json(found, wanted):
        raise unprocessable()


def same_json(left: object, right: object) -> bool:
    """Equality of JSON values: true is not 1."""
    match left, right:
        case (bool(), _) | (_, bool()):
            return left is right
        case dict(), dict():
            return left.keys() == right.keys() and all(same_json(value, right[key]) for key, value in left.items())
        case list(), list():
            return len(left) == len(right) and all(map(same_json, left, right))
        case _:
            return left == right


def _look(root: dict[str, Any], path: Sequence[str]) -> Any:
    value: Any = root
    for step in path:
        value = _child(value, step)
        if value is _MISSING:
            raise unprocessable()
    return value


def _child(parent: Any, step: str) -> Any:
    match parent:
        case dict():
            return parent.get(step, _MISSING)
        case list():
            index = _index(step, len(parent) - 1)
            return parent[index]
        case _:
            return _MISSING


def _index(step: str, highest: int) -> int:
    if not step.isdecimal() or int(step) > highest:
        raise unprocessable()
    return int(step)


def _add(root: dict[str, Any], path: list[str], value: object) -> None:
    parent = _look(root, path[:-1])
    match parent:
        case dict():
            parent[path[-1]] = value
        case list():
            parent.insert(len(parent) if path[-1] == "-" else _index(path[-1], len(parent)), value)
        case _:
            raise unprocessable()


def _replace(root: dict[str, Any], path: list[str], value: object) -> None:
    """Unlike RFC 6902, an absent key of an object is added: so the real server's library does it."""
    parent = _look(root, path[:-1])
    match parent:
        case dict():
            parent[path[-1]] = value
        case list():
            parent[_index(path[-1], len(parent) - 1)] = value
        case _:
            raise unprocessable()


def _take(root: dict[str, Any], path: list[str]) -> Any:
    parent = _look(root, path[:-1])
    match parent:
        case dict() if path[-1] in parent:
            return parent.pop(path[-1])
        case list():
            return parent.pop(_index(path[-1], len(parent) - 1))
        case _:
            raise unprocessable()


def _copied(value: Any) -> Any:
    match value:
        case dict():
            return {key: _copied(each) for key, each in value.items()}
        case list():
            return [_copied(each) for each in value]
        case _:
            return value


def apply_merge_patch(document: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, everything else replaces. The document may be changed."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(document, dict):
        document = {}
    for key, value in patch.items():
        if value is None:
            document.pop(key, None)
        elif isinstance(value, dict):
            document[key] = apply_merge_patch(document.get(key), value)
        else:
            document[key] = value
    return document
