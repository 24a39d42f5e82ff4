"""The Metrics screen: the figures of both slots over a time, larger, with limits and runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.domain.charts import CHARTED, WINDOWS, ChartPage, ChartRequest
from console.domain.views.charts import charts_view
from console.domain.views.state import ConsoleState
from console.domain.views.words import limit
from screens.base import ConsoleScreen
from screens.messages import Wanted
from screens.paint.charts import paint_charts
from screens.widgets.panel import Panel

T = TypeVar("T")


class MetricsScreen(ConsoleScreen):
    """Asks for curves while it is there; a new page comes at most once a second."""

    CSS_PATH = "metrics.tcss"
    CRUMB: ClassVar[str] = "Metrics"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "window", "Longer", id="metrics.window"),
        Binding("b", "slot", "Slot", id="metrics.slot"),
        Binding("z", "figure", "Figure", id="metrics.figure"),
        Binding("escape", "app.go_back", "Back", id="metrics.back"),
    ]

    def __init__(self, state: ConsoleState) -> None:
        super().__init__(state)
        self.request = ChartRequest(WINDOWS[1])
        self._slot = ""
        self._figure = ""
        self._charts = Panel(paint_charts, id="charts")

    def compose_body(self) -> ComposeResult:
        yield self._charts

    def on_mount(self) -> None:
        super().on_mount()
        self.post_message(Wanted())

    @property
    def wants(self) -> tuple[object, ...]:
        return (self.request,)

    @property
    def page(self) -> ChartPage | None:
        page = self.state.charts
        return page if page is not None and page.request == self.request else None

    def draw(self) -> None:
        self._charts.show(charts_view(self.state, self.page, self.request, slot=self._slot, figure=self._figure))

    def labels(self) -> Mapping[str, str]:
        return {
            "window": f"Last {limit(_after(self.request.window, WINDOWS))}",
            "slot": f"Only {slot}" if (slot := self._next_slot()) else "Both slots",
            "figure": f"Only {figure}" if (figure := _after(self._figure, ("", *CHARTED))) else "All figures",
        }

    def refusals(self) -> Mapping[str, str]:
        environment = self.state.environment
        return {"slot": "there is one slot only"} if environment is not None and len(environment.slots) < 2 else {}

    def action_window(self) -> None:
        """The next longer time; after the longest the shortest."""
        self.request = ChartRequest(_after(self.request.window, WINDOWS))
        self._draw_all()
        self.post_message(Wanted())

    def action_slot(self) -> None:
        """Both slots, then each alone."""
        if self.may("slot"):
            self._slot = self._next_slot()
            self._draw_all()

    def action_figure(self) -> None:
        """All figures, then each alone and larger."""
        self._figure = _after(self._figure, ("", *CHARTED))
        self._draw_all()

    def _next_slot(self) -> str:
        slots = self.state.environment.slots if self.state.environment else ()
        return _after(self._slot, ("", *slots))


def _after(value: T, among: tuple[T, ...]) -> T:
    """The one behind `value`, the first behind the last."""
    return among[(among.index(value) + 1) % len(among)] if value in among else among[0]
