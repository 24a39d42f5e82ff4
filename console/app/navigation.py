"""From screen to screen: one dialog at most, no screen twice, esc always back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from textual.app import App
from textual.screen import ModalScreen, Screen

from console.domain.ids import RunId
from console.domain.views.jump import Destination
from console.domain.views.state import ConsoleState
from screens.base import ConsoleScreen, Dialog
from screens.keys import all_hints_of
from screens.places import Place

FLOOR = 2
"""Screens that are never left: the first frame, and the Overview that covers it."""


class Teller(Protocol):
    """Who knows the state and has the message line (the core)."""

    @property
    def state(self) -> ConsoleState: ...
    def say(self, text: str, *, error: bool = False) -> None: ...


class Navigation:
    """Screens are imported when they are first gone to, so that the first frame does not wait for them."""

    def __init__(self, stage: App[int], teller: Teller) -> None:
        self._stage = stage
        self._teller = teller

    def close_dialog(self) -> None:
        """Leave the dialog on top unanswered."""
        if isinstance(self._stage.screen, ModalScreen):
            self._stage.screen.dismiss(None)

    def back(self) -> None:
        """One screen back; the Overview stays."""
        if isinstance(self._stage.screen, ModalScreen):
            self.close_dialog()
        elif len(self._stage.screen_stack) > FLOOR:
            self._stage.pop_screen()

    def home(self) -> None:
        """The Overview."""
        self.close_dialog()
        while len(self._stage.screen_stack) > FLOOR:
            self._stage.pop_screen()

    def to_place(self, place: Place, subject: object = None) -> None:
        """A screen that is on the stack already is gone back to; `subject` is what it is to show."""
        wanted = place.load()
        shown: Screen[Any]
        if self._uncover(lambda s: type(s) is wanted):
            shown = self._stage.screen
        else:
            shown = wanted(self._teller.state)
            self._stage.push_screen(shown)
        if subject is not None and isinstance(shown, ConsoleScreen):
            shown.look_at(subject)

    def to_run(self, run: RunId) -> None:
        """The screen that showed its plan becomes the run's; a plan that was made from the checklist leads back to it."""
        from screens.run import RunScreen

        if self._to_checklist(run):
            return
        if self._uncover(lambda s: isinstance(s, RunScreen) and s.run in (run, None)):
            screen = self._stage.screen
            assert isinstance(screen, RunScreen)
            screen.become(run)
        else:
            self._stage.push_screen(RunScreen(self._teller.state, run))

    def _to_checklist(self, run: RunId) -> bool:
        """Go back to the checklist below the plan of this run, which was just started."""
        stack = [s for s in self._stage.screen_stack if not isinstance(s, ModalScreen)]
        if len(stack) < FLOOR + 2 or not isinstance(stack[-2], ConsoleScreen) or not stack[-2].takes_started:
            return False
        if getattr(stack[-1], "run", run) is not None:
            return False
        self.close_dialog()
        self._stage.pop_screen()
        stack[-2].become(run)
        return True

    def to_plan(self) -> None:
        from screens.run import RunScreen

        self._uncover(lambda s: isinstance(s, RunScreen) and s.run is None) or self._stage.push_screen(RunScreen(self._teller.state))

    def to_form(self, runbook: str, taken: Callable[[Mapping[str, str] | None], None]) -> None:
        """Ask for the inputs of a runbook; one without inputs is planned at once."""
        from screens.form import ASKED_LATER, InputForm

        found = self._teller.state.runbooks.get(runbook)
        if found is None:
            self._teller.say(f"no runbook “{runbook}” is configured", error=True)
        elif all(wanted.name in ASKED_LATER for wanted in found.inputs):
            taken({})
        else:
            self._stage.push_screen(InputForm(self._teller.state, found), taken)

    def to_note(self, taken: Callable[[str | None], None]) -> None:
        from screens.note import NoteForm

        self._stage.push_screen(NoteForm(self._teller.state), taken)

    def to_commands(self, text: str) -> None:
        from screens.page import Page

        self.close_dialog()
        self._stage.push_screen(Page(self._teller.state, "kubectl commands that go back now", copies=text))

    def to_jump(self, destinations: tuple[Destination, ...], taken: Callable[[str | None], None]) -> None:
        from screens.jump import Jump

        self.close_dialog()
        self._stage.push_screen(Jump(self._teller.state, destinations), taken)

    def show_welcome(self, *, needed: bool) -> None:
        """Over everything while there are no settings; gone as soon as there are."""
        shown = any(type(screen).__name__ == "Welcome" for screen in self._stage.screen_stack)
        if needed and not shown:
            from screens.welcome import Welcome

            self.home()
            self._stage.push_screen(Welcome(self._teller.state))
        elif shown and not needed:
            self.home()

    def help(self) -> None:
        from screens.page import Page, help_lines

        screen = self._stage.screen
        if isinstance(screen, ConsoleScreen):
            hints = all_hints_of(screen, labels=screen.labels(), refusals=screen.refusals())
            self._stage.push_screen(Page(self._teller.state, "Keys", help_lines(hints)))

    def wants(self) -> tuple[object, ...]:
        """What the screens show beside the state, that of the one on top last."""
        return tuple(want for s in self._stage.screen_stack if isinstance(s, ConsoleScreen) for want in s.wants)

    def shows_plan(self) -> bool:
        """A plan is being looked at, or a question asks about it."""
        return any(s.needs_plan for s in self._stage.screen_stack if isinstance(s, ConsoleScreen | Dialog))

    def shows_connections(self) -> bool:
        """Somebody looks at what the console is connected to."""
        return any(s.needs_connections for s in self._stage.screen_stack if isinstance(s, ConsoleScreen))

    def runs_in_view(self) -> tuple[RunId, ...]:
        """Runs whose journal is shown: the newest in the feed, and that of a run screen."""
        newest = [r.id for r in (self._teller.state.runs or ())[:1]]
        shown = [run for s in self._stage.screen_stack if (run := getattr(s, "run", None)) is not None and isinstance(run, int)]
        return tuple(dict.fromkeys(RunId(run) for run in (*newest, *shown)))

    def _uncover(self, wanted: Callable[[Screen[Any]], bool]) -> bool:
        """Close the dialog and go back to a screen that is on the stack already; False when there is none."""
        self.close_dialog()
        below = [s for s in self._stage.screen_stack if not isinstance(s, ModalScreen)]
        position = next((n for n, s in enumerate(below) if wanted(s)), None)
        if position is None:
            return False
        for _ in below[position + 1 :]:
            self._stage.pop_screen()
        return True
