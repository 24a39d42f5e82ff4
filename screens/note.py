"""A line for the record. Enter writes it; a note changes nothing else."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from screens.base import Dialog


class NoteForm(Dialog[str]):
    """Returns the text, or None."""

    CSS_PATH = "form.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Back, nothing is written")]

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = "Note for the record"
            yield Input(placeholder="what you saw, decided or were told; Enter writes it", compact=True)

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    def _written(self, message: Input.Submitted) -> None:
        self.dismiss(message.value.strip() or None)
