"""The faults: what each does to a request, and to which requests it may happen."""

from __future__ import annotations

from enum import Enum

from console.cluster.calls import REVIEWS, Call


class Fault(Enum):
    """What becomes of one request, in the words of reports."""

    CONFLICT = "409 conflict"
    GONE = "410 expired"
    INVALID = "422 invalid"
    BUSY = "429 with Retry-After"
    ERROR = "500"
    UNAVAILABLE = "503"
    PAGE = "502 as an HTML page"
    RESET = "reset before the request"
    HANG = "hang"
    SLOW = "slow"
    CUT = "body cut off"
    GARBLED = "body garbled"
    LOST = "answer lost after the effect"
    ERROR_AFTER = "500 after the effect"
    WATCH_GONE = "410 in a watch"
    WATCH_GARBAGE = "garbage in a watch"
    WATCH_CUT = "watch cut"


BEFORE = frozenset(
    {Fault.CONFLICT, Fault.GONE, Fault.INVALID, Fault.BUSY, Fault.ERROR, Fault.UNAVAILABLE, Fault.PAGE, Fault.RESET, Fault.HANG}
)
"""The server never hears of the request."""
ANY = frozenset({Fault.BUSY, Fault.ERROR, Fault.UNAVAILABLE, Fault.PAGE, Fault.RESET, Fault.HANG, Fault.SLOW})
WHOLE = ANY | {Fault.CUT, Fault.GARBLED}
WRITTEN = WHOLE | {Fault.CONFLICT, Fault.INVALID, Fault.LOST, Fault.ERROR_AFTER}
"""Of a write; CUT and GARBLED come after the effect."""
STREAMED = frozenset({Fault.WATCH_GONE, Fault.WATCH_GARBAGE, Fault.WATCH_CUT})
"""Of a watch that has begun."""


def writes(call: Call) -> bool:
    """Whether the request can change what is stored: reviews are created and stored nowhere."""
    return call.method != "GET" and (call.group, call.resource) not in REVIEWS


def possible(call: Call) -> frozenset[Fault]:
    """What may happen to a request."""
    if writes(call):
        return WRITTEN
    match call.verb:
        case "watch":
            return ANY | {Fault.GONE} | STREAMED
        case "list":
            return WHOLE | {Fault.GONE}
        case "log" | "proxy":
            return ANY
        case _:
            return WHOLE
