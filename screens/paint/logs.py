"""Log lines and the line above them."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.logs import LogLine
from console.domain.views.lines import Line, Span, clip, joined, pad_span, span, spread
from console.domain.views.log_rows import parts_of
from console.domain.views.logs import LogsHead, Tag

STAMP = 13
"""Cells of a time and the space behind it."""


@dataclass(frozen=True)
class Margin:
    """What stands in front of each line."""

    stamps: bool
    tag: int
    """Cells of the widest tag; 0: none is shown."""

    @property
    def cells(self) -> int:
        return 1 + (STAMP if self.stamps else 0) + (self.tag + 3 if self.tag else 0)


def paint_logs_head(head: LogsHead, width: int, height: int) -> tuple[Line, ...]:
    """Two lines: whose and how many, then what is missing or waits."""
    state: Line = (Span(f"{head.mark.glyph} ", head.mark.tone), span(f"{head.state} "))
    first = spread((Span(" "), span(head.title, "strong"), span(f"  {head.counted}")), state, width)
    notes = joined([(span(text, tone),) for text, tone in head.notes])
    return (first, clip((Span(" "), *notes), width)) if notes else (first,)


def paint_log_line(line: LogLine, part: int, tag: Tag | None, time: str, margin: Margin, *, width: int, wrap: bool) -> Line:
    """One row of a line: time and pod in front of its first, the rest indented."""
    room = max(10, width - margin.cells)
    head: list[Span] = [Span(" ")]
    if part:
        head.append(Span(" " * (margin.cells - 1)))
    else:
        head += [Span(f"{time} ", "dim")] if margin.stamps else []
        head += [pad_span(tag.text, margin.tag, tag.tone), Span(" │ ", "dim")] if margin.tag and tag else []
    if line.notice:
        return (*head, *clip((span(f"── {line.text} ──", "waiting"),), room))
    if not wrap:
        return (*head, *clip((Span(line.text),), room))
    parts = parts_of(line.text, room)
    return (*head, Span(parts[part] if part < len(parts) else ""))
