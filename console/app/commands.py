"""The command palette: what the keys do, every runbook, every run, themes; what cannot be used now says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from textual.app import SystemCommand
from textual.screen import Screen

from console.app.themes import OFFERED
from console.domain.ids import RunId
from console.domain.runbook import Runbook
from console.domain.views.run import outcome_words
from console.domain.views.state import ConsoleState
from screens.base import ConsoleScreen
from screens.keys import all_hints_of
from screens.paint.chrome import Hint

RUNS_OFFERED = 20
MOVES = {f"screen.{move}" for move in ("move(-1)", "move(1)", "move_page(-1)", "move_page(1)", "move_to(0)", "move_to(-1)")} | {
    "app.command_palette"
}
"""Keys that only move about are no commands."""


class Commanded(Protocol):
    """What the App lends."""

    theme: str

    @property
    def state(self) -> ConsoleState: ...
    def say(self, text: str, *, error: bool = False) -> None: ...
    def show_run(self, run: RunId) -> None: ...
    def plan_runbook(self, name: str) -> None: ...
    async def run_action(self, action: str, default_namespace: Any = None) -> bool: ...


def commands(app: Commanded, screen: Screen[Any]) -> Iterable[SystemCommand]:
    """Everything that can be done from `screen`."""
    if isinstance(screen, ConsoleScreen):
        for hint in all_hints_of(screen, labels=screen.labels(), refusals=screen.refusals()):
            if hint.action not in MOVES:
                yield _key(app, screen, hint)
    yield from _runbooks(app, app.state.runbooks)
    yield from _runs(app)
    for name in OFFERED:
        yield SystemCommand(f"Theme: {name}", "Colours only; words and glyphs say the same", partial(_set_theme, app, name))


def _key(app: Commanded, screen: Screen[Any], hint: Hint) -> SystemCommand:
    if hint.reason:
        return SystemCommand(hint.label, f"not now: {hint.reason}", partial(app.say, hint.reason, error=True))
    return SystemCommand(hint.label, f"key {hint.key}", _run(app, screen, hint.action))


def _run(app: Commanded, screen: Screen[Any], action: str) -> Callable[[], Any]:
    return lambda: app.run_action(action, screen)


def _runbooks(app: Commanded, runbooks: Mapping[str, Runbook]) -> Iterable[SystemCommand]:
    for name, runbook in runbooks.items():
        about = runbook.description or runbook.title
        if app.state.read_only:
            yield SystemCommand(
                f"Plan {name}", "not now: READ-ONLY", partial(app.say, "READ-ONLY: this console may not change anything", error=True)
            )
        else:
            yield SystemCommand(f"Plan {name}", f"{about} (nothing is changed before you confirm)", partial(app.plan_runbook, name))


def _runs(app: Commanded) -> Iterable[SystemCommand]:
    for record in (app.state.runs or ())[:RUNS_OFFERED]:
        how = "is on" if record.outcome is None else outcome_words(record.outcome)[1]
        yield SystemCommand(f"Show run {record.id}", f"{record.title}: {how}", partial(app.show_run, record.id))


def _set_theme(app: Commanded, name: str) -> None:
    app.theme = name
