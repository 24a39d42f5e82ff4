"""The form before a plan: the inputs of a runbook, with what is recorded offered. It returns values; nothing is changed by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from console.domain.runbook import Input as RunbookInput
from console.domain.runbook import Runbook
from console.domain.views.lines import Line, Span, span, wrapped
from console.domain.views.state import ConsoleState
from screens.base import Dialog
from screens.widgets.panel import Panel

ASKED_LATER = ("reason", "override")
"""Inputs that belong to the question and to a refused plan."""


class InputForm(Dialog[Mapping[str, str]]):
    """One field per input. Enter goes to the next field, after the last one to the plan."""

    CSS_PATH = "form.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back, nothing happens"),
        Binding("up", "offer(-1)", "Offer before", show=False),
        Binding("down", "offer(1)", "Next offer", show=False),
    ]

    def __init__(self, state: ConsoleState, runbook: Runbook) -> None:
        super().__init__(state)
        self._runbook = runbook
        self._asked = tuple(i for i in runbook.inputs if i.name not in ASKED_LATER)
        self._fields = tuple(Input(i.default or "", id=f"input-{n}", compact=True) for n, i in enumerate(self._asked))
        self._offered = Panel(_paint_text, id="offers")
        self._problem = Panel(_paint_problem, id="problem")

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = named(self._runbook)
            yield _text("Makes a plan first: nothing is changed before you confirm it.")
            for wanted, field in zip(self._asked, self._fields, strict=True):
                needed = "" if wanted.required else " (may be left out)"
                yield _text(f"{wanted.name}{needed}" + (f": {wanted.help}" if wanted.help else ""))
                yield field
            yield self._offered
            yield self._problem

    def on_mount(self) -> None:
        self._draw_offers()

    def show_state(self, state: ConsoleState) -> None:
        super().show_state(state)
        self._draw_offers()

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_offer(self, by: int) -> None:
        """Put the next or the previous offer into the field."""
        field, offers = self._fields[self._position()], self._offers()
        if not offers:
            return
        here = offers.index(field.value) if field.value in offers else (-1 if by > 0 else 0)
        field.value = offers[(here + by) % len(offers)]
        field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        position = self._fields.index(message.input)
        if position + 1 < len(self._fields):
            self._fields[position + 1].focus()
            return
        values = {i.name: field.value.strip() for i, field in zip(self._asked, self._fields, strict=True)}
        problem = next((p for i in self._asked if (p := _problem(i, values[i.name]))), "")
        if problem:
            self._problem.show(problem)
        else:
            self.dismiss({name: value for name, value in values.items() if value})

    @on(Input.Changed)
    def _changed(self) -> None:
        self._problem.show("")

    def on_descendant_focus(self) -> None:
        self._draw_offers()

    def _position(self) -> int:
        """Of the field that is being filled in."""
        return next((n for n, field in enumerate(self._fields) if field is self.focused), 0)

    def _offers(self) -> tuple[str, ...]:
        return offers_for(self._asked[self._position()], self.state) if self._asked else ()

    def _draw_offers(self) -> None:
        offers = self._offers()
        self._offered.show("↑ ↓ offers: " + ", ".join(offers[:12]) if offers else "")


def named(runbook: Runbook) -> str:
    """The runbook's title while its values are not known: `deploy {release} to {preview}` → `deploy release to preview`."""
    return runbook.title.translate(str.maketrans("", "", "{}"))


def offers_for(wanted: RunbookInput, state: ConsoleState) -> tuple[str, ...]:
    """Values that make sense for an input right now."""
    environment, derived = state.environment, state.derived
    match wanted.type:
        case "release":
            return derived.releases if derived else ()
        case "slot":
            return environment.slots if environment else ()
        case "component":
            return tuple(c.name for c in environment.components) if environment else ()
        case "choice":
            return wanted.choices
        case _:
            return ()


def _problem(wanted: RunbookInput, value: str) -> str:
    if wanted.required and not value:
        return f"give the {wanted.name} first"
    if wanted.choices and value and value not in wanted.choices:
        return f"{wanted.name} is one of {', '.join(wanted.choices)}"
    return ""


def _text(text: str) -> Panel[str]:
    panel = Panel(_paint_text)
    panel.show(text)
    return panel


def _paint_text(text: str, width: int, height: int) -> tuple[Line, ...]:
    return wrapped(text, width, tone="dim") if text else ()


def _paint_problem(text: str, width: int, height: int) -> tuple[Line, ...]:
    return ((Span("✗ ", "broken"), span(text, "broken")),) if text else ()
