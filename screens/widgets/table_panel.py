"""`TablePanel`: a table of any length. Only rows in view are made into lines, so 10,000 rows cost what 40 do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.domain.views.lines import BLANK, plain
from console.domain.views.table import Row, Table, line_of, place_of
from screens.widgets.moves import LIST_MOVES
from screens.widgets.strips import strip_of

MOST_TEXT = 1000


class TablePanel(ScrollView):
    """Shows a `Table` without its heading; the chosen row is kept by its key, whatever comes and goes around it."""

    BINDINGS: ClassVar[list[BindingType]] = [*LIST_MOVES, Binding("enter", "open", "Open", show=False)]

    @dataclass
    class Chosen(Message):
        """Another row was chosen."""

        panel: TablePanel
        key: str

        @property
        def control(self) -> TablePanel:
            return self.panel

    @dataclass
    class Opened(Message):
        """Enter, or a second click, on a row."""

        panel: TablePanel
        key: str

        @property
        def control(self) -> TablePanel:
            return self.panel

    def __init__(self, *, id: str | None = None, opens: bool = True) -> None:
        """`opens`: Enter is the table's; else it is left to the screen, which names what it does."""
        super().__init__(id=id)
        self.can_focus = True
        self._opens = opens
        self._table = Table(())
        self._key = ""
        self._row = 0

    @property
    def key(self) -> str:
        """Key of the chosen row; empty where there is none."""
        return self._key

    @property
    def chosen(self) -> Row | None:
        """The chosen row, where there is one."""
        rows = self._table.rows
        return rows[self._row] if self._key and self._row < len(rows) else None

    @property
    def text(self) -> str:
        """All rows, without colours; of very many the first ones."""
        width = max(20, self.scrollable_content_region.width)
        return "\n".join(plain(line_of(row, self._table.columns, width)).rstrip() for row in self._table.rows[:MOST_TEXT])

    def show(self, table: Table) -> None:
        """Draw `table`; rows in view that look as before are not sent."""
        before, self._table = self._table, table
        if not self.is_mounted:
            return
        if table.columns != before.columns or len(table.rows) != len(before.rows):
            self.virtual_size = Size(0, len(table.rows))
            self._find()
            self.refresh()
            return
        moved = self._find()
        top = self.scroll_offset.y
        for row in range(top, min(top + self.size.height, len(table.rows))):
            if table.rows[row] != before.rows[row] or row in moved:
                self.refresh_line(row - top)

    def choose(self, row: int) -> None:
        """Choose the row at this position and bring it into view."""
        rows = self._table.rows
        if not rows:
            return
        before, self._row = self._row, max(0, min(row, len(rows) - 1))
        self._key = rows[self._row].key
        if not self.is_mounted:
            return
        if before != self._row:
            for each in (before, self._row):
                self.refresh_line(each - self.scroll_offset.y)
            self.post_message(self.Chosen(self, self._key))
        self.scroll_to_region(Region(0, self._row, 1, 1), animate=False)

    def on_mount(self) -> None:
        self.virtual_size = Size(0, len(self._table.rows))
        self._find()

    def on_resize(self, event: events.Resize) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        if row == self._row and event.chain > 1:
            self.action_open()
        else:
            self.choose(row)

    def action_move(self, by: int) -> None:
        self.choose(self._row + by)

    def action_move_page(self, by: int) -> None:
        self.action_move(by * max(1, self.scrollable_content_region.height - 1))

    def action_move_to(self, row: int) -> None:
        self.choose(len(self._table.rows) - 1 if row < 0 else row)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._opens if action == "open" else super().check_action(action, parameters)

    def action_open(self) -> None:
        if self._key:
            self.post_message(self.Opened(self, self._key))

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        rows = self._table.rows
        inside = row < len(rows)
        line = line_of(rows[row], self._table.columns, self.scrollable_content_region.width - 1) if inside else BLANK
        return strip_of(self, line, width=self.size.width, chosen=inside and row == self._row)

    def _find(self) -> tuple[int, ...]:
        """Find the chosen row again; where it has gone, the one at its place is chosen. Returns rows whose look changes by it."""
        rows = self._table.rows
        before, key = self._row, self._key
        if not rows:
            self._row, self._key = 0, ""
            return ()
        if not (before < len(rows) and rows[before].key == key):
            found = place_of(rows, key) if key else None
            self._row = found if found is not None else min(before, len(rows) - 1)
            self._key = rows[self._row].key
        if self._key != key:
            self.post_message(self.Chosen(self, self._key))
        return (before, self._row) if before != self._row else ()
