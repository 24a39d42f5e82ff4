"""What every screen and dialog has: the header, alarms, messages and keys, and one way in for data (`show_state`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, TypeVar

from textual import events
from textual._styles_cache import StylesCache
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from console.domain.ids import RunId
from console.domain.views.header import header_view
from console.domain.views.overview import alarm_text, standing_text
from console.domain.views.state import ConsoleState
from screens.keys import hints_of
from screens.messages import CopyAsked, Said
from screens.paint.chrome import SMALLEST, paint_alarm, paint_header, paint_hints, paint_notice, paint_too_small
from screens.widgets.panel import Panel

R = TypeVar("R")


class ConsoleScreen(Screen[None]):
    """A full screen. Subclasses make their panels at once, compose them and show data in them in `draw`.

    Panels are held, not looked up: data may come before they are on the screen and after they have left it.
    """

    CRUMB: ClassVar[str] = ""
    """What the way to this screen calls it."""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "Copy", show=False, id="console.copy")]

    def __init__(self, state: ConsoleState) -> None:
        super().__init__()
        self.state = state
        self._alarm = Panel(paint_alarm, id="alarm")
        self._header = Panel(paint_header, id="header")
        self._too_small = Panel(paint_too_small, id="too-small")
        self._notice = Panel(paint_notice, id="notice")
        self._hints = Panel(paint_hints, id="hints")

    def compose(self) -> ComposeResult:
        yield self._alarm
        yield self._header
        yield from self.compose_body()
        yield self._too_small
        yield self._notice
        yield self._hints

    @property
    def needs_plan(self) -> bool:
        """The draft's plan is shown here."""
        return False

    @property
    def needs_connections(self) -> bool:
        """The connections are shown here."""
        return False

    @property
    def takes_started(self) -> bool:
        """A run that was started from here is shown here."""
        return False

    def become(self, run: RunId) -> None:
        """Show this run from now on."""

    @property
    def wants(self) -> tuple[object, ...]:
        """What this screen shows beside what every state holds: requests that are served while it is there."""
        return ()

    def look_at(self, subject: object) -> None:
        """What the screen is gone to for, where it can show one thing or another."""

    def compose_body(self) -> ComposeResult:
        """The part between header and messages."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show `self.state` in the body."""
        raise NotImplementedError

    def labels(self) -> Mapping[str, str]:
        """What an action does right now, by action, where that differs from its usual name."""
        return {}

    def refusals(self) -> Mapping[str, str]:
        """Why an action cannot be used right now, by action."""
        return {}

    @property
    def crumb(self) -> str:
        """One word in the way from the Overview to here."""
        return self.CRUMB

    def copy_text(self) -> str:
        """What `y` copies: all that is shown between header and keys, unless a screen knows better."""
        chrome = (self._header, self._notice, self._hints)
        shown = [panel for panel in self.query("Panel, ScrollPanel") if panel.display and panel not in chrome]
        return "\n".join(text for panel in shown if (text := getattr(panel, "text", "")))

    def action_copy(self) -> None:
        self.post_message(CopyAsked(self.copy_text()))

    def show_state(self, state: ConsoleState) -> None:
        """The only way in for data."""
        self.state = state
        if self.is_mounted:
            self._draw_all()

    def on_mount(self) -> None:
        self._draw_all()

    def on_unmount(self) -> None:
        forget_drawn()

    def on_resize(self, event: events.Resize) -> None:
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        self.set_class(small, "-small")
        self._draw_all()

    def draw_hints(self) -> None:
        """The keys, from the live bindings."""
        self._hints.show(hints_of(self, labels=self.labels(), refusals=self.refusals()))

    def may(self, action: str) -> bool:
        """True when the action can be used now; else says why not."""
        reason = self.refusals().get(action, "")
        if reason:
            self.post_message(Said(reason, "error"))
        return not reason

    def _crumbs(self) -> tuple[str, ...]:
        """From the Overview to here."""
        stack = [screen for screen in self.app.screen_stack if isinstance(screen, ConsoleScreen)]
        below = stack[: stack.index(self) + 1] if self in stack else [self]
        return tuple(screen.crumb for screen in below if screen.crumb)

    def _draw_all(self) -> None:
        state = self.state
        with self.app.batch_update():
            self._alarm.show(alarm_text(state))
            self._header.show(header_view(state, self._crumbs()))
            self._notice.show(notice_text(state))
            self._too_small.show((self.size.width, self.size.height, standing_text(state)))
            self.draw()
            self.draw_hints()


class Dialog(ModalScreen[R | None]):
    """A modal screen; panels behind it go on living. Never more than one at a time."""

    def __init__(self, state: ConsoleState) -> None:
        super().__init__()
        self.state = state

    @property
    def needs_plan(self) -> bool:
        """The draft's plan is shown here."""
        return False

    def show_state(self, state: ConsoleState) -> None:
        self.state = state

    def on_unmount(self) -> None:
        forget_drawn()

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Once, and only while it is on top: a key that was queued behind the one that closed it must not close what is below."""
        return super().dismiss(result) if self.is_current else AwaitComplete()


def forget_drawn() -> None:
    """A cache of Textual's keeps what a thousand widgets have drawn, long after they are gone: some 40 KB each."""
    StylesCache.get_inner_outer.cache_clear()


NOTICE_SECONDS = {"info": 12.0, "error": 60.0}
"""How long a message stays, where no newer one takes its place."""


def notice_text(state: ConsoleState) -> tuple[str, bool]:
    """What the message line says: the last message, else what does not work right now."""
    notice = state.notice
    if notice and state.seconds_since(notice.at) < NOTICE_SECONDS[notice.severity]:
        return notice.text, notice.severity == "error"
    trouble: Iterable[str] = state.trouble.values()
    return "; ".join(trouble), bool(state.trouble)
