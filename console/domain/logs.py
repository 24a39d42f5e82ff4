"""Log lines of several pods as one: what is asked for, what came, in the order of their times, as many as are kept.

A page is replaced as a whole, so that a screen that pauses only has to hold on to the one it shows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from console.domain.redact import redacted

KEPT = 10_000
"""Lines that a page keeps; older ones leave it at its front and are counted."""
TAIL = 500
"""Last lines of each container that a log begins with, where no time is asked for."""

SourceState = Literal["opening", "following", "waiting", "away", "ended"]


@dataclass(frozen=True, slots=True)
class LogScope:
    """Whose logs: an empty field means any."""

    slot: str = ""
    component: str = ""
    pod: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """What is asked for; another one is another page."""

    scope: LogScope = LogScope()
    previous: bool = False
    """The containers before their last restart."""
    since: float | None = None
    """Seconds back; None: the last lines of each."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line, or a notice about the log itself."""

    at: int
    """Nanoseconds since 1970 as the node stamped it; that of the line before where it had no stamp."""
    source: int
    """Which of the page's sources."""
    text: str
    """Without control characters and without secrets."""
    notice: bool = False
    """Ours, not the container's: `lines may be missing`."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """One container whose log is read."""

    slot: str
    component: str
    pod: str
    container: str
    state: SourceState = "opening"
    reason: str = ""
    """Why it is not followed: `waiting to start: ContainerCreating`, `exit 3`."""


@dataclass(frozen=True)
class LogPage:
    """The newest lines of all sources, oldest first."""

    request: LogRequest
    sources: tuple[LogSource, ...] = ()
    lines: tuple[LogLine, ...] = ()
    base: int = 0
    """Lines that left the page at its front; the first line's number."""
    left_out: int = 0
    """Lines that came faster than they could be taken, and are in no page."""
    note: str = ""
    """What is to be known of all: `50 of 120 pods are followed`."""

    @property
    def seen(self) -> int:
        """Lines that were ever in the page."""
        return self.base + len(self.lines)


def with_lines(page: LogPage, batch: Sequence[LogLine], *, kept: int = KEPT) -> LogPage:
    """The page with newer lines. One that is late is put where its time belongs; what is too much leaves at the front."""
    if not batch:
        return page
    lines = list(page.lines)
    if lines and batch[0].at < lines[-1].at:
        late = bisect_right(lines, batch[0].at, key=lambda line: line.at)
        lines[late:] = sorted((*lines[late:], *batch), key=lambda line: line.at)
    else:
        lines += batch
    over = max(0, len(lines) - kept)
    return replace(page, lines=tuple(lines[over:]), base=page.base + over)


_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_].*?(?:\x1b\\|$)|[ -/]*[0-~])")
_KEY_BEGINS, _KEY_ENDS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
LONGEST_KEY = 200
"""Lines after which a private key without an end is taken to be over."""


def shown_text(text: str) -> str:
    """A line as it may be shown: colours and cursor movements are taken out, tabs are spaces, other control characters `·`."""
    if text.isprintable():
        return text
    text = _ESCAPES.sub("", text).rstrip("\r").expandtabs(4)
    return text if text.isprintable() else "".join(c if c.isprintable() else "·" for c in text)


class Concealer:
    """Takes secrets out of one log line by line; remembers that a private key goes on over several lines."""

    def __init__(self) -> None:
        self._key_lines = 0

    def concealed(self, text: str) -> str:
        """The line as it may be shown and kept."""
        text = shown_text(text)
        if self._key_lines:
            self._key_lines = 0 if _KEY_ENDS.search(text) or self._key_lines > LONGEST_KEY else self._key_lines + 1
            return "[hidden]"
        if (begin := _KEY_BEGINS.search(text)) and not _KEY_ENDS.search(text, begin.end()):
            self._key_lines = 1
        return redacted(text)
