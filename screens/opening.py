"""The first frame: where the console connects to. The Overview covers it as soon as it is imported."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from console.domain.views.lines import Line, Span, clip, span
from console.domain.views.marks import Mark
from screens.widgets.panel import Panel


class Opening(Screen[None]):
    """Two lines, where the Overview will have its header and its verdict."""

    def __init__(self, connecting: str) -> None:
        super().__init__()
        self._text = Panel(_paint)
        self._text.show(connecting)

    def compose(self) -> ComposeResult:
        yield self._text


def _paint(connecting: str, width: int, height: int) -> tuple[Line, ...]:
    header: Line = (Span(" BLUEGREEN ", "strong"), Span("▪ ", "dim"), Span("NOT CONNECTED", "title"), span(f" ▪ {connecting}"))
    unknown = Mark.UNKNOWN
    users: Line = (Span(" USERS ", "strong"), Span(unknown.glyph, unknown.tone), span(f" unknown: connecting to {connecting}"))
    return clip(header, width), clip(users, width)
