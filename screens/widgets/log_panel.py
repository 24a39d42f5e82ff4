"""`LogPanel`: the lines of a log page. Only rows in view are drawn; following keeps the newest in view, moving up holds the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.domain.logs import LogPage
from console.domain.views.lines import BLANK, Line, plain
from console.domain.views.log_rows import LogRows, RowsWanted
from console.domain.views.logs import Tag, stamp
from console.domain.views.words import cells
from screens.paint.logs import Margin, paint_log_line
from screens.widgets.strips import strip_of


@dataclass(frozen=True)
class LogLook:
    """How lines are shown."""

    words: tuple[str, ...] = ()
    wrap: bool = False
    stamps: bool = True
    tags: tuple[Tag, ...] = ()
    """Of the page's sources."""
    zone: tzinfo = UTC


class LogPanel(ScrollView):
    """Shows a page; asks to be held (`Held`) when a person moves away from the end, and to follow again when they return to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up, holds the lines", show=False, id="logs.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="logs.down"),
        Binding("pageup", "move_page(-1)", "Page up, holds the lines", show=False, id="logs.page_up"),
        Binding("pagedown", "move_page(1)", "Page down", show=False, id="logs.page_down"),
        Binding("home,g", "first", "First line", show=False, id="logs.first"),
        Binding("end,G", "last", "Last line, follows again", show=False, id="logs.last"),
    ]

    @dataclass
    class Held(Message):
        """A person moved: `on` holds the lines that are shown, else the newest are wanted again."""

        panel: LogPanel
        on: bool

        @property
        def control(self) -> LogPanel:
            return self.panel

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.can_focus = True
        self._rows = LogRows()
        self._page: LogPage | None = None
        self._look = LogLook()
        self._follows = True

    @property
    def matches(self) -> int:
        """Lines that pass the filter."""
        return self._rows.matches

    @property
    def text(self) -> str:
        """The rows in view, without colours."""
        return "\n".join(plain(self._line(y + self.scroll_offset.y)).rstrip() for y in range(self.size.height))

    def show(self, page: LogPage | None, look: LogLook, *, follows: bool) -> None:
        """Draw the page; the newest rows are in view while it `follows`."""
        before = (self._page, self._look, self._follows)
        self._page, self._look, self._follows = page, look, follows
        if self.is_mounted and before != (page, look, follows):
            self._redraw()

    def on_resize(self, event: events.Resize) -> None:
        self._redraw()

    def action_move(self, by: int) -> None:
        if by < 0:
            self._hold(True)
        self.scroll_to(y=self.scroll_offset.y + by, animate=False, immediate=True, force=True)
        if by > 0 and self.scroll_offset.y >= self.max_scroll_y:
            self._hold(False)

    def action_move_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 1))

    def action_first(self) -> None:
        self._hold(True)
        self.scroll_to(y=0, animate=False, immediate=True, force=True)

    def action_last(self) -> None:
        self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
        self._hold(False)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(3)

    def render_line(self, y: int) -> Strip:
        return strip_of(self, self._line(y + self.scroll_offset.y), width=self.size.width)

    def _hold(self, on: bool) -> None:
        if on == self._follows:
            self.post_message(self.Held(self, on))

    def _margin(self) -> Margin:
        """One log needs no tag."""
        tags = self._look.tags
        return Margin(self._look.stamps, max((cells(tag.text) for tag in tags), default=0) if len(tags) > 1 else 0)

    def _redraw(self) -> None:
        width = self.scrollable_content_region.width
        if self._page is None or width <= 0:
            self.refresh()
            return
        room = max(10, width - self._margin().cells) if self._look.wrap else 0
        self._rows.show(self._page, RowsWanted(self._look.words, room))
        if self._rows.total != self.virtual_size.height:
            self.virtual_size = Size(0, self._rows.total)
        if self._follows and self.scroll_offset.y != self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
        self.refresh()

    def _line(self, number: int) -> Line:
        found = self._rows.row(number) if self._page is not None else None
        if found is None:
            return BLANK
        line, part = found
        tags, margin = self._look.tags, self._margin()
        tag = tags[line.source] if line.source < len(tags) else None
        time = stamp(line, self._look.zone) if margin.stamps and not part else ""
        width = self.scrollable_content_region.width
        return paint_log_line(line, part, tag, time, margin, width=width, wrap=self._look.wrap)
