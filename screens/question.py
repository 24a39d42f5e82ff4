"""The question dialog: the only way anything changes (SAFETY 4.2, 4.3). It returns a decision and knows nothing of its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import _time, events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input

from console.domain.run import Question as RunQuestion
from console.domain.views.question import QuestionView
from console.domain.views.state import ConsoleState
from screens.base import Dialog
from screens.paint.question import AnswerView, paint_answer, paint_question
from screens.widgets.boxes import entitle
from screens.widgets.guard import ARM_DELAY, Guard
from screens.widgets.panel import Panel

SETTLE = 0.06
"""Seconds that the verb's key must stand alone: the first letter of a paste is followed by the second."""


@dataclass(frozen=True)
class Decision:
    """What the person decided."""

    answer: Literal["yes", "no"]
    typed: str = ""
    reason: str = ""
    asked: RunQuestion | None = None
    """The run's question that was on the screen."""


Build = Callable[[ConsoleState], QuestionView | None]
"""Makes the question from what is known now; None when there is nothing to ask any more."""


class Question(Dialog[Decision]):
    """Focus on Cancel, Enter never confirms, the verb's key does, once the keyboard was quiet and all is typed."""

    CSS_PATH = "question.tcss"
    AUTO_FOCUS = "#cancel"
    ARM_DELAY: ClassVar[float] = ARM_DELAY
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Back, nothing happens")]

    def __init__(self, build: Build, state: ConsoleState) -> None:
        super().__init__(state)
        self._build = build
        self._view = build(state)
        self._typed = ""
        self._notice = ""
        self._body = Panel(paint_question, id="question")
        self._answer = Panel(paint_answer, id="answer")
        self._reason = Input(self._view.given_reason if self._view else "", id="reason", compact=True)
        self._no = Button("Answer no", id="no", compact=True)
        self._box = Vertical(id="box")
        self._guard = Guard(later=self.set_timer, on_change=self._draw_answer, delay=self.ARM_DELAY)

    @property
    def armed(self) -> bool:
        """True once the question takes an answer."""
        return self._guard.armed

    @property
    def needs_plan(self) -> bool:
        return self._view is not None and self._view.of_plan

    def compose(self) -> ComposeResult:
        with self._box:
            with VerticalScroll(id="body", can_focus=False):
                yield self._body
            yield self._reason
            yield self._answer
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield self._no

    def on_mount(self) -> None:
        self._draw()
        self.call_after_refresh(self._arm)

    def show_state(self, state: ConsoleState) -> None:
        """Keep facts live; what is asked anew has to be read anew."""
        super().show_state(state)
        before, self._view = self._view, self._build(state)
        if self._view is None:
            self.dismiss(None)
            return
        if before is not None and before.matter != self._view.matter:
            self._typed = ""
            self._arm()
        if self._view != before:
            self._draw()

    def admits(self, event: events.Key) -> bool:
        """Called by the App for every key before anything else sees it. Leaving is always possible."""
        if event.key == "escape":
            return True
        if event.is_forwarded:
            return not self._guard.seen_before(event.time)
        if isinstance(self.focused, Input):
            return self.armed
        was_armed = self.armed
        admitted = self._guard.admits(event.time, _time.get_time)
        if was_armed and not admitted:
            self._say("that came faster than a hand types: nothing was done")
        return admitted

    def on_key(self, event: events.Key) -> None:
        if isinstance(self.focused, Input) or self._view is None or self._guard.seen_before(event.time):
            return
        if event.key == "backspace":
            self._typed = self._typed[:-1]
            self._draw_answer()
        elif event.is_printable and event.character:
            event.stop()
            self._typed_character(event.character, self._view)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._say("a paste confirms nothing: type it")

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#no")
    def _declined(self) -> None:
        self._decide("no")

    @on(Input.Submitted)
    def _reason_given(self) -> None:
        self.query_one("#cancel").focus()
        self._say("Enter confirms nothing")

    def _typed_character(self, character: str, view: QuestionView) -> None:
        if self._typed != view.phrase:
            wanted = view.phrase[len(self._typed)]
            if character == wanted:
                self._typed += character
                self._notice = ""
            else:
                self._notice = f"not “{character}”: the next character is “{wanted}”"
            self._draw_answer()
        elif character == view.key:
            self._confirm(view)
        elif character == "n" and view.declines:
            self._decide("no")

    def _confirm(self, view: QuestionView) -> None:
        if view.refusal:
            self._say("nothing was done")
        elif view.reason == "required" and not self._given_reason():
            self._reason.focus()
            self._say("give the reason first")
        else:
            this = self._guard.round
            self.set_timer(SETTLE, lambda: self._settled(this))

    def _settled(self, round_: int) -> None:
        """Nothing came after the key, and nothing was asked anew."""
        view = self._view
        if round_ == self._guard.round and self.armed and view is not None and not view.refusal:
            self._decide("yes")

    def _decide(self, answer: Literal["yes", "no"]) -> None:
        if self.is_current:
            self.dismiss(Decision(answer, self._typed, self._given_reason(), self._view.asked if self._view else None))

    def _given_reason(self) -> str:
        return self._reason.value.strip()

    def _arm(self) -> None:
        self._guard.arm(_time.get_time)

    def _say(self, text: str) -> None:
        self._notice = text
        self._draw_answer()

    def _draw(self) -> None:
        view = self._view
        if view is None:
            return
        entitle(self._box, view.title)
        self._body.show(view)
        self._reason.display = view.reason != "none"
        self._reason.placeholder = "reason or ticket (required)" if view.reason == "required" else "reason or ticket (may be left out)"
        self._no.display = bool(view.declines)
        self._draw_answer()

    def _draw_answer(self) -> None:
        if self._view is not None:
            self._answer.show(AnswerView(self._view, self._typed, self.armed, self._notice))
