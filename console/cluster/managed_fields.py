"""Who holds which field: `managedFields` as dotted paths."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from console.cluster.structs import ManagedFields
from console.domain.world import FieldManager


def managers_of(entries: list[ManagedFields] | None) -> tuple[FieldManager, ...]:
    """Every writer of an object with the fields it holds, in the server's order."""
    return tuple(
        FieldManager(
            name=entry.manager,
            operation="Apply" if entry.operation == "Apply" else "Update",
            paths=paths_of(bytes(entry.fields)),
            time=entry.time,
            subresource=entry.subresource or "",
        )
        for entry in entries or ()
    )


@functools.lru_cache(maxsize=512)
def paths_of(fields: bytes) -> frozenset[str]:
    """The leaves of a fieldsV1 tree: `spec.replicas`, `spec.template.spec.containers[name=web].image`.

    Most updates of an object leave most of its trees as they were, so the answers are remembered.
    """
    return frozenset(_leaves(msgspec.json.decode(fields), ""))


def _leaves(tree: Mapping[str, Any], above: str) -> Iterator[str]:
    for key, below in tree.items():
        if key == ".":
            yield above
            continue
        path = _joined(above, key)
        if below:
            yield from _leaves(below, path)
        else:
            yield path


def _joined(above: str, key: str) -> str:
    """One step down: `f:` a field, `k:` an item of a list by its keys, `v:` an item of a set, `i:` by its index."""
    kind, _, rest = key.partition(":")
    match kind:
        case "f":
            return f"{above}.{rest}" if above else rest
        case "k":
            keys = msgspec.json.decode(rest, type=dict[str, str | int | bool])
            return f"{above}[{','.join(f'{name}={value}' for name, value in sorted(keys.items()))}]"
        case "v":
            return f"{above}[={rest.strip(chr(34))}]"
        case _:
            return f"{above}[{rest}]"
