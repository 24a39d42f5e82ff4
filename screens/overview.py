"""The Overview: both slots side by side, one glance for who is live, is it well, what is running, can I go back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.domain.ids import RunId
from console.domain.views.feed import feed_view
from console.domain.views.overview import overview_view
from console.domain.views.state import ConsoleState
from screens.base import ConsoleScreen
from screens.messages import CommandsAsked, Visit
from screens.paint.overview import LinesView, paint_feed, paint_lines, paint_verdicts, verdicts_of
from screens.paint.slots import SlotsView, paint_slots
from screens.places import PLACES, Place
from screens.widgets.boxes import entitle
from screens.widgets.panel import Panel
from screens.widgets.scroll_panel import ScrollPanel

TALL = 30
"""Rows from which more alerts and components are shown."""


def _to(place: Place) -> Binding:
    return Binding(place.key, f"visit('{place.name}')", place.label, id=f"overview.{place.name}")


class Overview(ConsoleScreen):
    """Home. Nothing here changes anything."""

    CSS_PATH = "overview.tcss"
    CRUMB: ClassVar[str] = "Overview"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "deploy", "Deploy", id="overview.deploy"),
        _to(PLACES[0]),
        Binding("enter", "open_run", "Run", id="overview.open_run"),
        *(_to(each) for each in PLACES[1:] if each.key),
        Binding("w", "commands", "kubectl", id="overview.commands"),
    ]

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self._verdicts = Panel(paint_verdicts, id="verdicts")
        self._slots = Panel(paint_slots, id="slots")
        self._lines = Panel(paint_lines, id="lines")
        self._feed = ScrollPanel(paint_feed, id="feed")
        self._feed_box = Vertical(self._feed, id="feed-box")

    def compose_body(self) -> ComposeResult:
        yield self._verdicts
        yield self._slots
        yield self._lines
        yield self._feed_box

    def draw(self) -> None:
        view = overview_view(self.state)
        tall = self.size.height >= TALL
        split = self.state.position is not None and self.state.position.split
        self._verdicts.show(verdicts_of(view, split=split))
        self._slots.show(SlotsView(view.slots, most_components=10 if tall else 3))
        most = 4 if tall else 1
        self._lines.show(LinesView(view.way_back, view.triggers, view.run, view.alerts, most))
        feed = feed_view(self.state)
        entitle(self._feed_box, f"What is happening ▪ {feed.age}" if feed.age else "What is happening")
        self._feed.show(feed)

    def labels(self) -> Mapping[str, str]:
        record = self._run()
        return {"open_run": f"Run {record}" if record is not None else "Run"}

    def refusals(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        if self.state.read_only:
            found["deploy"] = "READ-ONLY: this console may not change anything"
        elif not self.state.connected:
            found["deploy"] = f"not connected yet: {self.state.connecting}"
        elif "deploy" not in self.state.runbooks:
            found["deploy"] = "no runbook “deploy” is configured"
        if self._run() is None:
            found["open_run"] = "the runs are not read yet" if self.state.runs is None else "no run is recorded yet"
        if not self.state.connected:
            found["commands"] = "not connected yet"
        return found

    def action_deploy(self) -> None:
        if self.may("deploy"):
            self.post_message(Visit("deploy"))

    def action_visit(self, place: str) -> None:
        self.post_message(Visit(place))

    def action_open_run(self) -> None:
        if self.may("open_run"):
            self.post_message(Visit("run", self._run()))

    def action_commands(self) -> None:
        if self.may("commands"):
            self.post_message(CommandsAsked())

    def _run(self) -> RunId | None:
        """The run that is on, else the last one."""
        runs = self.state.runs or ()
        record = self.state.open_run or next(iter(runs), None)
        return record.id if record else None
