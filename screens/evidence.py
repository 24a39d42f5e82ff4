"""The form in which evidence is left with an item: the path of a file, or a few words. Enter keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from console.domain.views.lines import Line, wrapped
from console.domain.views.state import ConsoleState
from screens.base import Dialog
from screens.widgets.panel import Panel


@dataclass(frozen=True)
class EvidenceGiven:
    """One of the two."""

    file: str = ""
    text: str = ""


class EvidenceForm(Dialog[EvidenceGiven]):
    """Two fields, of which one is filled in."""

    CSS_PATH = "form.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back, nothing is kept"),
        Binding("up,down", "other", "The other field", show=False),
    ]

    def __init__(self, state: ConsoleState, *, title: str) -> None:
        super().__init__(state)
        self._title = title
        self._file = Input(id="file", compact=True, placeholder="path of a file on this machine")
        self._text = Input(id="text", compact=True, placeholder="a few words, or where the proof lies")
        self._problem = Panel(_paint_said, id="problem")

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = self._title
            yield _said("A file is copied beside the run and its sha256 goes into the journal (20 MiB at most).")
            yield self._file
            yield _said("Or a text:")
            yield self._text
            yield self._problem

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_other(self) -> None:
        (self._text if self.focused is self._file else self._file).focus()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        file, text = self._file.value.strip(), self._text.value.strip()
        if bool(file) == bool(text):
            self._problem.show("give a file or a text, and not both")
        elif self.is_current:
            self.dismiss(EvidenceGiven(file, text))


def _said(text: str) -> Panel[str]:
    panel = Panel(_paint_said)
    panel.show(text)
    return panel


def _paint_said(text: str, width: int, height: int) -> tuple[Line, ...]:
    return wrapped(text, width, tone="dim") if text else ()
