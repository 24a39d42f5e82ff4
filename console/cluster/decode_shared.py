"""What all kinds have in common: identity, conditions, numbers in annotations."""

from __future__ import annotations

from typing import Literal

from console.cluster.structs import ObjectMeta, StatusCondition
from console.domain.world import Condition, FieldManager, Meta

STATUSES: dict[str, Literal["True", "False", "Unknown"]] = {"True": "True", "False": "False"}


def meta_of(raw: ObjectMeta, *, managers: tuple[FieldManager, ...] = ()) -> Meta:
    return Meta(
        raw.name,
        raw.uid,
        raw.resource_version,
        raw.labels or {},
        raw.annotations or {},
        raw.creation_timestamp,
        raw.deletion_timestamp is not None,
        next((owner.name for owner in raw.owner_references or () if owner.controller), ""),
        managers,
    )


def conditions_of(raw: list[StatusCondition] | None) -> tuple[Condition, ...]:
    return tuple(
        [
            Condition(each.type, STATUSES.get(each.status, "Unknown"), each.reason or "", each.message or "", each.last_transition_time)
            for each in raw or ()
        ]
    )


def number(text: str | None) -> int:
    """A number in an annotation; 0 when absent or damaged, since anybody may have edited it."""
    return int(text) if text and text.isascii() and text.isdigit() else 0
