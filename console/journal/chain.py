"""The chain as pure functions: what is hashed, how an entry is linked to the one before, how a stored row is read back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import get_args

from console.domain.change import canonical_json
from console.domain.entry import Draft, Entry, EntryType
from console.domain.ids import RunId

GENESIS = "0" * 64
"""`prev` of the first entry."""

_TYPES = frozenset(get_args(EntryType))


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a chain; seq 0 when there is none."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it is stored: text and numbers only."""

    environment: str
    seq: int
    run: int | None
    type: str
    at: str
    """UTC with microseconds, `2026-01-31T02:41:07.123456+00:00`: equal length, so that text order is time order."""
    actor: str
    body: str
    """Canonical JSON."""
    prev: str
    hash: str

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    @property
    def digest(self) -> str:
        """The hash this row must have: sha256 over the previous hash and every field."""
        content = canonical_json([self.environment, self.seq, self.run, self.type, self.at, self.actor, self.body])
        return hashlib.sha256((self.prev + content).encode()).hexdigest()

    @property
    def torn(self) -> bool:
        """Was it written only in part? Edited rows are complete; torn ones cannot be read at all."""
        texts = (self.environment, self.type, self.at, self.actor, self.body, self.prev, self.hash)
        if not (isinstance(self.seq, int) and all(isinstance(t, str) for t in texts) and len(self.hash) == len(GENESIS)):
            return True
        try:
            return not isinstance(json.loads(self.body), dict)
        except ValueError:
            return True


def link(draft: Draft, *, environment: str, head: Head, at: datetime) -> Row:
    """`draft` as the entry after `head`."""
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    row = Row(environment, head.seq + 1, draft.run, draft.type, stamp, _text(draft.actor), _text(canonical_json(draft.body)), head.hash, "")
    return Row(**{**asdict(row), "hash": row.digest})


def _text(given: str) -> str:
    """What UTF-8 can hold: bytes of a command line that were no UTF-8 become question marks."""
    return given.encode("utf-8", "replace").decode("utf-8")


def entry(row: Row) -> Entry:
    """A stored row as an entry; raises ValueError for a row that this version cannot read."""
    body = json.loads(row.body)
    if not isinstance(body, Mapping) or row.type not in _TYPES:
        raise ValueError(f"entry {row.seq} cannot be read: type {row.type!r}")
    return Entry(
        seq=row.seq, environment=row.environment, run=RunId(row.run) if row.run is not None else None, type=row.type,  # type: ignore[arg-type]
        at=datetime.fromisoformat(row.at), actor=row.actor, body=body, prev=row.prev, hash=row.hash,
    )  # fmt: skip
