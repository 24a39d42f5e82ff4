"""Releases, and what the cluster remembers of them beside the objects they describe (SAFETY 1, rule 13)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Literal

from console.domain.change import canonical_digest, canonical_json
from console.domain.ids import ComponentName, ReleaseName, SlotName

MigrationClass = Literal["none", "expand", "contract", "breaking", "unknown"]

_IMAGE = re.compile(r"^(?P<repository>[^@\s]+?)(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$")


@dataclass(frozen=True, slots=True)
class ImageRef:
    """`repository[:tag][@sha256:…]`."""

    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> ImageRef:
        """Raises ValueError for what is no image reference."""
        match = _IMAGE.match(text)
        if match is None or "/" in (match["tag"] or ""):
            raise ValueError(f"{text!r} is not an image reference (repository:tag or repository@sha256:…)")
        return cls(match["repository"], match["tag"] or "", match["digest"] or "")

    def __str__(self) -> str:
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def short(self) -> str:
        """Tag and the digest's first figures, for a screen."""
        return self.tag or self.digest.removeprefix("sha256:")[:12] or "latest"


def short_image(image: str) -> str:
    """Tag or the digest's first figures of a reference; the text itself where it is none."""
    try:
        return ImageRef.parse(image).short if image else ""
    except ValueError:
        return image


@dataclass(frozen=True)
class Release:
    """What is deployed as one: an image per component, the manifests it was rendered from, the migration it needs."""

    name: ReleaseName
    images: Mapping[ComponentName, str]
    """Full references; by digest where the registry or the cluster told it."""
    manifests_digest: str = ""
    migration_revision: str = ""
    migration_class: MigrationClass = "unknown"
    expected: Mapping[ComponentName, str] = field(default_factory=dict)
    """What each component answers when asked for its release; empty: the release's name."""

    @property
    def digest(self) -> str:
        """sha256 over images, manifests and migration: two releases with equal digests are the same thing."""
        return canonical_digest([dict(self.images), self.manifests_digest, self.migration_revision, self.migration_class])

    def answer_of(self, component: ComponentName) -> str:
        return self.expected.get(component) or self.name


@dataclass(frozen=True)
class Hold:
    """A release that was rolled back and may not be deployed until a named person lifts it."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class SlotRecord:
    """One deployment into a slot. (slot, number) is a *revision*."""

    slot: SlotName
    number: int
    release: ReleaseName
    applied_at: datetime
    run: str
    stable_at: datetime | None = None
    """When it had passed everything; None while it has not."""


@dataclass(frozen=True)
class ReleaseRecord:
    """A release as the cluster keeps it, with its hold."""

    release: Release
    hold: Hold | None = None


KEPT_RECORDS = 10
"""How many revisions of the slot history are kept."""


def encode_release(record: ReleaseRecord) -> dict[str, str]:
    """`data` of a release ConfigMap."""
    release = record.release
    body = {
        "name": release.name, "images": dict(release.images), "manifests": release.manifests_digest,
        "migrationRevision": release.migration_revision, "migrationClass": release.migration_class, "expected": dict(release.expected),
    }  # fmt: skip
    hold = record.hold
    data = {"release": canonical_json(body)}
    if hold:
        data["hold"] = canonical_json({"reason": hold.reason, "by": hold.by, "at": hold.at.isoformat()})
    return data


def decode_release(data: Mapping[str, str]) -> ReleaseRecord:
    """Reverse of `encode_release`; raises ValueError when the ConfigMap was damaged."""
    try:
        body = json.loads(data["release"])
        release = Release(
            name=ReleaseName(body["name"]),
            images={ComponentName(k): str(v) for k, v in body["images"].items()},
            manifests_digest=body.get("manifests", ""),
            migration_revision=body.get("migrationRevision", ""),
            migration_class=body.get("migrationClass", "unknown"),
            expected={ComponentName(k): str(v) for k, v in body.get("expected", {}).items()},
        )
        held = json.loads(data["hold"]) if "hold" in data else None
        hold = Hold(held["reason"], held["by"], datetime.fromisoformat(held["at"])) if held else None
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise ValueError(f"the release record cannot be read: {problem!r}") from problem
    return ReleaseRecord(release, hold)


def encode_history(records: tuple[SlotRecord, ...]) -> dict[str, str]:
    """`data` of the slot history ConfigMap, oldest first."""
    return {
        "history": canonical_json(
            [asdict(r) | {"applied_at": r.applied_at.isoformat(), "stable_at": r.stable_at and r.stable_at.isoformat()} for r in records]
        )
    }


def decode_history(data: Mapping[str, str]) -> tuple[SlotRecord, ...]:
    """Reverse of `encode_history`; raises ValueError when the ConfigMap was damaged."""
    try:
        rows = json.loads(data.get("history", "[]"))
        return tuple(
            SlotRecord(
                SlotName(r["slot"]), int(r["number"]), ReleaseName(r["release"]), datetime.fromisoformat(r["applied_at"]), str(r["run"]),
                datetime.fromisoformat(r["stable_at"]) if r["stable_at"] else None,
            )
            for r in rows
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"the slot history cannot be read: {problem!r}") from problem


def recorded(history: tuple[SlotRecord, ...], *, slot: SlotName, release: ReleaseName, run: str, at: datetime) -> tuple[SlotRecord, ...]:
    """`history` with one more deployment, cut to the last ten; the same run records the same deployment once."""
    if any(r.slot == slot and r.release == release and r.run == run for r in history):
        return history
    number = max((r.number for r in history if r.slot == slot), default=0) + 1
    return (*history, SlotRecord(slot, number, release, at, run))[-KEPT_RECORDS:]


def proven(history: tuple[SlotRecord, ...], *, slot: SlotName, at: datetime) -> tuple[SlotRecord, ...]:
    """`history` with the newest deployment of `slot` marked stable."""
    newest = max((r.number for r in history if r.slot == slot), default=0)
    return tuple(replace(r, stable_at=r.stable_at or at) if r.slot == slot and r.number == newest else r for r in history)
