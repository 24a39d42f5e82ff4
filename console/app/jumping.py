"""What `:` knows: every place, the plan of every runbook, the newest runs; and how each is gone to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from console.app.navigation import Navigation
from console.domain.ids import RunId
from console.domain.views.jump import Destination
from console.domain.views.run import outcome_words
from console.domain.views.state import ConsoleState
from screens.places import PLACES, place

RUNS = 20
HOME = Destination("overview", "both slots side by side", ("home", "o"))


class Traveller(Protocol):
    """Who goes there (the core)."""

    @property
    def state(self) -> ConsoleState: ...
    def show_run(self, run: RunId) -> None: ...
    def plan_runbook(self, name: str) -> None: ...
    def leave(self) -> None: ...


def destinations(state: ConsoleState) -> tuple[Destination, ...]:
    """In the order in which they are offered."""
    return (HOME, *(Destination(p.name, p.about, p.aliases) for p in PLACES), *_runbooks(state), *_runs(state), _QUIT)


def go(word: str, core: Traveller, navigation: Navigation) -> None:
    """Go to the destination of this name."""
    kind, _, rest = word.partition(" ")
    if word == HOME.word:
        navigation.home()
    elif word == _QUIT.word:
        core.leave()
    elif found := place(word):
        navigation.to_place(found)
    elif kind == "plan":
        core.plan_runbook(rest)
    elif kind == "run":
        core.show_run(RunId(int(rest)))


_QUIT = Destination("quit", "leave the console; a run goes on", ("q",))


def _runbooks(state: ConsoleState) -> Iterator[Destination]:
    for name, runbook in state.runbooks.items():
        if not state.read_only:
            yield Destination(f"plan {name}", runbook.description or "nothing is changed before you confirm", (name,))


def _runs(state: ConsoleState) -> Iterator[Destination]:
    for record in (state.runs or ())[:RUNS]:
        how = "is on" if record.outcome is None else outcome_words(record.outcome)[1]
        yield Destination(f"run {record.id}", f"{record.title}: {how}", (str(record.id),))
