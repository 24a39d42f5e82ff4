"""The Run screen: the plan before, the progress during and the record after, one list of steps in three states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.domain.ids import RunId
from console.domain.run import RunRecord, StepState
from console.domain.views.plan import PlanView
from console.domain.views.run import RunView, failed_plan_view, plan_view, planning_view, run_view
from console.domain.views.state import ConsoleState
from screens.base import ConsoleScreen
from screens.messages import AnswerAsked, NoteAsked, OverrideAsked, ReportAsked, SkipWaitAsked, StartAsked, StopAsked, TakeOverAsked, Visit
from screens.paint.steps import WIDE, paint_head, paint_said, paint_steps, paint_summary
from screens.widgets.boxes import entitle
from screens.widgets.panel import Panel
from screens.widgets.scroll_panel import ScrollPanel


class RunScreen(ConsoleScreen):
    """Shows the draft's plan until it is given a run."""

    CSS_PATH = "run.tcss"
    AUTO_FOCUS = "#steps"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "Start…", id="run.go_on"),
        Binding("r", "rollback", "Rollback", id="run.rollback"),
        Binding("a", "stop", "Stop", id="run.stop"),
        Binding("e", "skip_wait", "End wait…", id="run.skip_wait"),
        Binding("escape", "app.go_back", "Back", id="run.back"),
        Binding("o", "override", "Override…", id="run.override"),
        Binding("f", "diff", "Diff", id="run.diff"),
        Binding("n", "note", "Note", id="run.note"),
        Binding("t", "take_over", "Take over", id="run.take_over"),
        Binding("w", "report", "Write report", id="run.report"),
    ]

    def __init__(self, state: ConsoleState, run: RunId | None = None) -> None:
        super().__init__(state)
        self.run = run
        self._chosen = ""
        """Step that a person chose; empty: the list follows the run."""
        self._head = Panel(paint_head, id="head")
        self._steps = ScrollPanel(paint_steps, id="steps", chooses=True)
        self._summary = Panel(paint_summary, id="summary")
        self._said = ScrollPanel(paint_said, id="said", follows=True)
        self._said_box = Vertical(self._said, id="said-box")

    def compose_body(self) -> ComposeResult:
        yield self._head
        yield self._steps
        yield self._summary
        yield self._said_box

    def become(self, run: RunId) -> None:
        """The plan was started: from now on this is its run."""
        self.run = run
        self._chosen = ""
        self.show_state(self.state)

    @property
    def crumb(self) -> str:
        return f"Run {self.run}" if self.run is not None else "Plan"

    @property
    def record(self) -> RunRecord | None:
        return self.state.run(self.run) if self.run is not None else None

    @property
    def needs_plan(self) -> bool:
        return self.run is None

    @property
    def plan(self) -> PlanView | None:
        """The plan, while this is no run yet."""
        draft = self.state.draft
        return draft.plan if draft and self.run is None else None

    def draw(self) -> None:
        view = self._view()
        self._head.show(view)
        self._steps.show(view)
        names = [each.step for each in view.rows]
        row = names.index(self._chosen) if self._chosen in names else view.current
        if names and self._steps.row != row:
            self._steps.choose(row)
        self._summary.show(view)
        self._draw_said(view, names[row] if names else "", row)

    def labels(self) -> Mapping[str, str]:
        record, live = self.record, self._live()
        waits = record is not None and record.question is not None
        left = {"take_over": "Go on…", "stop": "Leave as it is…"} if record is not None and record.undecided else {}
        return (
            {
                "override": f"Override {self.plan.override}…" if self.plan else "Override…",
                "go_on": "Answer…" if record else "Start…",
                "stop": f"Stop and stay on {live}" if live else "Stop",
                "app.go_back": "Back (the run goes on)" if record and record.open and self.size.width >= WIDE else "Back",
            }
            | ({"go_on": "Answer…"} if waits else {})
            | left
        )

    def refusals(self) -> Mapping[str, str]:
        record = self.record
        forbidden = "READ-ONLY: this console may not change anything" if self.state.read_only else ""
        found = {name: forbidden for name in ("go_on", "override", "stop", "note", "take_over")}
        if self.run is None:
            started = "the run is not started"
            found |= {name: forbidden or started for name in ("stop", "note", "take_over")}
            found["go_on"] = forbidden or self._no_start()
        elif record is None:
            found |= {name: "the run was not read yet" for name in found}
        else:
            ended = "" if record.open else "the run has ended"
            found |= {name: forbidden or ("" if record.undecided else ended) for name in ("stop", "take_over")}
            if record.undecided and not record.may_go_on:
                found["take_over"] = forbidden or "no step of it is in doubt: start a new run"
            found["go_on"] = forbidden or ended or ("" if record.question else "nothing is asked right now")
            step = record.current
            waits = step is not None and step.kind == "wait" and step.state is StepState.RUNNING
            found["skip_wait"] = forbidden or ended or ("" if waits else "it does not wait right now")
            if record.stop_requested:
                found["stop"] = forbidden or ended or "it is stopping already"
        if self.plan is None:
            found["diff"] = "there is no plan yet"
        found["report"] = "the run is not started" if self.run is None else "" if record else "the run was not read yet"
        return {name: reason for name, reason in found.items() if reason}

    def action_go_on(self) -> None:
        if not self.may("go_on"):
            return
        if self.run is not None:
            self.post_message(AnswerAsked(self.run))
        elif self.plan is not None:
            self.post_message(StartAsked())

    def action_override(self) -> None:
        if self.may("override"):
            self.post_message(OverrideAsked())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Overriding is offered where a plan is refused and a person may take the responsibility, ending a wait in a run that has one."""
        match action:
            case "override":
                return bool(self.plan and self.plan.override)
            case "diff":
                return self.run is None
            case "skip_wait":
                return self.record is not None and any(step.kind == "wait" for step in self.record.steps)
            case _:
                return True

    def action_stop(self) -> None:
        if self.may("stop") and self.run is not None:
            self.post_message(StopAsked(self.run))

    def action_skip_wait(self) -> None:
        if self.may("skip_wait") and self.run is not None:
            self.post_message(SkipWaitAsked(self.run))

    def action_note(self) -> None:
        if self.may("note") and self.run is not None:
            self.post_message(NoteAsked(self.run))

    def action_take_over(self) -> None:
        if self.may("take_over") and self.run is not None:
            self.post_message(TakeOverAsked(self.run))

    def action_diff(self) -> None:
        if self.may("diff"):
            self.post_message(Visit("diff"))

    def action_report(self) -> None:
        if self.may("report") and self.run is not None:
            self.post_message(ReportAsked(self.run))

    def action_rollback(self) -> None:
        self.post_message(Visit("rollback"))

    @on(ScrollPanel.Chosen, "#steps")
    def _step_chosen(self, message: ScrollPanel.Chosen) -> None:
        view = self._view()
        if message.row < len(view.rows):
            name = view.rows[message.row].step
            self._chosen = "" if message.row == view.current else name
            self._draw_said(view, name, message.row)

    def _draw_said(self, view: RunView, name: str, row: int) -> None:
        title = f"step {row + 1}: {view.rows[row].title}" if view.rows else "plan"
        entitle(self._said_box, title)
        self._said.show(view.details.get(name, ()))

    def _view(self) -> RunView:
        state, record, draft = self.state, self.record, self.state.draft
        name = state.environment.name if state.environment else ""
        if record is not None:
            usual = state.usual.get(record.runbook, {})
            return run_view(
                record, entries=state.entries.get(record.id, ()), usual=usual, now=state.now, zone=state.zone, server_now=state.server_now
            )
        if self.run is not None or draft is None:
            return planning_view(f"run {self.run}" if self.run is not None else "run", name)
        if draft.plan is not None:
            return plan_view(draft.plan)
        return failed_plan_view(draft.title, name, draft.problem) if draft.problem else planning_view(draft.title, name)

    def _no_start(self) -> str:
        draft = self.state.draft
        if draft is None:
            return "there is no plan"
        if draft.plan is None:
            return draft.problem or "the plan is being made"
        return draft.plan.refusal

    def _live(self) -> str:
        here = self.state.position
        return here.active or "" if here else ""
