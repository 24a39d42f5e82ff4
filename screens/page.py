"""A page of text over the screen: the keys, or the kubectl commands that would go back now."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.domain.views.lines import Line, Span, chopped, clip, column, span
from console.domain.views.state import ConsoleState
from screens.base import Dialog
from screens.messages import CopyAsked
from screens.paint.chrome import Hint
from screens.widgets.scroll_panel import ScrollPanel


class Page(Dialog[None]):
    """Read, scroll, copy, leave."""

    CSS_PATH = "page.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "app.go_back", "Back", key_display="esc"),
        Binding("c", "copy", "Copy"),
    ]

    def __init__(self, state: ConsoleState, title: str, lines: tuple[Line, ...] = (), *, copies: str = "") -> None:
        """Either lines, or a text that can be copied and is shown as it is."""
        super().__init__(state)
        self._title = title
        self._lines = lines
        self._copies = copies
        self._page = ScrollPanel(_paint, id="page")
        self._box = Vertical(self._page, id="box")

    def compose(self) -> ComposeResult:
        self._box.border_title = self._title
        self._box.border_subtitle = "c copies, esc goes back" if self._copies else "esc goes back"
        self._page.show((self._lines, self._copies))
        yield self._box

    def action_copy(self) -> None:
        if self._copies:
            self.post_message(CopyAsked(self._copies))
            self._box.border_subtitle = "copied, where the terminal allows it (OSC 52)"


def help_lines(hints: tuple[Hint, ...]) -> tuple[Line, ...]:
    """The keys of the screen below, with the reason of those that cannot be used now."""
    return tuple(_help(hint) for hint in hints)


def _help(hint: Hint) -> Line:
    reason: Line = (Span("  not now: ", "dim"), span(hint.reason, "waiting")) if hint.reason else ()
    return (column(hint.key, 16, "disabled" if hint.reason else "key"), span(hint.label), *reason)


def _paint(content: tuple[tuple[Line, ...], str], width: int, height: int) -> tuple[Line, ...]:
    lines, text = content
    return (*(clip(line, width) for line in lines), *(chopped(text, width) if text else ()))
