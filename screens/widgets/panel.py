"""`Panel`: a box that draws a view through a pure painter and sends only the lines that differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from console.domain.views.lines import BLANK, Line
from screens.widgets.strips import strip_of

V = TypeVar("V")
Painter = Callable[[V, int, int], tuple[Line, ...]]
"""(view, width, height) → lines. Pure; called when the view or the size changes."""


class Panel(Widget, Generic[V]):
    """Fixed or automatic height, no scrolling."""

    def __init__(self, painter: Painter[V], *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._painter = painter
        self._view: V | None = None
        self._lines: tuple[Line, ...] = ()
        self._grows = False

    def show(self, view: V) -> None:
        """Draw `view`; nothing is sent when it looks as before."""
        if view != self._view:
            self._view = view
            if self.is_mounted:
                self._repaint()

    @property
    def text(self) -> str:
        """What is drawn now, without colours."""
        return "\n".join("".join(s.text for s in line).rstrip() for line in self._lines)

    def on_resize(self, event: events.Resize) -> None:
        self._repaint()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        self._grows = True
        return len(self._paint(width, 0))

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else BLANK
        return strip_of(self, line, width=self.size.width)

    def _paint(self, width: int, height: int) -> tuple[Line, ...]:
        return self._painter(self._view, width, height) if self._view is not None and width > 0 else ()

    def _repaint(self) -> None:
        before, self._lines = self._lines, self._paint(self.size.width, self.size.height)
        if self._grows and len(before) != len(self._lines):
            self.refresh(layout=True)
            return
        rows = max(len(before), len(self._lines))
        changed = [y for y in range(rows) if _row(before, y) != _row(self._lines, y)]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))


def _row(lines: tuple[Line, ...], y: int) -> Line:
    return lines[y] if y < len(lines) else BLANK
