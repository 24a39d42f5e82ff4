"""The form in which an item of a checklist is answered: a challenge, and the value that a person observed. Enter sends what was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from console.domain.challenge import Challenge, read_value
from console.domain.run import Question
from console.domain.views.facts import facts
from console.domain.views.lines import Line, Span, wrapped
from console.domain.views.run import Said
from console.domain.views.state import ConsoleState
from screens.base import Dialog
from screens.paint.steps import paint_said
from screens.widgets.panel import Panel


@dataclass(frozen=True)
class ValueGiven:
    """What the person saw, and the question that was on the screen."""

    value: str
    asked: Question


Asked = Callable[[ConsoleState], Question | None]


class AnswerForm(Dialog[ValueGiven]):
    """Closes by itself when the question is not asked any more; asked anew, what was typed stays."""

    CSS_PATH = "form.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back, nothing is written"),
        Binding("up", "offer(-1)", "Offer before", show=False),
        Binding("down", "offer(1)", "Next offer", show=False),
    ]

    def __init__(self, asked: Asked, state: ConsoleState, *, title: str, before: str = "") -> None:
        super().__init__(state)
        self._asked = asked
        self._question = asked(state)
        self._title = title
        self._before = before
        """Why an earlier answer did not pass."""
        self._challenge_panel = Panel(_paint_question, id="challenge")
        self._facts = Panel(paint_said, id="facts")
        self._field = Input(id="value", compact=True)
        self._problem = Panel(_paint_problem, id="problem")

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = self._title
            yield self._challenge_panel
            yield self._facts
            yield self._field
            yield self._problem

    def on_mount(self) -> None:
        self._draw()
        if self._before:
            self._problem.show(self._before)

    def show_state(self, state: ConsoleState) -> None:
        super().show_state(state)
        question = self._asked(state)
        if question is None:
            self.dismiss(None)
            return
        self._question = question
        self._draw()

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_offer(self, by: int) -> None:
        """Put the next of the words that are offered into the field."""
        choices = self._challenge.choices
        if choices:
            here = choices.index(self._field.value) if self._field.value in choices else (-1 if by > 0 else 0)
            self._field.value = choices[(here + by) % len(choices)]
            self._field.cursor_position = len(self._field.value)

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        if message.value:
            self._problem.show("")

    @on(Input.Submitted)
    def _submitted(self) -> None:
        try:
            value = read_value(self._challenge, self._field.value)
        except ValueError as problem:
            self._problem.show(str(problem))
            return
        if self._question is not None and self.is_current:
            self.dismiss(ValueGiven(value, self._question))

    @property
    def _challenge(self) -> Challenge:
        return self._question.challenge or Challenge() if self._question else Challenge()

    def _draw(self) -> None:
        if self._question is None:
            return
        offers = "↑ ↓ offer them. " if self._challenge.choices else ""
        self._challenge_panel.show((self._question.text, f"Answer with {self._challenge.hint}. {offers}Enter writes it, with your name."))
        seen: tuple[Said, ...] = facts(self.state)
        self._facts.show(seen)


def _paint_question(texts: tuple[str, str], width: int, height: int) -> tuple[Line, ...]:
    ask, hint = texts
    return (*wrapped(ask, width, tone="strong"), *wrapped(hint, width, tone="dim"), ())


def _paint_problem(text: str, width: int, height: int) -> tuple[Line, ...]:
    return (
        tuple((Span("✗ " if n == 0 else "  ", "broken"), *row) for n, row in enumerate(wrapped(text, width - 2, tone="broken")))
        if text
        else ()
    )
