"""The line that `:` opens: the name of a place, a runbook or a run, with what fits it below. It returns a word; its caller goes there."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from console.domain.views.jump import Destination, fitting
from console.domain.views.lines import Line, Span, clip, column, span
from console.domain.views.state import ConsoleState
from screens.base import Dialog
from screens.widgets.panel import Panel

SHOWN = 10
"""Destinations shown at once."""


class Jump(Dialog[str]):
    """Enter goes to the marked one, tab completes it, the arrows mark another."""

    CSS_PATH = "jump.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("up", "mark(-1)", "Before", show=False),
        Binding("down", "mark(1)", "Next", show=False),
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]

    def __init__(self, state: ConsoleState, destinations: tuple[Destination, ...]) -> None:
        super().__init__(state)
        self._all = destinations
        self._found = destinations
        self._marked = 0
        self._field = Input(compact=True, placeholder="where to", id="jump")
        self._offers = Panel(_paint, id="jump-offers")

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = "Go to"
            yield self._field
            yield self._offers

    def on_mount(self) -> None:
        self._draw()

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_mark(self, by: int) -> None:
        self._marked = max(0, min(self._marked + by, len(self._found) - 1))
        self._draw()

    def action_complete(self) -> None:
        if self._found:
            self._field.value = self._found[self._marked].word
            self._field.cursor_position = len(self._field.value)

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        self._found = fitting(self._all, message.value)
        self._marked = 0
        self._draw()

    @on(Input.Submitted)
    def _given(self) -> None:
        if self._found:
            self.dismiss(self._found[self._marked].word)

    def _draw(self) -> None:
        self._offers.show((self._found, self._marked))


def _paint(view: tuple[tuple[Destination, ...], int], width: int, height: int) -> tuple[Line, ...]:
    found, marked = view
    if not found:
        return ((span("nothing is called so: esc goes back", "dim"),),)
    first = max(0, min(marked - SHOWN + 1, len(found) - SHOWN))
    rows: list[Line] = []
    for n, each in enumerate(found[first : first + SHOWN], first):
        mark = Span("▶ " if n == marked else "  ", "running")
        rows.append(clip((mark, column(each.word, 20, "strong" if n == marked else "plain"), span("  " + each.about, "dim")), width))
    if len(found) > SHOWN:
        rows.append((span(f"  {len(found)} in all", "dim"),))
    return tuple(rows)
