"""Strategic merge patch: lists merge by the keys of their type, with the `$patch`, `$retainKeys`, `$setElementOrder/` and
`$deleteFromPrimitiveList/` directives that kubectl sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from console.sandbox.apiserver.errors import bad_request
from console.sandbox.apiserver.schema import ANY, Type

DIRECTIVE: Final = "$patch"
RETAIN: Final = "$retainKeys"
ORDER: Final = "$setElementOrder/"
DELETE: Final = "$deleteFromPrimitiveList/"


def apply_strategic(document: Any, patch: Mapping[str, Any], kind: Type) -> Any:
    """Merge a patch into a map of the given type; the document may be changed."""
    match patch.get(DIRECTIVE):
        case "replace":
            return _without_directives(patch)
        case "delete":
            return {}
        case None | "merge":
            pass
        case other:
            raise bad_request(f"unknown {DIRECTIVE} type {other!r}")
    result: dict[str, Any] = document if isinstance(document, dict) else {}
    if RETAIN in patch:
        kept = _list_of(patch, RETAIN)
        result = {key: value for key, value in result.items() if key in kept}
    for key, value in patch.items():
        if not key.startswith("$"):
            order = _list_of(patch, ORDER + key) if ORDER + key in patch else None
            _merge_field(result, key, value, kind.child(key) or ANY, order)
    for key in patch:
        if key.startswith(DELETE):
            _delete_scalars(result, key.removeprefix(DELETE), _list_of(patch, key))
        elif key.startswith(ORDER) and key.removeprefix(ORDER) not in patch:
            field = key.removeprefix(ORDER)
            _merge_field(result, field, [], kind.child(field) or ANY, _list_of(patch, key))
    return result


def _list_of(patch: Mapping[str, Any], key: str) -> list[Any]:
    value = patch[key]
    if not isinstance(value, list):
        raise bad_request(f"{key} in the patch is not a list")
    return value


def _merge_field(result: dict[str, Any], key: str, value: Any, kind: Type, order: list[Any] | None) -> None:
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        result[key] = apply_strategic(result.get(key), value, kind)
    elif isinstance(value, list) and "merge" in kind.strategy:
        found = result.get(key)
        existing = found if isinstance(found, list) else []
        merged = _merge_list(existing, value, kind)
        result[key] = _in_order(merged, existing, value if order is None else order, kind.merge_key)
    elif isinstance(value, list):
        result[key] = [_without_directives(each) for each in value]
    else:
        result[key] = value


def _merge_list(existing: list[Any], patch: list[Any], kind: Type) -> list[Any]:
    if not kind.merge_key:
        return existing + [value for value in patch if value not in existing]
    if any(isinstance(each, dict) and each.get(DIRECTIVE) == "replace" and len(each) == 1 for each in patch):
        return [_without_directives(each) for each in patch if not (isinstance(each, dict) and DIRECTIVE in each)]
    merged = list(existing)
    for each in patch:
        _merge_element(merged, each, kind)
    return merged


def _merge_element(merged: list[Any], each: Any, kind: Type) -> None:
    key = kind.merge_key
    if not isinstance(each, dict) or key not in each:
        raise bad_request(f"map: {each} does not contain declared merge key: {key}")
    places = [index for index, element in enumerate(merged) if _identity(element, key) == _identity(each, key)]
    if each.get(DIRECTIVE) == "delete":
        for index in reversed(places):
            del merged[index]
    elif places:
        merged[places[0]] = apply_strategic(merged[places[0]], each, kind.element or ANY)
    else:
        merged.append(apply_strategic({}, each, kind.element or ANY))


def _delete_scalars(result: dict[str, Any], key: str, values: list[Any]) -> None:
    if isinstance(result.get(key), list):
        result[key] = [value for value in result[key] if value not in values]


def _identity(element: Any, merge_key: str) -> bytes:
    """What makes an element the same as another: its key, or itself."""
    return msgspec.json.encode(element.get(merge_key) if merge_key and isinstance(element, dict) else element)


def _in_order(merged: list[Any], existing: list[Any], order: list[Any], merge_key: str) -> list[Any]:
    """The patch's elements in its order, the others in theirs; between the two the live list decides where it knows both."""
    places = {_identity(element, merge_key): place for place, element in enumerate(existing)}
    named = {_identity(element, merge_key): place for place, element in enumerate(order)}
    keyed = [(_identity(element, merge_key), element) for element in merged]
    left = [each for each in keyed if each[0] not in named]
    right = sorted((each for each in keyed if each[0] in named), key=lambda each: named[each[0]])
    result: list[Any] = []
    while left and right:
        before, after = places.get(left[0][0]), places.get(right[0][0])
        result.append((left if before is not None and after is not None and before < after else right).pop(0)[1])
    return result + [element for _, element in left + right]


def _without_directives(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_directives(each) for key, each in value.items() if not key.startswith("$") and each is not None}
        case list():
            return [_without_directives(each) for each in value]
        case _:
            return value
