"""The Sources screen: every connection of this console, how old what it says is, and what went wrong last."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from console.domain.views.sources import about_source, source_rows, sources_table
from console.domain.views.state import ConsoleState
from console.domain.views.table import Row, Table
from screens.listing import ListScreen
from screens.paint.steps import paint_said
from screens.widgets.boxes import entitle
from screens.widgets.scroll_panel import ScrollPanel


class SourcesScreen(ListScreen):
    """While it is open, journal, runner and lease are looked at again and again."""

    CSS_PATH = "sources.tcss"
    NOUN: ClassVar[str] = "source"
    HEADING: ClassVar[str] = "Sources"

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self._about = ScrollPanel(paint_said, id="about")
        self._box = Vertical(self._about, id="about-box")

    @property
    def needs_connections(self) -> bool:
        return True

    def table(self) -> Table:
        return sources_table(self.state)

    def compose_more(self) -> ComposeResult:
        yield self._box

    def draw_chosen(self, row: Row | None) -> None:
        found = next((each for each in source_rows(self.state) if row and each.name == row.key), None)
        entitle(self._box, found.name if found else "no source")
        self._about.show(about_source(found, self.state) if found else ())
