"""The Checklist screen: a run phase by phase, one item in front; without an open one, the choice of what to start or go on with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.domain.ids import RunId
from console.domain.run import RunRecord, StepRecord
from console.domain.views.checklist import ChecklistView, Start, checklist_view, starts
from console.domain.views.facts import facts
from console.domain.views.lines import Line, Span
from console.domain.views.marks import Mark
from console.domain.views.run import Said
from console.domain.views.state import ConsoleState
from screens.base import ConsoleScreen
from screens.messages import AnswerAsked, EvidenceAsked, NoteAsked, ResumeAsked, SkipAsked, StopAsked, SuspendAsked, Visit
from screens.paint.checklist import HeadView, paint_checklist_head, paint_items, paint_phases, paint_starts, paint_summary
from screens.paint.steps import WIDE, paint_said
from screens.widgets.boxes import entitle
from screens.widgets.panel import Panel
from screens.widgets.scroll_panel import ScrollPanel

Listed = ChecklistView | tuple[Start, ...]


class ChecklistScreen(ConsoleScreen):
    """Follows the open checklist, or the one that was chosen. Nothing here changes anything without a form or a question."""

    CSS_PATH = "checklist.tcss"
    CRUMB = "Checklist"
    AUTO_FOCUS = "#items"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "Answer…", id="checklist.go_on"),
        Binding("s", "skip", "Skip…", id="checklist.skip"),
        Binding("z", "suspend", "Suspend…", id="checklist.suspend"),
        Binding("escape", "leave", "Back", id="checklist.back"),
        Binding("n", "note", "Note…", id="checklist.note"),
        Binding("e", "evidence", "Evidence…", id="checklist.evidence"),
        Binding("a", "stop", "Stop…", id="checklist.stop"),
        Binding("v", "show_run", "Run", id="checklist.show_run"),
        Binding("r", "rollback", "Rollback", show=False, id="checklist.rollback"),
    ]

    def __init__(self, state: ConsoleState, run: RunId | None = None) -> None:
        super().__init__(state)
        self.run = run
        """The run that is shown; None: the open one where there is one, else the choice."""
        self._choosing = False
        """A person went back to the choice although a checklist is open."""
        self._chosen = ""
        self._head = Panel(paint_checklist_head, id="checklist-head")
        self._phases = Panel(paint_phases, id="phases")
        self._said = ScrollPanel(paint_said, id="item")
        self._said.can_focus = False
        self._box = Vertical(self._said, id="item-box")
        self._items: ScrollPanel[Listed] = ScrollPanel(_paint_listed, id="items", chooses=True)
        self._summary = Panel(paint_summary, id="checklist-summary")

    def compose_body(self) -> ComposeResult:
        yield self._head
        yield self._phases
        yield self._box
        yield self._items
        yield self._summary

    @property
    def takes_started(self) -> bool:
        return True

    def become(self, run: RunId) -> None:
        """Show this run from now on."""
        self.run, self._chosen, self._choosing = run, "", False
        self.show_state(self.state)

    @property
    def record(self) -> RunRecord | None:
        """The run that is shown; None while there is the choice."""
        if self._choosing:
            return None
        if self.run is None:
            open_one = next((r for r in self.state.runs or () if r.open and r.phases), None)
            self.run = open_one.id if open_one else None
        return self.state.run(self.run) if self.run is not None else None

    @property
    def item(self) -> StepRecord | None:
        """The item in front."""
        record = self.record
        if record is None:
            return None
        view = self._view(record)
        name = self._chosen or view.rows[view.current].step
        return next((s for s in record.steps if s.name == name), None)

    def draw(self) -> None:
        record = self.record
        self.set_class(record is None, "-choosing")
        if record is None:
            self._draw_choice()
        else:
            self._draw_run(self._view(record))

    def labels(self) -> Mapping[str, str]:
        record = self.record
        if record is None:
            start = self._start()
            opens = start is not None and start.run is not None
            return {"go_on": "Show" if opens else "Start…"}
        back = "Back (the run goes on)" if record.open and not record.released and self.size.width >= WIDE else "Back"
        return {"go_on": "Go on…" if record.released or not record.driver else "Answer…", "leave": back}

    def refusals(self) -> Mapping[str, str]:
        record = self.record
        if record is None:
            return self._choice_refusals()
        forbidden = "READ-ONLY: this console may not change anything" if self.state.read_only else ""
        ended = "" if record.open else "the run has ended"
        let_go = f"it was let go of ({record.released}): enter goes on" if record.released else ""
        item, current = self.item, record.current
        found = {name: forbidden for name in ("note", "evidence")}
        found["stop"] = forbidden or ended or ("it is stopping already" if record.stop_requested else "")
        found["suspend"] = forbidden or ended or let_go or ("it is being let go of" if record.suspend_requested else "")
        found["skip"] = forbidden or ended or _no_skip(item, current)
        found["go_on"] = (
            forbidden or ended or ("" if record.question or record.released or not record.driver else "nothing is asked right now")
        )
        return {name: reason for name, reason in found.items() if reason}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the choice there is only what can be chosen."""
        return self.record is not None or action not in ("skip", "note", "evidence", "suspend", "show_run", "stop")

    def action_go_on(self) -> None:
        if not self.may("go_on"):
            return
        record = self.record
        if record is None:
            self._go(self._start())
        elif record.question is not None:
            self.post_message(AnswerAsked(record.id))
        else:
            self.post_message(ResumeAsked(record.id))

    def action_skip(self) -> None:
        if self.may("skip") and self.run is not None:
            self.post_message(SkipAsked(self.run))

    def action_suspend(self) -> None:
        if self.may("suspend") and self.run is not None:
            self.post_message(SuspendAsked(self.run))

    def action_note(self) -> None:
        if self.may("note") and self.run is not None:
            self.post_message(NoteAsked(self.run, self._item_name()))

    def action_evidence(self) -> None:
        if self.may("evidence") and self.run is not None:
            self.post_message(EvidenceAsked(self.run, self._item_name()))

    def action_stop(self) -> None:
        if self.may("stop") and self.run is not None:
            self.post_message(StopAsked(self.run))

    def action_show_run(self) -> None:
        if self.run is not None:
            self.post_message(Visit("run", self.run))

    def action_rollback(self) -> None:
        self.post_message(Visit("rollback"))

    def action_leave(self) -> None:
        """From an ended run to the choice; else back. No run is stopped by it."""
        record = self.record
        if record is not None and not record.open:
            self.run, self._chosen, self._choosing = None, "", True
            self.show_state(self.state)
        else:
            self.app.run_worker(self.app.run_action("go_back"), exit_on_error=False)

    @on(ScrollPanel.Chosen, "#items")
    def _row_chosen(self, message: ScrollPanel.Chosen) -> None:
        record = self.record
        if record is not None:
            view = self._view(record)
            if message.row < len(view.rows):
                self._chosen = "" if message.row == view.current else view.rows[message.row].step
                self._draw_item(view)
        self.draw_hints()

    def _draw_choice(self) -> None:
        rows = self._starts()
        self._head.show(HeadView("Checklists", Span(Mark.TO_COME.glyph, Mark.TO_COME.tone), "nothing is changed before you confirm"))
        self._items.show(rows)

    def _draw_run(self, view: ChecklistView) -> None:
        self._head.show(HeadView(view.title, Span(view.mark.glyph, view.mark.tone), view.status))
        self._phases.show(view.phases)
        self._items.show(view)
        names = [row.step for row in view.rows]
        row = names.index(self._chosen) if self._chosen in names else view.current
        if names and self._items.row != row:
            self._items.choose(row)
        self._summary.show(view)
        self._draw_item(view)

    def _draw_item(self, view: ChecklistView) -> None:
        names = [row.step for row in view.rows]
        row = names.index(self._chosen) if self._chosen in names else view.current
        here = "" if row == view.current or not self._chosen else " (not the one it is at)"
        entitle(self._box, f"item {row + 1} of {len(names)}: {view.rows[row].title}{here}")
        self._said.show(view.details.get(names[row], ()))

    def _view(self, record: RunRecord) -> ChecklistView:
        seen: tuple[Said, ...] = facts(self.state)
        return checklist_view(record, seen=seen, now=self.state.now, zone=self.state.zone)

    def _starts(self) -> tuple[Start, ...]:
        return starts(self.state.runbooks, self.state.runs or (), now=self.state.now, zone=self.state.zone)

    def _start(self) -> Start | None:
        rows = self._starts()
        return rows[self._items.row] if self._items.row < len(rows) else None

    def _go(self, start: Start | None) -> None:
        if start is None:
            return
        if start.run is not None:
            self.become(RunId(start.run))
        else:
            self.post_message(Visit(start.runbook))

    def _choice_refusals(self) -> Mapping[str, str]:
        start = self._start()
        if start is None:
            return {"go_on": "no runbook has phases" if self.state.connected else f"not connected yet: {self.state.connecting}"}
        if start.run is None and self.state.read_only:
            return {"go_on": "READ-ONLY: this console may not change anything"}
        if start.run is None and (on := self.state.open_run):
            return {"go_on": f"run {on.id} ({on.title}) is on: end it first"}
        return {}

    def _item_name(self) -> str:
        item = self.item
        return item.name if item else ""


def _no_skip(item: StepRecord | None, current: StepRecord | None) -> str:
    """Why the item in front cannot be skipped."""
    if current is None or item is None or item.name != current.name:
        return "only the item that the run is at can be skipped"
    return "" if current.skippable else "this item may not be skipped"


def _paint_listed(view: Listed, width: int, height: int) -> tuple[Line, ...]:
    return paint_items(view, width, height) if isinstance(view, ChecklistView) else paint_starts(view, width, height)
