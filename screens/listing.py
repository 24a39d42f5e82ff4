"""What all lists share: a line that says what is listed, a heading, a table with a chosen row, and a filter on `/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from console.domain.views.lines import Line, Span, clip, span, spread
from console.domain.views.state import ConsoleState
from console.domain.views.table import Column, Row, Table, filtered, heading
from console.domain.views.words import plural
from screens.base import ConsoleScreen
from screens.widgets.panel import Panel
from screens.widgets.table_panel import TablePanel


@dataclass(frozen=True)
class ListHead:
    """What the line above the table says."""

    title: str
    noun: str
    """One row: `event`."""
    shown: int
    total: int
    wanted: str = ""
    """The filter."""
    note: str = ""


class ListScreen(ConsoleScreen):
    """Subclasses say what is listed (`table`); esc takes the filter away first, then goes back."""

    CSS_PATH = "listing.tcss"
    AUTO_FOCUS = "#table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter"),
        Binding("escape", "leave", "Back", id="list.back"),
    ]
    NOUN: ClassVar[str] = "row"
    HEADING: ClassVar[str] = ""
    OPENS: ClassVar[bool] = True
    """Enter is the table's (`TablePanel.Opened`); False where the screen binds it by a name of its own."""

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self._head = Panel(paint_list_head, id="list-head")
        self._heading = Panel(paint_heading, id="heading")
        self._table = TablePanel(id="table", opens=self.OPENS)
        self._filter = Input(id="filter", compact=True, placeholder="words that a row must contain; !word must not be in it")
        self._shown = Table(())

    def table(self) -> Table:
        """Everything that is listed, from `self.state`."""
        raise NotImplementedError

    def listed(self) -> str:
        """What is listed, in words."""
        return self.HEADING

    def compose_body(self) -> ComposeResult:
        yield self._head
        yield self._heading
        yield self._table
        yield from self.compose_more()
        yield self._filter

    def compose_more(self) -> ComposeResult:
        """Below the table."""
        yield from ()

    def draw(self) -> None:
        whole = self.table()
        self._shown = filtered(whole, self.wanted)
        self._head.show(ListHead(self.listed(), self.NOUN, len(self._shown.rows), self._shown.total, self.wanted, whole.note))
        self._heading.show(whole.columns)
        self._table.show(self._shown)
        self.draw_chosen(self.chosen)

    def draw_chosen(self, row: Row | None) -> None:
        """Show what belongs to the chosen row; called whenever it, or what is known of it, may be another."""

    @property
    def crumb(self) -> str:
        return self.CRUMB or self.HEADING

    def copy_text(self) -> str:
        """The chosen row."""
        return self.chosen.text if self.chosen else ""

    @property
    def chosen(self) -> Row | None:
        """The chosen row, where there is one."""
        return self._table.chosen

    @property
    def wanted(self) -> str:
        """The filter; empty where everything is shown."""
        return self._filter.value.strip()

    def on_mount(self) -> None:
        self._filter.display = False
        super().on_mount()

    def action_filter(self) -> None:
        self._filter.display = True
        self._filter.focus()

    def action_leave(self) -> None:
        """Out of the filter's line, then without a filter, then back."""
        if self._filter.display or self.wanted:
            self._filter.value = ""
            self._close_filter()
        else:
            self.app.run_worker(self.app.run_action("go_back"), exit_on_error=False)

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self.draw()

    @on(Input.Submitted, "#filter")
    def _filter_given(self) -> None:
        self._close_filter()

    @on(TablePanel.Chosen, "#table")
    def _row_chosen(self) -> None:
        self.draw_chosen(self.chosen)
        self.draw_hints()

    def _close_filter(self) -> None:
        self._filter.display = False
        self._table.focus()
        self.draw()


def paint_list_head(head: ListHead, width: int, height: int) -> tuple[Line, ...]:
    """`Events  12 of 40 with “crash”          STALE 4s`."""
    counted = plural(head.total, head.noun)
    if head.wanted:
        counted = f"{head.shown} of {counted} with “{head.wanted}” (esc shows all)"
    left: Line = (Span(" "), span(head.title, "strong"), span(f"  {counted}" if head.total or not head.note else ""))
    right: Line = (span(head.note + " ", "waiting"),) if head.note else ()
    return (spread(left, clip(right, width // 2), width),)


def paint_heading(columns: tuple[Column, ...], width: int, height: int) -> tuple[Line, ...]:
    """The columns' titles, above a table that has a scrollbar at its right."""
    return (heading(columns, width - 2),) if columns else ()
