"""Every place of the console: its word for `:`, its key on the Overview, and the screen that is imported when somebody goes there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from screens.base import ConsoleScreen


@dataclass(frozen=True, slots=True)
class Place:
    """A screen that is free of risk to go to and needs nothing but the state."""

    name: str
    """What a person types after `:`."""
    label: str
    """At the foot, in the help and in the palette."""
    about: str
    """One clause for the palette."""
    screen: str
    """`module:class`, imported when it is first gone to."""
    key: str = ""
    """On the Overview; empty where there is none."""
    aliases: tuple[str, ...] = ()

    def load(self) -> type[ConsoleScreen]:
        """The screen's class; it takes the state alone."""
        module, _, name = self.screen.partition(":")
        found: type[ConsoleScreen] = getattr(import_module(module), name)
        return found


PLACES = (
    Place("rollback", "Rollback", "where users could go back to", "screens.rollback:RollbackScreen", "r", ("back",)),
    Place("checklist", "Checklist", "a procedure item by item", "screens.checklist:ChecklistScreen", "c", ("check", "items")),
    Place("pods", "Pods", "the pods of both slots, those in trouble first", "screens.pods:PodsScreen", "p", ("po", "pod")),
    Place("logs", "Logs", "log lines of a slot's pods, followed and merged", "screens.logs:LogsScreen", "l", ("log",)),
    Place("metrics", "Metrics", "figures of both slots over a time, runs marked", "screens.metrics:MetricsScreen", "m", ("figures",)),
    Place("events", "Events", "what Kubernetes says of both slots", "screens.events:EventsScreen", "e", ("ev", "event")),
    Place("history", "History", "every run, and how it ended", "screens.history:HistoryScreen", "h", ("runs",)),
    Place("sources", "Sources", "every connection, its age and its last error", "screens.sources:SourcesScreen", "s", ("connections",)),
    Place("diff", "Diff", "what the plan that is looked at would change in each object", "screens.diff:DiffScreen"),
)
"""In the order of the foot. `overview` and `run` are no places of this kind: one is always there, the other needs a run."""


def place(name: str) -> Place | None:
    """The place of this name or alias."""
    return next((each for each in PLACES if name in (each.name, *each.aliases)), None)
