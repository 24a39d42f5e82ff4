"""The Events screen: what Kubernetes says of both slots, newest first."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from console.domain.views.events import events_table
from console.domain.views.lines import Line, wrapped
from console.domain.views.state import ConsoleState
from console.domain.views.table import Row, Table
from screens.listing import ListScreen
from screens.widgets.boxes import entitle
from screens.widgets.scroll_panel import ScrollPanel


class EventsScreen(ListScreen):
    """Every event, the whole message of the chosen one below."""

    CSS_PATH = "events.tcss"
    NOUN: ClassVar[str] = "event"
    HEADING: ClassVar[str] = "Events"

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self._message = ScrollPanel(_paint_message, id="message")
        self._box = Vertical(self._message, id="message-box")

    def table(self) -> Table:
        return events_table(self.state)

    def compose_more(self) -> ComposeResult:
        yield self._box

    def draw_chosen(self, row: Row | None) -> None:
        event = self.state.snapshot.world.events.get(row.key) if row and self.state.snapshot and self.state.snapshot.world else None
        entitle(self._box, f"{event.object_kind} {event.object_name}: {event.reason}" if event else "no event")
        self._message.show(event.message if event else "")


def _paint_message(text: str, width: int, height: int) -> tuple[Line, ...]:
    return wrapped(text, width) if text else ()
