"""Errors that a person reads.

BluegreenError            everything we raise on purpose; carries the exit code of DESIGN.md section 8
├── UsageError            2  wrong command, input or configuration
├── Refused               3  a rule or a right forbids it; says which
├── NeedsOperator         4  in doubt or half done: a person has to decide
└── JournalError          2  the record cannot be read, written or trusted
"""

from __future__ import annotations

from typing import Literal

Sent = Literal["no", "maybe"]
"""Whether a request can have had an effect: after `maybe` nothing is repeated blindly and nothing is called failed."""


class BluegreenError(Exception):
    """Message first, then what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class UsageError(BluegreenError):
    exit_code = 2


class Refused(BluegreenError):
    exit_code = 3


class NeedsOperator(BluegreenError):
    exit_code = 4


class JournalError(BluegreenError):
    exit_code = 2


class PortError(BluegreenError):
    """A request to the outside that did not end well; the engine decides by `status` and `sent`, never by the client's own types."""

    status: int | None = None
    """HTTP status of the answer; None when there was none."""
    reason: str = ""
    """Kubernetes' own machine word (`Conflict`, `Expired` …), or ours where the server said none."""

    def __init__(self, message: str, *, hint: str = "", status: int | None = None, reason: str = "", sent: Sent = "no") -> None:
        super().__init__(message, hint=hint)
        self.sent: Sent = sent
        if status is not None:
            self.status = status
        if reason:
            self.reason = reason

    @property
    def retry_after(self) -> float:
        """Seconds that the server asks to wait before the next try; 0 where it asks for none."""
        return 0.0

    @property
    def away(self) -> bool:
        """Nobody answered, or a proxy did for a server that is not there: an outage, which says nothing of what was asked."""
        return self.status in (502, 503, 504) or (self.status is None and self.reason in ("Unreachable", "Timeout"))
