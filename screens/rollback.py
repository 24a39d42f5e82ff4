"""The Rollback screen: where users could go back to. Going here is free of risk; only the question changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.domain.views.rollback import RUNBOOK, RollbackView, TargetRow, rollback_view
from console.domain.views.state import ConsoleState
from screens.base import ConsoleScreen
from screens.messages import CommandsAsked, RollbackAsked
from screens.paint.steps import paint_said, paint_targets, paint_users
from screens.widgets.boxes import entitle
from screens.widgets.panel import Panel
from screens.widgets.scroll_panel import ScrollPanel


class RollbackScreen(ConsoleScreen):
    """Targets, the best one chosen; below, what the chosen one would do."""

    CSS_PATH = "rollback.tcss"
    CRUMB: ClassVar[str] = "Rollback"
    AUTO_FOCUS = "#targets"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_back", "Roll back…", id="rollback.ask"),
        Binding("w", "commands", "kubectl", id="rollback.commands"),
        Binding("escape", "app.go_back", "Back", id="rollback.back"),
    ]

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self._chosen = ""
        """Key of the target that a person chose; empty: the best one."""
        self._users = Panel(paint_users, id="users")
        self._targets = ScrollPanel(paint_targets, id="targets", chooses=True)
        self._effect = ScrollPanel(paint_said, id="effect")
        self._effect_box = Vertical(self._effect, id="effect-box")

    def compose_body(self) -> ComposeResult:
        yield self._users
        yield self._targets
        yield self._effect_box

    def draw(self) -> None:
        view = rollback_view(self.state)
        self._users.show(view)
        self._targets.show(view)
        row = self._row(view)
        if view.rows and self._targets.row != row:
            self._targets.choose(row)
        self._draw_effect(view.rows[row] if view.rows else None)

    def refusals(self) -> Mapping[str, str]:
        found = {"commands": "" if self.state.connected else "not connected yet", "go_back": self._no_way()}
        return {name: reason for name, reason in found.items() if reason}

    def labels(self) -> Mapping[str, str]:
        target = self._target()
        return {"go_back": f"Roll back to {target.name}…"} if target else {}

    def action_go_back(self) -> None:
        target = self._target()
        if self.may("go_back") and target is not None:
            self.post_message(RollbackAsked(f"Roll back to {target.name}?", RUNBOOK, target.inputs or {}))

    def action_commands(self) -> None:
        if self.may("commands"):
            self.post_message(CommandsAsked())

    @on(ScrollPanel.Chosen, "#targets")
    def _target_chosen(self, message: ScrollPanel.Chosen) -> None:
        view = rollback_view(self.state)
        if message.row < len(view.rows):
            self._chosen = view.rows[message.row].key if message.row else ""
            self._draw_effect(view.rows[message.row])
            self.draw_hints()

    def _draw_effect(self, target: TargetRow | None) -> None:
        entitle(self._effect_box, f"what going back to {target.name} does" if target else "no way back")
        self._effect.show(target.effects if target else ())

    def _row(self, view: RollbackView) -> int:
        return next((n for n, row in enumerate(view.rows) if row.key == self._chosen), 0)

    def _target(self) -> TargetRow | None:
        view = rollback_view(self.state)
        return view.rows[self._row(view)] if view.rows else None

    def _no_way(self) -> str:
        target = self._target()
        if self.state.read_only:
            return "READ-ONLY: this console may not change anything"
        if not self.state.connected:
            return f"not connected yet: {self.state.connecting}"
        if RUNBOOK not in self.state.runbooks:
            return "no runbook “rollback” is configured"
        return target.refusal if target else "there is no way back right now"
