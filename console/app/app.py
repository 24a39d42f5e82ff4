"""The Textual App: paints at once, imports and connects after, ends only when a person, SIGHUP or SIGTERM says so.

Keys that work everywhere are here; what the console is made of is `core`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from rich.segment import Segments
from textual import events, on
from textual._context import active_message_pump
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerFailed, WorkerState

import screens
from console.app.signals import Farewell
from console.app.themes import DARK, DEFAULTS, OFFERED, THEMES
from screens.messages import Visit, Wish
from screens.opening import Opening

if TYPE_CHECKING:
    from console.app.core import Core
    from console.app.desk import WatchFactory
    from console.domain.environment import Environment

ROLLBACK_KEYS = ("ctrl+r", "f8")
"""Go to the rollback screen from anywhere, dialogs and text fields included. Two keys: some terminals keep one for themselves."""


def _core() -> type[Core]:
    """Imports what takes as long as Textual itself."""
    from console.app.core import Core

    return Core


def local_now() -> datetime:
    """Now, aware, in the machine's zone."""
    return datetime.now(UTC).astimezone()


def left_behind(pump: object, stack: list[Screen[Any]]) -> bool:
    """Whether a widget or screen is on no screen that can be gone back to."""
    if isinstance(pump, App) or not isinstance(pump, Widget):
        return False
    on = next((node for node in pump.ancestors_with_self if isinstance(node, Screen)), None)
    return on is None or on not in stack


class ConsoleApp(App[int]):
    """The console of one environment."""

    TITLE = "bluegreen"
    CSS_PATH: ClassVar[list[str | PurePath]] = [str(Path(screens.__file__).with_name("console.tcss"))]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(ROLLBACK_KEYS), "go_rollback", "Rollback, from anywhere", priority=True, show=False, id="console.rollback"),
        Binding("question_mark", "help", "Help", key_display="?", id="console.help"),
        Binding("ctrl+p", "command_palette", "Commands", priority=True, id="console.commands"),
        Binding("colon", "jump", "Go to", key_display=":", show=False, id="console.jump"),
        Binding("q,ctrl+q", "quit", "Quit", key_display="q", id="console.quit"),
        Binding("ctrl+z", "suspend_process", "Suspend; fg comes back", show=False, id="console.suspend"),
        Binding("ctrl+c", "explain_interrupt", "Says how to leave", show=False, id="console.interrupt"),
    ]

    def __init__(
        self,
        desk_factory: WatchFactory,
        *,
        connecting: str,
        environment: Environment | None = None,
        zone: tzinfo | None = None,
        now: Callable[[], datetime] = local_now,
        as_ascii: bool = False,
        theme: str = "",
        preferences: Path | None = None,
    ) -> None:
        """`connecting` says in words what is being connected to; `environment` may be known before the desk is there.

        `preferences`: the folder of what the person likes.
        """
        super().__init__()
        for ours in THEMES:
            self.register_theme(ours)
        self.theme = theme if theme in OFFERED else DARK.name
        self.set_class(as_ascii, "-ascii")
        self.core: Core | None = None
        """None until the first frame was painted."""
        self._connecting = connecting
        self._make: Callable[[type[Core]], Core] = lambda core: core(
            self, desk_factory, connecting=connecting, environment=environment, zone=zone, now=now, preferences=preferences
        )
        self._farewell: Farewell | None = None

    def get_default_screen(self) -> Screen[Any]:
        return Opening(self._connecting)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DEFAULTS)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if self.core is None:
            return ()
        from console.app.commands import commands

        return commands(self.core, screen)

    def on_load(self) -> None:
        """Before the terminal is taken over."""
        self._farewell = Farewell(asyncio.get_running_loop(), self._leave)
        self._farewell.install()

    def on_mount(self) -> None:
        self.call_after_refresh(self._start)

    async def on_unmount(self) -> None:
        if self._farewell:
            self._farewell.remove()
        if self.core:
            await self.core.close()

    async def on_event(self, event: events.Event) -> None:
        """A dialog sees every key before anything else does, so that none from before it was drawn can act (SAFETY 4.2)."""
        if isinstance(event, events.Key) and not self.screen_stack:
            return  # it ends, and keys are still queued
        if isinstance(event, events.Key) and event.key not in ROLLBACK_KEYS:
            admits = getattr(self.screen, "admits", None)
            if admits is not None and not admits(event):
                return
        await super().on_event(event)

    def action_go_rollback(self) -> None:
        if self.core:
            self.core.fulfil(Visit("rollback"))

    def action_go_back(self) -> None:
        if self.core:
            self.core.navigation.back()

    def action_help(self) -> None:
        if self.core:
            self.core.navigation.help()

    def action_command_palette(self) -> None:
        if not self.screen.is_modal:
            super().action_command_palette()

    def action_jump(self) -> None:
        if self.core and not self.screen.is_modal:
            self.core.jump()

    async def action_quit(self) -> None:
        if self.core:
            self.core.leave()
        else:
            self.exit(0)

    def action_explain_interrupt(self) -> None:
        if self.core:
            self.core.say("ctrl+c stops nothing here. q leaves the console, a run goes on without it")

    @on(Wish)
    def _fulfil(self, wish: Wish) -> None:
        """Keys may still be queued when the last screen has gone: then there is nothing left to go to."""
        if self.core and self.screen_stack:
            self.core.fulfil(wish)

    def _handle_exception(self, error: Exception) -> None:
        """What goes wrong in a worker, or in a screen that was left already (its widgets are gone, a message for it was not), ends nothing.

        Our own workers catch what they raise; those of Textual's command palette do not.
        """
        if isinstance(error, WorkerFailed):
            self._say_failed("a search", error.error)
        elif left_behind(active_message_pump.get(None), self.screen_stack):
            self._say_failed("a screen that was left", error)
        else:
            super()._handle_exception(error)

    def _say_failed(self, what: str, error: BaseException) -> None:
        if self.core:
            self.core.failed(what, error)

    def _fatal_error(self) -> None:
        """The end by a mistake of ours: where it happened, without what the variables held (SAFETY 6), and what goes on."""
        from rich.console import Group
        from rich.traceback import Traceback

        self.bell()
        words = (
            "The console ended by a mistake of its own. Runs go on without it: `bluegreen runs` lists them, `bluegreen attach` follows one."
        )
        shown = Group(Traceback(show_locals=False, width=None), words)
        self._exit_renderables.append(Segments(self.console.render(shown, self.console.options)))
        self._close_messages_no_wait()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What no border caught is still seen."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            if self.core is None:
                raise event.worker.error
            self.core.failed(event.worker.name, event.worker.error)

    def _start(self) -> None:
        _: Worker[None] = self.run_worker(self._open, name="opening", exit_on_error=False)

    async def _open(self) -> None:
        self.core = self._make(await asyncio.to_thread(_core))
        self.core.open()

    def _leave(self, code: int) -> None:
        """The terminal is gone or the machine goes down: end cleanly, runs go on."""
        self.exit(code, return_code=code)
