"""How a write is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from console.sandbox.apiserver.resources import Object
from console.sandbox.apiserver.store import Stored

Clock = Callable[[], datetime]
Change = Callable[[Object], Object]
"""From a private copy of the live object, with apiVersion and kind, to the wanted one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """How a write is to be made."""

    manager: str
    subresource: str = ""
    dry_run: bool = False
    strict: bool = False
    """Refuse unknown fields instead of warning."""
    patched: bool = False
    """The document came about by a patch, which decides how it is called when it cannot be read."""
    force: bool = False
    """An apply takes fields from other managers."""


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write."""

    object: Stored
    created: bool = False
    unknown: tuple[str, ...] = ()
    """Fields that were left out because the kind does not have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """How a deletion is to be made."""

    grace: int | None = None
    """Seconds, for pods; None for what the pod says."""
    policy: str = ""
    """Orphan, Background, Foreground, or nothing said."""
    uid: str = ""
    resource_version: str = ""
    """Preconditions, where they are not empty."""
    dry_run: bool = False
