"""JSON patch (RFC 6902) and merge patch (RFC 7386) on plain values, as the API server applies them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from console.domain.change import PatchOp


class PatchRefused(Exception):
    """A test failed or a path does not exist: nothing was changed."""


def json_patched(value: Any, ops: Iterable[PatchOp]) -> Any:
    changed = deepcopy(value)
    for op in ops:
        *path, last = [token.replace("~1", "/").replace("~0", "~") for token in op.path.split("/")[1:]]
        at = changed
        for token in path:
            at = _step(at, token, op.path)
        _apply(at, last, op)
    return changed


def merge_patched(value: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return deepcopy(patch)
    merged = dict(value) if isinstance(value, Mapping) else {}
    for key, part in patch.items():
        if part is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patched(merged.get(key), part)
    return merged


def applied(value: Any, manifest: Any) -> Any:
    """A manifest over what is there, as server-side apply leaves it: lists of named things are merged by name."""
    if isinstance(manifest, Mapping):
        merged = dict(value) if isinstance(value, Mapping) else {}
        return merged | {key: applied(merged.get(key), part) for key, part in manifest.items()}
    if isinstance(manifest, list) and all(isinstance(m, Mapping) and "name" in m for m in manifest):
        there = {item["name"]: item for item in value or [] if isinstance(item, Mapping)}
        there |= {item["name"]: applied(there.get(item["name"]), item) for item in manifest}
        return list(there.values())
    return deepcopy(manifest)


def _step(at: Any, token: str, path: str) -> Any:
    try:
        return at[int(token)] if isinstance(at, list) else at[token]
    except (KeyError, IndexError, ValueError, TypeError) as missing:
        raise PatchRefused(f"the path {path} does not exist") from missing


def _apply(at: Any, last: str, op: PatchOp) -> None:
    key: Any = (len(at) if last == "-" else int(last)) if isinstance(at, list) else last
    present = key < len(at) if isinstance(at, list) else key in at
    if op.op == "add":
        at.insert(key, op.value) if isinstance(at, list) else at.__setitem__(key, op.value)
        return
    if not present:
        raise PatchRefused(f"the path {op.path} does not exist")
    match op.op:
        case "test":
            if at[key] != op.value:
                raise PatchRefused(f"testing {op.path} failed: it is {at[key]!r}, not {op.value!r}")
        case "replace":
            at[key] = op.value
        case "remove":
            del at[key]
