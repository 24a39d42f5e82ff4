"""Lines of a log page as rows of a screen: filtered, wrapped, and only what is new is looked at when another page comes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from console.domain.logs import LogLine, LogPage
from console.domain.views.words import cells


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """What decides which rows there are."""

    words: tuple[str, ...] = ()
    """Lower case; a line must contain each, and none that begins with `!`. Notices always stay."""
    room: int = 0
    """Cells of a row's text where lines are wrapped; 0: one row for each line."""


class LogRows:
    """Rows of the newest page that was given. Positions count from the first row that is kept."""

    def __init__(self) -> None:
        self._page: LogPage | None = None
        self._wanted = RowsWanted()
        self._lines: list[tuple[int, LogLine]] = []
        """Lines that pass, with their numbers."""
        self._ends: list[int] = []
        """For each: rows up to its last one, counted since the beginning."""
        self._before = 0
        """Rows that left at the front."""

    @property
    def matches(self) -> int:
        """Lines that pass the filter; notices do not count."""
        return sum(1 for _, line in self._lines if not line.notice) if self._wanted.words else len(self._lines)

    @property
    def total(self) -> int:
        return (self._ends[-1] - self._before) if self._ends else 0

    def show(self, page: LogPage, wanted: RowsWanted) -> None:
        """Rows of this page from now on."""
        known, self._page = self._page, page
        if known is None or wanted != self._wanted or known.request != page.request:
            self._wanted = wanted
            self._lines, self._ends, self._before = [], [], 0
            first_new = page.base
        elif known.lines is page.lines:
            return
        else:
            first_new = _first_different(known, page)
            self._forget(page.base, first_new)
        self._append(page, first_new)

    def row(self, number: int) -> tuple[LogLine, int] | None:
        """The line of this row, and which of its parts."""
        place = self._before + number
        index = bisect_right(self._ends, place)
        if number < 0 or index >= len(self._lines):
            return None
        begins = self._ends[index - 1] if index else self._before
        return self._lines[index][1], place - begins

    def _forget(self, base: int, first_new: int) -> None:
        """Take away lines that left the page and those from the first on that is another one."""
        while self._lines and self._lines[-1][0] >= first_new:
            self._lines.pop()
            self._ends.pop()
        gone = 0
        while gone < len(self._lines) and self._lines[gone][0] < base:
            gone += 1
        if gone:
            self._before = self._ends[gone - 1]
            del self._lines[:gone], self._ends[:gone]
        if not self._lines:
            self._before = 0

    def _append(self, page: LogPage, first_new: int) -> None:
        end = self._ends[-1] if self._ends else self._before
        room, words = self._wanted.room, self._wanted.words
        for number in range(max(first_new, page.base), page.seen):
            line = page.lines[number - page.base]
            if words and not line.notice and not passes(line.text, words):
                continue
            end += 1 if not room or line.notice else rows_of(line.text, room)
            self._lines.append((number, line))
            self._ends.append(end)


def passes(text: str, words: tuple[str, ...]) -> bool:
    """Whether a filter lets a line through."""
    lower = text.lower()
    return all((word[1:] not in lower) if word.startswith("!") and len(word) > 1 else (word in lower) for word in words)


def rows_of(text: str, room: int) -> int:
    """Rows that a text takes in lines of `room` cells."""
    if text.isascii():
        return max(1, -(-len(text) // room))
    return len(parts_of(text, room))


def parts_of(text: str, room: int) -> list[str]:
    """A text cut into rows of at most `room` cells: nothing is left out or moved."""
    if text.isascii():
        return [text[start : start + room] for start in range(0, max(1, len(text)), room)]
    parts, used, start = [], 0, 0
    for index, character in enumerate(text):
        size = cells(character)
        if used + size > room and index > start:
            parts.append(text[start:index])
            start, used = index, 0
        used += size
    return [*parts, text[start:]]


def _first_different(known: LogPage, page: LogPage) -> int:
    """Number of the first line that is not the same in both. A late line moves all that follow it, so looking from the end is enough."""
    for number in range(min(known.seen, page.seen) - 1, max(known.base, page.base) - 1, -1):
        if known.lines[number - known.base] is page.lines[number - page.base]:
            return number + 1
    return max(known.base, page.base) if page.base < known.seen else page.base
