"""The facts for the way back that live in the cluster, as annotations written with the change itself (SAFETY 1, rule 13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from console.domain.ids import Epoch, ReleaseName, SlotName

MANAGER = "bluegreen"
"""Our field manager."""

PREFIX = "bluegreen/"
EPOCH = PREFIX + "epoch"
RUN = PREFIX + "run"
BY = PREFIX + "by"
RELEASE = PREFIX + "release"
"""On a Service: release of the slot it selects. On a Deployment: release that was applied."""
SWITCHED_AT = PREFIX + "switched-at"
PREVIOUS_SLOT = PREFIX + "previous-slot"
PREVIOUS_RELEASE = PREFIX + "previous-release"
KEEP_WARM_UNTIL = PREFIX + "keep-warm-until"
STABLE = PREFIX + "stable"
"""On a Deployment: the release that passed everything in this slot. On a Service: the last stable release."""
SERVED_WITH = PREFIX + "served-with"
"""On a Deployment: pods it had while it took traffic."""
MIGRATION_CLASS = PREFIX + "migration-class"
RECORD_LABEL = PREFIX + "record"
"""Label of our ConfigMaps: `release` or `slots`."""
APPLICATION_LABEL = PREFIX + "application"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who wrote: every write of a run carries it."""

    run: str
    """`41@<uid>`: unique over all journals."""
    epoch: Epoch
    by: str

    def annotations(self) -> dict[str, str]:
        return {RUN: self.run, EPOCH: str(self.epoch), BY: self.by}


@dataclass(frozen=True, slots=True)
class SwitchFacts:
    """What the last switch left on a Service."""

    epoch: Epoch = Epoch(0)
    run: str = ""
    by: str = ""
    release: ReleaseName | None = None
    previous_slot: SlotName | None = None
    previous_release: ReleaseName | None = None
    switched_at: datetime | None = None
    keep_warm_until: datetime | None = None
    stable: ReleaseName | None = None
    migration_class: str = ""


def switch_facts(annotations: Mapping[str, str]) -> SwitchFacts:
    """Read a Service's annotations; what cannot be read is absent, never an error (others may have edited them)."""
    slot, release = annotations.get(PREVIOUS_SLOT), annotations.get(RELEASE)
    previous, stable = annotations.get(PREVIOUS_RELEASE), annotations.get(STABLE)
    return SwitchFacts(
        epoch=Epoch(_number(annotations.get(EPOCH))),
        run=annotations.get(RUN, ""),
        by=annotations.get(BY, ""),
        release=ReleaseName(release) if release else None,
        previous_slot=SlotName(slot) if slot else None,
        previous_release=ReleaseName(previous) if previous else None,
        switched_at=_time(annotations.get(SWITCHED_AT)),
        keep_warm_until=_time(annotations.get(KEEP_WARM_UNTIL)),
        stable=ReleaseName(stable) if stable else None,
        migration_class=annotations.get(MIGRATION_CLASS, ""),
    )


def served_with(annotations: Mapping[str, str]) -> int | None:
    """Pods the slot had while it took traffic; None when it never did or the note is damaged."""
    return _number(annotations.get(SERVED_WITH)) or None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
