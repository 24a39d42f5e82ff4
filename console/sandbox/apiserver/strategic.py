"""Strategic merge patch: lists merge by the keys of their type, with the `$patch`, `$retainKeys`, `$setElementOrder/` and
`$deleteFromPrimitiveList/` directives that kubectl sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

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
        result = {key: value for key, value in result.items() if key in patch[RETAIN]}
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_field(result, key, value, kind.child(key) or ANY, patch.get(ORDER + key))
    for key, value in patch.items():
        if key.startswith(DELETE):
            _delete_scalars(result, key.removeprefix(DELETE), value)
        elif key.startswith(ORDER) and key.removeprefix(ORDER) not in patch:
            _merge_field(result, key.removeprefix(ORDER), [], kind.child(key.removeprefix(ORDER)) or ANY, value)
    return result


def _merge_field(result: dict[str, Any], key: str, value: Any, kind: Type, order: list[Any] | None) -> None:
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        result[key] = apply_strategic(result.get(key), value, kind)
    elif isinstance(value, list) and "merge" in kind.strategy:
        existing = result.get(key) or []
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
    if not isinstance(each, dict) or (key not in each and each.get(DIRECTIVE) != "delete"):
        raise bad_request(f"map: {each} does not contain declared merge key: {key}")
    places = [index for index, element in enumerate(merged) if element.get(key) == each.get(key)]
    if each.get(DIRECTIVE) == "delete":
        for index in reversed(places):
            del merged[index]
    elif places:
        merged[places[0]] = apply_strategic(merged[places[0]], each, kind.element or ANY)
    else:
        merged.append(apply_strategic({}, each, kind.element or ANY))


def _delete_scalars(result: dict[str, Any], key: str, values: list[Any]) -> None:
    if key in result:
        result[key] = [value for value in result[key] if value not in values]


def _in_order(merged: list[Any], existing: list[Any], order: list[Any], merge_key: str) -> list[Any]:
    """The patch's elements in its order, the others in theirs; between the two the live list decides where it knows both."""

    def identity(element: Any) -> Any:
        return element.get(merge_key) if merge_key and isinstance(element, dict) else element

    places = {identity(element): place for place, element in enumerate(existing)}
    named = {identity(element): place for place, element in enumerate(order)}
    left = [element for element in merged if identity(element) not in named]
    right = sorted((element for element in merged if identity(element) in named), key=lambda element: named[identity(element)])
    result: list[Any] = []
    while left and right:
        before, after = places.get(identity(left[0])), places.get(identity(right[0]))
        result.append((left if before is not None and after is not None and before < after else right).pop(0))
    return result + left + right


def _without_directives(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_directives(each) for key, each in value.items() if not key.startswith("$") and each is not None}
        case list():
            return [_without_directives(each) for each in value]
        case _:
            return value
