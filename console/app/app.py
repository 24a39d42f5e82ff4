"""The Textual App: holds the state, flushes it to the screens, goes from screen to screen. It decides nothing and changes nothing itself.

Data comes by `link`, changes go by `asking`; messages of the screens are handed on here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path, PurePath
from typing import Any, ClassVar

from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker, WorkerState

import screens
from console.app.asking import Asking
from console.app.commands import commands
from console.app.desk import Desk, DeskFactory
from console.app.doorbell import Doorbell
from console.app.link import Change, Job, Link, sentence
from console.app.navigation import Navigation
from console.app.signals import Farewell
from console.app.themes import DARK, DEFAULTS, THEMES
from console.app.throttle import Throttle
from console.app.wishes import Wishes
from console.domain.environment import Environment
from console.domain.ids import RunId
from console.domain.views.state import ConsoleState, Notice
from screens import messages
from screens.base import ConsoleScreen, Dialog
from screens.keys import ROLLBACK_KEYS
from screens.overview import Overview

FLUSH_EVERY = 0.1
"""Seconds between two paints, at least."""
TICK = 1.0
"""Seconds after which ages and durations are looked at again; what looks as before is not sent."""


def local_now() -> datetime:
    """Now, aware, in the machine's zone."""
    return datetime.now(UTC).astimezone()


class ConsoleApp(App[int]):
    """Paints at once, connects after; ends only when a person, SIGHUP or SIGTERM says so."""

    TITLE = "bluegreen"
    CSS_PATH: ClassVar[list[str | PurePath]] = [str(Path(screens.__file__).with_name(f"{name}.tcss")) for name in ("console", "overview")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(ROLLBACK_KEYS), "go_rollback", "Rollback, from anywhere", priority=True, show=False, id="console.go_rollback"),
        Binding("question_mark", "help", "Help", key_display="?", id="console.help"),
        Binding("ctrl+p", "command_palette", "Commands", priority=True, id="console.command_palette"),
        Binding("q,ctrl+q", "quit", "Quit", key_display="q", id="console.quit"),
        Binding("ctrl+c", "explain_interrupt", "Says how to leave", show=False, id="console.explain_interrupt"),
    ]

    def __init__(
        self,
        desk_factory: DeskFactory,
        *,
        connecting: str,
        environment: Environment | None = None,
        zone: tzinfo | None = None,
        now: Callable[[], datetime] = local_now,
        as_ascii: bool = False,
    ) -> None:
        """`connecting` says in words what is being connected to; `environment` may be known before the desk is there."""
        self.now = now
        self.state = ConsoleState(now=now(), zone=zone or now().tzinfo or UTC, connecting=connecting, environment=environment)
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name
        self.set_class(as_ascii, "-ascii")
        self._link = Link(self, desk_factory)
        self._asking = Asking(self)
        self._navigation = Navigation(self)
        self._wishes = Wishes(self, self._asking, self._navigation)
        self._throttle = Throttle(self._show, interval=FLUSH_EVERY, clock=time.monotonic, after=self.set_timer)
        self._farewell: Farewell | None = None
        self._doorbell = Doorbell(self.bell)

    def get_default_screen(self) -> Screen[Any]:
        return Overview(self.state)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DEFAULTS)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        return commands(self, screen)

    def on_load(self) -> None:
        """Before the terminal is taken over."""
        self._farewell = Farewell(asyncio.get_running_loop(), self._leave)
        self._farewell.install()

    def on_mount(self) -> None:
        self.call_after_refresh(lambda: self.work("link", self._link.run))
        self.set_interval(TICK, self._throttle.changed)

    async def on_unmount(self) -> None:
        if self._farewell:
            self._farewell.remove()
        await self._link.close()

    @property
    def desk(self) -> Desk | None:
        return self._link.desk

    def update(self, change: Change) -> None:
        """Replace the state; the screens hear of it at most ten times a second."""
        before, self.state = self.state, change(self.state)
        if self.state is not before:
            self._throttle.changed()

    def say(self, text: str, *, error: bool = False) -> None:
        """Put a line where the person looks."""
        self.update(lambda s: replace(s, notice=Notice(text, "error" if error else "info", self.now())))

    def work(self, name: str, job: Job) -> None:
        """Run a job beside the screens. What it does not handle becomes a line, never the end."""
        self.run_worker(job, name=name, group=name, exit_on_error=False)

    def open_dialog(self, screen: Screen[Any], taken: Callable[[Any], None]) -> None:
        """Never more than one deep: a dialog that is open gives way."""
        self._navigation.close_dialog()
        self.push_screen(screen, taken)

    def go_home(self) -> None:
        self._navigation.home()

    def show_run(self, run: RunId) -> None:
        """Go to the run and follow it entry by entry."""
        self._navigation.to_run(run)
        self.workers.cancel_group(self, "follow")
        self.work("follow", partial(self._link.follow_run, run))

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """A dialog sees every key before anything else does, so that none from before it was drawn can act (SAFETY 4.2)."""
        if isinstance(event, events.Key) and event.key not in ROLLBACK_KEYS:
            admits = getattr(self.screen, "admits", None)
            if admits is not None and not admits(event):
                return
        await super().on_event(event)

    def action_go_rollback(self) -> None:
        self._navigation.to_rollback()

    def action_go_back(self) -> None:
        self._navigation.back()

    def action_help(self) -> None:
        self._navigation.help()

    def action_command_palette(self) -> None:
        if not self.screen.is_modal:
            super().action_command_palette()

    async def action_quit(self) -> None:
        record = self.state.open_run
        if record is not None and self.state.connected:
            self._asking.leave(record, lambda: self.exit(0))
        else:
            self.exit(0)

    def action_explain_interrupt(self) -> None:
        self.say("ctrl+c stops nothing here. q leaves the console, a run goes on without it")

    @on(messages.Wish)
    def _fulfil(self, wish: messages.Wish) -> None:
        self._wishes.fulfil(wish)

    def plan_runbook(self, name: str) -> None:
        """Ask for the runbook's inputs, then show its plan."""
        self._wishes.plan(name)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What no border caught is still seen."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.say(f"{event.worker.name}: {sentence(event.worker.error)}", error=True)

    # What follows from a new state

    def _show(self) -> None:
        self.state = replace(self.state, now=self.now())
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen | Dialog):
                self._show_on(screen)
        self._doorbell.hear(self.state.runs or ())
        self._link.complete(self._navigation.runs_in_view(), self.work)

    def _show_on(self, screen: ConsoleScreen | Dialog[Any]) -> None:
        """What one screen cannot draw is said, and takes nothing else down."""
        try:
            screen.show_state(self.state)
        except Exception as error:
            text = f"{type(screen).__name__} cannot show this: {sentence(error)}"
            if self.state.notice is None or self.state.notice.text != text:
                self.say(text, error=True)

    def _leave(self, code: int) -> None:
        """The terminal is gone or the machine goes down: end cleanly, runs go on."""
        self.exit(code, return_code=code)
