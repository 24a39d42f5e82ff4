"""What an object would be after a write, computed here: for a console that may send no dry run. Defaults and admission are the server's."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, assert_never

from console.domain.change import Create, Delete, JsonPatch, MergePatch, PatchOp, ServerApply, Write

Object = dict[str, Any]
"""A Kubernetes object as JSON."""

LIST_KEYS = ("name", "mountPath", "containerPort", "port", "ip", "topologyKey")
"""Fields by which the items of a list are told apart, the first that all items have."""


class CannotCompute(ValueError):
    """The write does not fit the object."""


def patched(before: Mapping[str, Any] | None, write: Write) -> Object | None:
    """The object after the write; None after a deletion. Raises CannotCompute where the server would refuse."""
    found: Object = copy.deepcopy(dict(before)) if before is not None else {}
    match write:
        case Create(manifest=manifest):
            return copy.deepcopy(dict(manifest))
        case Delete():
            return None
        case ServerApply(manifest=manifest):
            applied: Object = _applied(found, copy.deepcopy(dict(manifest)))
            return applied
        case MergePatch(body=body):
            return _merged(found, body)
        case JsonPatch(ops=ops):
            for op in ops:
                _operate(found, op)
            return found
        case _:
            assert_never(write)


def _applied(found: Any, wanted: Any) -> Any:
    """Server-side apply without removals: maps are merged, lists by the keys of their items, everything else is replaced."""
    if isinstance(found, dict) and isinstance(wanted, Mapping):
        return {**found, **{key: _applied(found.get(key), value) for key, value in wanted.items()}}
    if isinstance(found, list) and isinstance(wanted, list) and (key := _list_key([*found, *wanted])):
        named = {item[key]: item for item in found}
        merged = [_applied(named.get(item[key]), item) for item in wanted]
        ours = {item[key] for item in wanted}
        return [*(item for item in found if item[key] not in ours), *merged] if found else merged
    return wanted


def _list_key(items: list[Any]) -> str:
    if not items or not all(isinstance(item, Mapping) for item in items):
        return ""
    return next((key for key in LIST_KEYS if all(key in item for item in items)), "")


def _merged(found: Any, patch: Mapping[str, Any]) -> Object:
    """RFC 7386."""
    result: Object = dict(found) if isinstance(found, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = _merged(result.get(key), value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _operate(found: Object, op: PatchOp) -> None:
    """One operation of RFC 6902, in place."""
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in op.path.split("/")[1:]]
    place: Any = found
    for part in path:
        place = _child(place, part, op)
    if op.op == "test":
        if _child(place, last, op) != op.value:
            raise CannotCompute(f"{op.path} is {_child(place, last, op)!r}, not {op.value!r}")
    elif isinstance(place, list):
        _in_list(place, last, op)
    elif isinstance(place, dict):
        if op.op != "add" and last not in place:
            raise CannotCompute(f"there is no {op.path}")
        if op.op == "remove":
            del place[last]
        else:
            place[last] = copy.deepcopy(op.value)
    else:
        raise CannotCompute(f"there is no {op.path}")


def _in_list(place: list[Any], last: str, op: PatchOp) -> None:
    if op.op == "add":
        place.insert(len(place) if last == "-" else _index(place, last, op, more=1), copy.deepcopy(op.value))
    elif op.op == "replace":
        place[_index(place, last, op)] = copy.deepcopy(op.value)
    else:
        del place[_index(place, last, op)]


def _child(place: Any, part: str, op: PatchOp) -> Any:
    if isinstance(place, list):
        return place[_index(place, part, op)]
    if not isinstance(place, Mapping) or part not in place:
        raise CannotCompute(f"there is no {op.path}")
    return place[part]


def _index(place: list[Any], part: str, op: PatchOp, *, more: int = 0) -> int:
    if not part.isdigit() or int(part) >= len(place) + more:
        raise CannotCompute(f"there is no {op.path}")
    return int(part)
