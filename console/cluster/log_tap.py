"""The bytes of one container's log, taken as they come and turned into lines when somebody has time for them.

After a cut the server repeats whole seconds: lines that were had before are left out, and whether the log goes on without a
gap is told by whether the last one of them is among what is repeated. What comes too fast is dropped unread, and counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

from console.domain.logs import Concealer

ROOM = 512 * 1024
"""Bytes that wait for somebody to take them; older ones are dropped."""
LONGEST = 16 * 1024
"""Bytes of one line that are kept."""
SECOND = 10**9

Taken = tuple[int, str, bool]
"""Time in nanoseconds, text, whether it is a notice of ours."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be said at this place of the log."""

    text: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A new answer begins here, which may repeat what was had."""

    gap: str = ""
    """What to say when it does not repeat the last line; empty: nothing can be missing."""
    whole: str = ""
    """What to say when it does."""


class Tap:
    """One log. `feed` is called by who reads it, `take` by who shows it; all on one event loop."""

    def __init__(self, *, room: int = ROOM, lossless: bool = False) -> None:
        """`lossless`: nothing is dropped; who feeds waits for `has_room`."""
        self._room, self._lossless = room, lossless
        self._items: deque[bytes | Notice | Resumed] = deque()
        self._size = 0
        self._rest = b""
        self._cutting = False
        self._dropped_here = 0
        self._resumed: Resumed | None = None
        self._met = False
        self._last = 0
        self._at_last: list[bytes] = []
        self._concealer = Concealer()
        self._second = (b"", 0)
        self._has_room = asyncio.Event()
        self._has_room.set()
        self.left_out = 0
        """Lines that were dropped unread."""

    @property
    def waiting(self) -> bool:
        """There is something to take."""
        return bool(self._items)

    @property
    def last(self) -> datetime | None:
        """The time of the newest line that was taken or waits, cut to the second; None when there is none."""
        newest = max(self._last, self._stamp_of(self._newest()))
        return datetime.fromtimestamp(newest // SECOND, UTC) if newest else None

    def feed(self, chunk: bytes) -> None:
        """Take bytes of the answer."""
        if self._cutting:
            _, found, chunk = chunk.partition(b"\n")
            self._cutting = not found
        head, newline, self._rest = (self._rest + chunk).rpartition(b"\n")
        if newline:
            self._add(head + newline)
        if len(self._rest) > LONGEST:
            self._add(self._rest[:LONGEST] + b" [line cut]\n")
            self._rest, self._cutting = b"", True

    def end(self, *, whole: bool) -> None:
        """The answer has ended. Unless it ended well its last line may be a part of one, which is read again."""
        if self._rest and whole:
            self._add(self._rest + b"\n")
        self._rest, self._cutting = b"", False

    def say(self, text: str) -> None:
        """Put a notice here."""
        self._items.append(Notice(text))

    def resume(self, gap: str = "", whole: str = "") -> None:
        """Another answer begins, which repeats at least the second of the last line where that still exists."""
        self._items.append(Resumed(gap, whole))

    async def has_room(self) -> None:
        """Wait until more may be fed; at once unless nothing may be lost."""
        if self._lossless and self._size > self._room:
            self._has_room.clear()
            await self._has_room.wait()

    def take(self, most: int) -> list[Taken]:
        """About `most` lines, oldest first; the rest waits."""
        taken: list[Taken] = []
        while self._items and len(taken) < most:
            match item := self._items.popleft():
                case Notice(text):
                    taken.append((self._last, text, True))
                case Resumed():
                    self._resumed, self._met = (item, False) if self._last else (None, False)
                case bytes():
                    self._size -= len(item)
                    if self._dropped_here:
                        taken.append((self._stamp_of(item) or self._last, _left_out(self._dropped_here), True))
                        self._dropped_here, self._resumed = 0, None
                    self._take_lines(item, taken)
        if self._size <= self._room:
            self._has_room.set()
        return taken

    def _take_lines(self, item: bytes, taken: list[Taken]) -> None:
        for raw in item[:-1].split(b"\n"):
            at = self._stamp_of(raw)
            if self._resumed is not None and at and self._known(at, raw, taken):
                continue
            if at > self._last:
                self._last, self._at_last = at, [raw]
            elif at == self._last:
                self._at_last.append(raw)
            text = raw[raw.index(b" ") + 1 :] if at and b" " in raw else b"" if at else raw
            taken.append((at or self._last, self._concealer.concealed(text.decode("utf-8", "replace")), False))

    def _known(self, at: int, raw: bytes, taken: list[Taken]) -> bool:
        """Whether a repeated line was had before; the first that was not says whether something is missing."""
        assert self._resumed is not None
        if at < self._last:
            return True
        if at == self._last and raw in self._at_last:
            self._met = True
            return True
        said = self._resumed.whole if self._met else self._resumed.gap
        if said:
            taken.append((at, said, True))
        if at > self._last:
            self._resumed = None
        else:
            self._resumed = Resumed()
        return False

    def _add(self, lines: bytes) -> None:
        self._items.append(lines)
        self._size += len(lines)
        while not self._lossless and self._size > self._room and self._drop_oldest():
            pass

    def _drop_oldest(self) -> bool:
        """Drop the oldest bytes but the newest piece; what is said about the log stays."""
        pieces = [n for n, item in enumerate(self._items) if isinstance(item, bytes)]
        if len(pieces) < 2:
            return False
        item = self._items[pieces[0]]
        assert isinstance(item, bytes)
        del self._items[pieces[0]]
        count = item.count(b"\n")
        self._size -= len(item)
        self._dropped_here += count
        self.left_out += count
        return True

    def _newest(self) -> bytes:
        """The newest whole line that waits."""
        item = next((each for each in reversed(self._items) if isinstance(each, bytes)), b"")
        return item[:-1].rpartition(b"\n")[2]

    def _stamp_of(self, raw: bytes) -> int:
        """Nanoseconds of `2026-03-01T02:41:00.123456789Z text`; 0 when the line does not begin with a time."""
        second, _ = self._second
        if raw[:19] != second:
            known = _seconds(raw)
            if known is None:
                return 0
            self._second = (raw[:19], known)
        return self._second[1] * SECOND + _fraction(raw)


def _seconds(raw: bytes) -> int | None:
    """Seconds since 1970 of the stamp in front; the zone counts."""
    stamp = raw[:40].split(b" ", 1)[0]
    if len(stamp) < 20 or stamp[10:11] != b"T":
        return None
    try:
        found = datetime.fromisoformat(stamp.decode("ascii"))
    except ValueError:
        return None
    return int(found.timestamp()) if found.tzinfo else None


def _fraction(raw: bytes) -> int:
    """Nanoseconds behind the second."""
    if raw[19:20] != b".":
        return 0
    if (digits := raw[20:29]).isdigit() and len(digits) == 9:
        return int(digits)
    end = 20
    while raw[end : end + 1].isdigit():
        end += 1
    return int(raw[20:end].ljust(9, b"0")[:9] or b"0")


def _left_out(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'} left out here: they came faster than they could be taken"
