"""What an error from outside means for the run: decided by status and by whether the request can have had an effect, never by type."""

from __future__ import annotations

from enum import Enum

from console.domain.errors import BluegreenError, NeedsOperator, PortError, Refused, UsageError

LONGEST_ASKED = 60.0
"""Seconds that a server may ask us to wait; people wait for the run."""


class Failure(Enum):
    """What to do about it."""

    AGAIN = "nothing happened: try again"
    DOUBT = "it may have happened: look first"
    REPLAN = "the world is not what the plan saw: observe and plan again"
    LOGIN = "credentials expired: wait for a new login"
    REFUSED = "a rule or a right forbids it"
    OPERATOR = "a person has to decide"
    DEFINITE = "it did not happen and trying again would not help"
    UNEXPECTED = "a mistake in the program: nothing is known"


def failure_of(error: BaseException) -> Failure:
    """The meaning of what an action or a port raised."""
    match error:
        case PortError():
            return _of_port(error)
        case TimeoutError():
            return Failure.DOUBT
        case NeedsOperator():
            return Failure.OPERATOR
        case Refused() | UsageError():
            return Failure.REFUSED
        case BluegreenError():
            return Failure.DEFINITE
        case _:
            return Failure.UNEXPECTED


def _of_port(error: PortError) -> Failure:
    if error.status == 401 or error.reason == "Credentials":
        return Failure.LOGIN
    if error.status == 403 or error.reason == "ReadOnly":
        return Failure.REFUSED
    if error.status in (404, 409, 412, 422):
        return Failure.REPLAN
    if error.sent == "maybe" or ((error.status or 0) >= 500 and error.status != 501):
        return Failure.DOUBT
    if error.status in (None, 410, 429) and error.reason != "Kubeconfig":
        return Failure.AGAIN
    return Failure.DEFINITE


def said(error: BaseException) -> str:
    """What a person reads: our own errors speak for themselves, a program's mistake is named as one."""
    match error:
        case BluegreenError():
            return str(error)
        case TimeoutError():
            return "it did not end within its time"
        case _:
            return f"unexpected {type(error).__name__}: {error}"


def pause_after(error: BaseException, tries: int) -> float:
    """Seconds before the next try: what the server asks for, if that is longer than our own back-off."""
    asked = error.retry_after if isinstance(error, PortError) else 0.0
    return max(back_off(tries), min(asked, LONGEST_ASKED))


def back_off(tries: int, *, first: float = 0.1, longest: float = 5.0) -> float:
    """Seconds before the next try, after `tries` that failed."""
    return float(min(longest, first * 2 ** max(0, tries - 1)))
