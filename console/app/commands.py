"""The command palette: what the keys do, every runbook, every run, themes; what cannot be used now says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from textual.app import App, SystemCommand
from textual.screen import Screen

from console.app.themes import OFFERED
from console.domain.ids import RunId
from console.domain.runbook import Runbook
from console.domain.views.run import outcome_words
from console.domain.views.state import ConsoleState
from screens.base import ConsoleScreen
from screens.form import named
from screens.keys import all_hints_of
from screens.paint.chrome import Hint

RUNS_OFFERED = 20
MOVES = {f"screen.{move}" for move in ("move(-1)", "move(1)", "move_page(-1)", "move_page(1)", "move_to(0)", "move_to(-1)")} | {
    "app.command_palette"
}
"""Keys that only move about are no commands."""


class Commanded(Protocol):
    """What the App lends."""

    @property
    def app(self) -> App[int]: ...
    @property
    def state(self) -> ConsoleState: ...
    def say(self, text: str, *, error: bool = False) -> None: ...
    def show_run(self, run: RunId) -> None: ...
    def plan_runbook(self, name: str) -> None: ...


def commands(core: Commanded, screen: Screen[Any]) -> Iterable[SystemCommand]:
    """Everything that can be done from `screen`."""
    if isinstance(screen, ConsoleScreen):
        for hint in all_hints_of(screen, labels=screen.labels(), refusals=screen.refusals()):
            if hint.action not in MOVES:
                yield _key(core, screen, hint)
    yield from _runbooks(core, core.state.runbooks)
    yield from _runs(core)
    for name in OFFERED:
        yield SystemCommand(f"Theme: {name}", "Colours only; words and glyphs say the same", partial(_set_theme, core, name))


def _key(core: Commanded, screen: Screen[Any], hint: Hint) -> SystemCommand:
    if hint.reason:
        return SystemCommand(hint.label, f"not now: {hint.reason}", partial(core.say, hint.reason, error=True))
    return SystemCommand(hint.label, f"key {hint.key}", _run(core, screen, hint.action))


def _run(core: Commanded, screen: Screen[Any], action: str) -> Callable[[], Any]:
    return lambda: core.app.run_action(action, screen)


def _runbooks(core: Commanded, runbooks: Mapping[str, Runbook]) -> Iterable[SystemCommand]:
    for name, runbook in runbooks.items():
        about = runbook.description or named(runbook)
        if core.state.read_only:
            yield SystemCommand(
                f"Plan {name}", "not now: READ-ONLY", partial(core.say, "READ-ONLY: this console may not change anything", error=True)
            )
        else:
            yield SystemCommand(f"Plan {name}", f"{about} (nothing is changed before you confirm)", partial(core.plan_runbook, name))


def _runs(core: Commanded) -> Iterable[SystemCommand]:
    for record in (core.state.runs or ())[:RUNS_OFFERED]:
        how = "is on" if record.outcome is None else outcome_words(record.outcome)[1]
        yield SystemCommand(f"Show run {record.id}", f"{record.title}: {how}", partial(core.show_run, record.id))


def _set_theme(core: Commanded, name: str) -> None:
    core.app.theme = name
    core.say(f"theme {name}. To keep it: `theme: {name}` in console.yml of your configuration folder (`bluegreen config path`)")
