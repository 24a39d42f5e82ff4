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
        self._asked = tuple(i for i in runbook.inputs if i.name != "reason")  # the question asks for the reason

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = self._runbook.title
            yield Panel(_paint_text, id="about")
            for wanted in self._asked:
                yield Panel(_paint_text, id=f"label-{_id(wanted)}", classes="label")
                yield Input(value=wanted.default or "", id=f"input-{_id(wanted)}", compact=True)
            yield Panel(_paint_text, id="offers")
            yield Panel(_paint_problem, id="problem")

    def on_mount(self) -> None:
        self.query_one("#about", Panel).show(self._runbook.description or "Makes a plan first: nothing is changed before you confirm it.")
        for wanted in self._asked:
            needed = "" if wanted.required else " (may be left out)"
            help_text = f": {wanted.help}" if wanted.help else ""
            self.query_one(f"#label-{_id(wanted)}", Panel).show(f"{wanted.name}{needed}{help_text}")
        self._draw_offers()

    def show_state(self, state: ConsoleState) -> None:
        super().show_state(state)
        if self.is_mounted:
            self._draw_offers()

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_offer(self, by: int) -> None:
        """Put the next or the previous offer into the field."""
        field, offers = self._field(), self._offers()
        if field is None or not offers:
            return
        here = offers.index(field.value) if field.value in offers else (-1 if by > 0 else 0)
        field.value = offers[(here + by) % len(offers)]
        field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        fields = list(self.query(Input))
        position = fields.index(message.input)
        if position + 1 < len(fields):
            fields[position + 1].focus()
            return
        values = {i.name: self.query_one(f"#input-{_id(i)}", Input).value.strip() for i in self._asked}
        problem = next((p for i in self._asked if (p := _problem(i, values[i.name]))), "")
        if problem:
            self.query_one("#problem", Panel).show(problem)
        else:
            self.dismiss({name: value for name, value in values.items() if value})

    @on(Input.Changed)
    def _changed(self) -> None:
        self.query_one("#problem", Panel).show("")

    def on_descendant_focus(self) -> None:
        self._draw_offers()

    def _field(self) -> Input | None:
        return self.focused if isinstance(self.focused, Input) else None

    def _offers(self) -> tuple[str, ...]:
        field = self._field() or next(iter(self.query(Input)), None)
        wanted = next((i for i in self._asked if field is not None and field.id == f"input-{_id(i)}"), None)
        return offers_for(wanted, self.state) if wanted else ()

    def _draw_offers(self) -> None:
        offers = self._offers()
        self.query_one("#offers", Panel).show("↑ ↓ offers: " + ", ".join(offers[:12]) if offers else "")


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


def _id(wanted: RunbookInput) -> str:
    return "".join(c if c.isalnum() else "-" for c in wanted.name)


def _paint_text(text: str, width: int, height: int) -> tuple[Line, ...]:
    return wrapped(text, width, tone="dim") if text else ()


def _paint_problem(text: str, width: int, height: int) -> tuple[Line, ...]:
    return ((Span("✗ ", "broken"), span(text, "broken")),) if text else ()
