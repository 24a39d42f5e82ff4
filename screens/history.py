"""The History screen: every run of this environment, open or ended, newest first; enter opens one as its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.domain.views.history import about_run, history_table
from console.domain.views.state import ConsoleState
from console.domain.views.table import Row, Table
from screens.listing import ListScreen
from screens.messages import OlderRunsAsked, Visit
from screens.paint.steps import paint_said
from screens.widgets.boxes import entitle
from screens.widgets.scroll_panel import ScrollPanel
from screens.widgets.table_panel import TablePanel


class HistoryScreen(ListScreen):
    """The newest runs at once; older ones are read when somebody asks for them, or comes to the end of the list."""

    CSS_PATH = "history.tcss"
    NOUN: ClassVar[str] = "run"
    HEADING: ClassVar[str] = "History"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_run", "Open", id="history.open"),
        Binding("m", "older", "Older runs", id="history.older"),
    ]

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self._about = ScrollPanel(paint_said, id="about")
        self._box = Vertical(self._about, id="about-box")

    def table(self) -> Table:
        return history_table(self.state)

    def compose_more(self) -> ComposeResult:
        yield self._box

    def draw_chosen(self, row: Row | None) -> None:
        record = self._record(row)
        entitle(self._box, f"run {record.id}: {record.title}" if record else "no run")
        self._about.show(about_run(record, zone=self.state.zone) if record else ())

    def labels(self) -> Mapping[str, str]:
        row = self.chosen
        return {"open_run": f"Open run {row.key}"} if row else {}

    def refusals(self) -> Mapping[str, str]:
        found = {
            "open_run": "" if self.chosen else "no run is chosen",
            "older": "there are no older ones" if self.state.oldest_known else "" if self.state.runs else "no run is recorded yet",
        }
        return {name: reason for name, reason in found.items() if reason}

    def action_open_run(self) -> None:
        row = self.chosen
        if self.may("open_run") and row is not None:
            self.post_message(Visit("run", RunId(int(row.key))))

    def action_older(self) -> None:
        if self.may("older"):
            self.post_message(OlderRunsAsked())

    @on(TablePanel.Opened, "#table")
    def _row_opened(self) -> None:
        self.action_open_run()

    @on(TablePanel.Chosen, "#table")
    def _near_the_end(self) -> None:
        rows = self.table().rows
        at_end = bool(rows) and self.chosen is not None and self.chosen.key == rows[-1].key
        if at_end and len(rows) > 1 and not self.state.oldest_known:
            self.post_message(OlderRunsAsked())

    def _record(self, row: Row | None) -> RunRecord | None:
        return self.state.run(RunId(int(row.key))) if row else None
