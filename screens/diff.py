"""The Diff screen: what the plan that is looked at would change, object by object. Nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.domain.object_diff import ObjectDiff
from console.domain.views.diff import diff_lines, diff_table
from console.domain.views.lines import Line, clip
from console.domain.views.state import ConsoleState
from console.domain.views.table import Row, Table
from screens.listing import ListScreen
from screens.messages import DiffAsked
from screens.widgets.boxes import entitle
from screens.widgets.scroll_panel import ScrollPanel


class DiffScreen(ListScreen):
    """Objects above, the chosen one's difference below."""

    CSS_PATH = "diff.tcss"
    NOUN: ClassVar[str] = "object"
    HEADING: ClassVar[str] = "Diff"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "again", "Make it again", id="diff.again"),
        Binding("tab", "app.focus_next", "List or text", show=False, id="diff.focus"),
    ]

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self._diff = ScrollPanel(_paint, id="diff")
        self._box = Vertical(self._diff, id="diff-box")

    @property
    def needs_plan(self) -> bool:
        return True

    def table(self) -> Table:
        return diff_table(self.state)

    def listed(self) -> str:
        draft = self.state.draft
        return f"Diff of {draft.plan.title if draft.plan else draft.title}" if draft else self.HEADING

    def compose_more(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        super().on_mount()
        if self.state.draft is not None:
            self.post_message(DiffAsked())

    def draw_chosen(self, row: Row | None) -> None:
        found = self._found(row)
        entitle(self._box, f"{found.kind} {found.name}" if found else "no object")
        self._diff.show(found)

    def refusals(self) -> Mapping[str, str]:
        return {} if self.state.draft else {"again": "no plan is being looked at"}

    def action_again(self) -> None:
        if self.may("again"):
            self.post_message(DiffAsked())

    def _found(self, row: Row | None) -> ObjectDiff | None:
        draft = self.state.draft
        objects = draft.diff.objects if draft and draft.diff else ()
        return next((each for each in objects if row and each.key == row.key), None)


def _paint(found: ObjectDiff | None, width: int, height: int) -> tuple[Line, ...]:
    return tuple(clip(line, width) for line in diff_lines(found)) if found else ()
