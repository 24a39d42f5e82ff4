"""What a plan returns: a change, a reason to do nothing, or reasons why it may not be done.

A `Change` holds the exact writes, what a person sees before and after, and the kubectl commands that would do the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from console.domain.world import KubeObject

WriteKind = Literal["Deployment", "Service", "ConfigMap", "Lease", "Job", "Pod", "HorizontalPodAutoscaler"]


@dataclass(frozen=True, slots=True)
class PatchOp:
    """One operation of a JSON patch (RFC 6902); `path` is a pointer, `/` in a key already written as `~1`."""

    op: Literal["test", "add", "replace", "remove"]
    path: str
    value: object = None


@dataclass(frozen=True, slots=True)
class JsonPatch:
    """Compare and swap: its `test` operations fail with 422 when the object is not what the plan saw."""

    kind: WriteKind
    name: str
    ops: tuple[PatchOp, ...]


@dataclass(frozen=True, slots=True)
class MergePatch:
    """RFC 7386; a None value removes the key. `resource_version` makes it conditional."""

    kind: WriteKind
    name: str
    body: Mapping[str, object]
    resource_version: str = ""


@dataclass(frozen=True, slots=True)
class ServerApply:
    """Server-side apply of the whole intent by our field manager."""

    kind: WriteKind
    name: str
    manifest: Mapping[str, object]
    force: bool = False
    """Take fields over from the managers that hold them; only after they were named to a person."""
    generation: int | None = None
    """Specification that the plan saw, 0 where the object was not there: written only onto that. None: onto whatever is there."""


@dataclass(frozen=True, slots=True)
class Create:
    kind: WriteKind
    name: str
    manifest: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Delete:
    kind: WriteKind
    name: str
    uid: str
    """Precondition: only this very object."""


Write = JsonPatch | MergePatch | ServerApply | Create | Delete


@dataclass(frozen=True, slots=True)
class Written:
    """The API server's answer to a write."""

    kind: WriteKind
    name: str
    resource_version: str
    object: KubeObject | None = None
    """Decoded new state, where the kind is one of those we read."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of before → after, in the words of the person on call."""

    subject: str
    """`backend`, `green`, `traider-backend-green`."""
    what: str
    """`slot`, `image`, `replicas`."""
    before: str
    after: str
    severity: Literal["change", "same"] = "change"


@dataclass(frozen=True)
class Change:
    title: str
    """Verb + object: `switch backend and frontend to green`."""
    writes: tuple[Write, ...] = ()
    differences: tuple[Difference, ...] = ()
    kubectl: tuple[str, ...] = ()
    """Commands that would do the same by hand."""
    warnings: tuple[str, ...] = ()
    undo: str = ""
    """How to go back, one clause: `rollback, about 1 s`."""
    bookkeeping: bool = False
    """It only notes something: what later steps would do can be told before it is done."""

    @property
    def digest(self) -> str:
        """sha256 of what is intended: subjects and values after, never what was observed before."""
        return canonical_digest([[d.subject, d.what, d.after] for d in self.differences])


@dataclass(frozen=True)
class Noop:
    """Nothing to do, and why."""

    reason: str


@dataclass(frozen=True)
class Blocked:
    """May not be done now; each reason says what would have to be different."""

    reasons: tuple[str, ...]
    override: str = ""
    """Name of the rule that a person may override with a reason; empty when nobody may."""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        return "; ".join(self.reasons)


Plan = Change | Noop | Blocked


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def canonical_digest(value: object) -> str:
    """sha256 (hex) of the canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def escape_pointer(key: str) -> str:
    """A key as one token of a JSON pointer (RFC 6901): `~` and `/` are escaped."""
    return key.replace("~", "~0").replace("/", "~1")
