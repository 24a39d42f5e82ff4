"""The window's title and a notification's text: how things stand in a few words, worst first."""

from __future__ import annotations

from console.domain.run import RunRecord
from console.domain.views.marks import Mark
from console.domain.views.overview import users_verdict
from console.domain.views.state import ConsoleState


def title_text(state: ConsoleState) -> str:
    """`● production: blue v1.4.2, well ▶ deploy v1.5.0`; without figures and times, so that it changes only with what matters."""
    if state.environment is None:
        return f"? bluegreen: {state.connecting}"
    name, verdict = state.environment.name, users_verdict(state)
    asks = next((run for run in state.runs or () if run.question), None)
    if asks is not None:
        return f"{Mark.WAITING.glyph} {name}: {asks.title} asks"
    users = "cannot be seen" if verdict.mark is Mark.UNKNOWN else verdict.text.partition(":")[0]
    run = f" {Mark.RUNNING.glyph} {state.open_run.title}" if state.open_run else ""
    return f"{verdict.mark.glyph} {name}: {users}{run}"


def call_text(run: RunRecord) -> str:
    """What a person is called for: `production: deploy v1.5.0 asks: Switch live traffic to green?`."""
    asked = run.question.text if run.question else run.outcome_reason or "needs an operator"
    return f"{run.environment}: {run.title} asks: {asked}" if run.question else f"{run.environment}: {run.title}: {asked}"
