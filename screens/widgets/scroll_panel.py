"""`ScrollPanel`: lines that may be more than fit, with a chosen row where rows can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.domain.views.lines import BLANK, Line
from screens.widgets.moves import LIST_MOVES
from screens.widgets.panel import Painter, V
from screens.widgets.strips import strip_of


class ScrollPanel(ScrollView, Generic[V]):
    """A panel over lines that may be more than fit; with `chooses` the arrow keys move a chosen row, else they scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [*LIST_MOVES]

    @dataclass
    class Chosen(Message):
        """Another row was chosen."""

        panel: ScrollPanel[Any]
        row: int

        @property
        def control(self) -> ScrollPanel[Any]:
            return self.panel

    def __init__(self, painter: Painter[V], *, id: str | None = None, chooses: bool = False, follows: bool = False) -> None:
        super().__init__(id=id)
        self.can_focus = True
        self._painter = painter
        self._view: V | None = None
        self._follows = follows
        self._lines: tuple[Line, ...] = ()
        self._chooses = chooses
        self._row = 0

    @property
    def row(self) -> int:
        """The chosen row."""
        return self._row

    @property
    def text(self) -> str:
        """All lines, without colours."""
        return "\n".join("".join(s.text for s in line).rstrip() for line in self._lines)

    def show(self, view: V) -> None:
        """Draw `view`; nothing is sent when it looks as before."""
        if view != self._view:
            self._view = view
            if self.is_mounted:
                self._repaint()

    def on_resize(self, event: events.Resize) -> None:
        self._repaint()

    def choose(self, row: int) -> None:
        """Choose a row and bring it into view; one that is not painted yet is chosen when it is."""
        row = max(0, min(row, len(self._lines) - 1) if self._lines else row)
        before, self._row = self._row, row
        if not self.is_mounted:
            return
        if row != before:
            self.refresh_line(before)
            self.refresh_line(row)
            self.post_message(self.Chosen(self, row))
        self.scroll_to_region(Region(0, row, 1, 1), animate=False)

    def action_move(self, by: int) -> None:
        if self._chooses:
            self.choose(self._row + by)
        else:
            self.scroll_relative(y=by, animate=False)

    def action_move_page(self, by: int) -> None:
        self.action_move(by * max(1, self.scrollable_content_region.height - 1))

    def action_move_to(self, row: int) -> None:
        if self._chooses:
            self.choose(len(self._lines) - 1 if row < 0 else row)
        elif row < 0:
            self.scroll_end(animate=False)
        else:
            self.scroll_home(animate=False)

    def on_click(self, event: events.Click) -> None:
        if self._chooses:
            self.choose(event.y + self.scroll_offset.y)

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        line = self._lines[row] if row < len(self._lines) else BLANK
        chosen = self._chooses and row == self._row and row < len(self._lines)
        return strip_of(self, line, width=self.size.width, chosen=chosen)

    def _repaint(self) -> None:
        """Repaint what differs; a panel that follows and stood at its end stays at its end."""
        width = self.scrollable_content_region.width
        if self._view is None or width <= 0:
            return
        before, at_end = self._lines, self.scroll_offset.y >= self.max_scroll_y
        self._lines = self._painter(self._view, width, 0)
        if len(self._lines) == len(before):
            for y, line in enumerate(self._lines):
                if line != before[y]:
                    self.refresh_line(y)
            return
        self.virtual_size = Size(0, len(self._lines))
        self._row = max(0, min(self._row, len(self._lines) - 1))
        self.refresh()
        if self._follows and at_end:
            self.scroll_end(animate=False)
