"""The Logs screen: several pods' lines as one, followed, filtered, wrapped, held, and saved to a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from console.domain.logs import LogPage, LogRequest, LogScope
from console.domain.views.logs import SINCE, LogsHead, logs_head, saved_text, tags_of
from console.domain.views.state import ConsoleState
from screens.base import ConsoleScreen
from screens.messages import KeepAsked, Wanted
from screens.paint.logs import paint_logs_head
from screens.widgets.log_panel import LogLook, LogPanel
from screens.widgets.panel import Panel


class LogsScreen(ConsoleScreen):
    """While it is held it shows the page from then; what comes meanwhile is counted."""

    CSS_PATH = "logs.tcss"
    CRUMB: ClassVar[str] = "Logs"
    AUTO_FOCUS = "#lines"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,f", "follow", "Pause", key_display="space", id="logs.follow"),
        Binding("slash", "filter", "Filter", key_display="/", id="logs.filter"),
        Binding("w", "wrap", "Wrap", id="logs.wrap"),
        Binding("p", "previous", "Previous", id="logs.previous"),
        Binding("t", "times", "Times", id="logs.times"),
        Binding("s", "save", "Save", id="logs.save"),
        Binding("0", "since(0)", "Last lines", key_display="0-4", id="logs.since_0"),
        *(
            Binding(str(n), f"since({n})", f"Last {words}", show=False, id=f"logs.since_{n}")
            for n, words in ((1, "minute"), (2, "5 minutes"), (3, "15 minutes"), (4, "hour"))
        ),
        Binding("escape", "leave", "Back", id="logs.back"),
    ]

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self.request = LogRequest(LogScope(slot=_users_slot(state)))
        self._held: LogPage | None = None
        self._wrap = False
        self._times = True
        self._head = Panel(paint_logs_head, id="logs-head")
        self._lines = LogPanel(id="lines")
        self._filter = Input(id="filter", compact=True, placeholder="words that a line must contain; !word must not be in it")

    def compose_body(self) -> ComposeResult:
        yield self._head
        yield self._lines
        yield self._filter

    def on_mount(self) -> None:
        self._filter.display = False
        super().on_mount()
        self.post_message(Wanted())

    @property
    def wants(self) -> tuple[object, ...]:
        return (self.request,)

    def look_at(self, subject: object) -> None:
        """Another scope: its newest lines."""
        if isinstance(subject, LogScope):
            self._ask(LogRequest(subject))

    @property
    def page(self) -> LogPage | None:
        """What is shown: the page that is held, else the newest."""
        return self._held or self._newest

    @property
    def wanted(self) -> str:
        return self._filter.value.strip()

    def draw(self) -> None:
        page = self.page
        tags = tags_of(page.sources, self.state.environment) if page else ()
        look = LogLook(tuple(self.wanted.lower().split()), self._wrap, self._times, tags, self.state.zone)
        self._lines.show(page, look, follows=self._held is None)
        self._head.show(self._head_view())

    def labels(self) -> Mapping[str, str]:
        return {
            "follow": "Pause" if self._held is None else "Follow",
            "previous": "Present" if self.request.previous else "Previous",
            "wrap": "Cut" if self._wrap else "Wrap",
            "times": "No times" if self._times else "Times",
        }

    def refusals(self) -> Mapping[str, str]:
        none = "no lines yet"
        return {} if self.page is not None and self.page.lines else {"save": none, "follow": none}

    def action_follow(self) -> None:
        if self.may("follow"):
            self._hold(self._held is None)

    def action_filter(self) -> None:
        self._filter.display = True
        self._filter.focus()

    def action_wrap(self) -> None:
        self._wrap = not self._wrap
        self._draw_all()

    def action_times(self) -> None:
        self._times = not self._times
        self._draw_all()

    def action_previous(self) -> None:
        self._ask(replace(self.request, previous=not self.request.previous, since=None))

    def action_since(self, number: int) -> None:
        self._ask(replace(self.request, since=SINCE[number]))

    def action_save(self) -> None:
        page = self.page
        if not self.may("save") or page is None:
            return
        server = self.state.environment.cluster.server or self.state.connecting if self.state.environment else self.state.connecting
        words = tuple(self.wanted.lower().split())
        scope = self.request.scope
        name = "-".join(part for part in ("logs", scope.pod or scope.slot, "" if scope.pod else scope.component) if part)
        self.post_message(KeepAsked(name, saved_text(page, self._head_view(), words=words, wanted=self.wanted, server=server)))

    def action_leave(self) -> None:
        """Out of the filter's line, then without a filter, then back."""
        if self._filter.display or self.wanted:
            self._filter.value = ""
            self._close_filter()
        else:
            self.app.run_worker(self.app.run_action("go_back"), exit_on_error=False)

    @on(LogPanel.Held)
    def _moved(self, message: LogPanel.Held) -> None:
        self._hold(message.on)

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self.draw()

    @on(Input.Submitted, "#filter")
    def _filter_given(self) -> None:
        self._close_filter()

    @property
    def _newest(self) -> LogPage | None:
        page = self.state.logs
        return page if page is not None and page.request == self.request else None

    def _head_view(self) -> LogsHead:
        newest = self._newest
        newer = newest.seen - self._held.seen if newest is not None and self._held is not None else 0
        return logs_head(
            self.page, self.request, wanted=self.wanted, matches=self._lines.matches, paused=self._held is not None, newer=newer,
            connected=self.state.connected,
        )  # fmt: skip

    def _hold(self, on: bool) -> None:
        self._held = self._newest if on else None
        self._draw_all()

    def _ask(self, request: LogRequest) -> None:
        self.request, self._held = request, None
        if self.is_mounted:
            self._draw_all()
            self.post_message(Wanted())

    def _close_filter(self) -> None:
        self._filter.display = False
        self._lines.focus()
        self.draw()


def _users_slot(state: ConsoleState) -> str:
    """The slot that users are on; empty, which means all, where that cannot be said."""
    return state.position.active or "" if state.position else ""
