"""The Metrics screen's view: a chart of each figure with the slots over each other, limits, and runs on the time line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.charts import CHARTED, ChartPage, ChartRequest
from console.domain.environment import Environment
from console.domain.series import Figure, History
from console.domain.snapshot import METRICS
from console.domain.views.figures import figure_text
from console.domain.views.marks import Mark
from console.domain.views.run import outcome_words
from console.domain.views.standing import standing_words
from console.domain.views.state import ConsoleState
from console.domain.views.words import clock, limit

LABELS = 5
"""Times below the charts."""


@dataclass(frozen=True)
class Curve:
    """One slot's figure over the time."""

    slot: str
    hue: int
    values: tuple[float | None, ...]
    """Oldest first; None is a gap."""
    newest: str
    """`212/s`, or in words why there is none."""


@dataclass(frozen=True)
class Chart:
    """One figure."""

    figure: Figure
    curves: tuple[Curve, ...]
    top: float
    """Value at the upper edge; the lower one is 0."""
    top_text: str
    limit: float | None = None
    limit_text: str = ""


@dataclass(frozen=True)
class RunMark:
    """A run on the time line."""

    place: float
    """Of its beginning, 0 to 1 of the time shown."""
    mark: Mark
    text: str
    """`41 deploy v1.5.0 done`."""
    number: str


@dataclass(frozen=True)
class ChartsView:
    title: str
    standing: str
    """STALE, LOST, or why nothing is known; empty while fresh."""
    charts: tuple[Chart, ...] = ()
    times: tuple[tuple[float, str], ...] = ()
    """Place and time."""
    runs: tuple[RunMark, ...] = ()
    """Oldest first."""
    note: str = ""
    """Said instead of charts."""


def charts_view(state: ConsoleState, page: ChartPage | None, request: ChartRequest, *, slot: str = "", figure: str = "") -> ChartsView:
    """`slot` and `figure`: only these; empty: all."""
    title = f"Metrics of {slot or 'both slots'}, last {limit(request.window)}"
    environment = state.environment
    standing = standing_words(state.snapshot.of(METRICS), state.now) if state.snapshot else "UNKNOWN"
    if page is None or environment is None:
        return ChartsView(title, standing, note="asking the metrics server" if state.connected else "not connected yet")
    if page.trouble:
        return ChartsView(title, standing or "UNKNOWN", note=f"no figures: {page.trouble}")
    charts = tuple(_chart(environment, page, each, slot) for each in CHARTED if figure in ("", each))
    return ChartsView(title, standing, charts, _times(state, page), run_marks(state, page))


def _chart(environment: Environment, page: ChartPage, figure: Figure, slot: str) -> Chart:
    shown = [each for each in environment.slots if slot in ("", each)]
    histories = [(each, page.curves.get(each, {}).get(figure)) for each in shown]
    curves = tuple(
        Curve(each, 1 + environment.slots.index(each) % 2, _values(history), _newest(figure, history)) for each, history in histories
    )
    allowed = environment.limits.get(figure)
    highest = max((value for curve in curves for value in curve.values if value is not None), default=0.0)
    top = _round_up(max(highest, allowed or 0.0))
    return Chart(figure, curves, top, figure_text(figure, top), allowed, f"limit {figure_text(figure, allowed)}" if allowed else "")


def _values(history: History | None) -> tuple[float | None, ...]:
    return tuple(point.value for point in history.points) if history else ()


def _newest(figure: Figure, history: History | None) -> str:
    if history is None:
        return "not asked"
    value = next((point.value for point in reversed(history.points[-3:]) if point.value is not None), None)
    if value is not None:
        return figure_text(figure, value)
    return f"? {history.detail}" if history.state == "source_error" else "no data now" if history.state == "ok" else "no data"


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten, so that the scale stands still while figures move."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(f"{int(value)}") - 1) if value >= 1 else 0.0001
    while power * 10 < value:
        power *= 10
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * 0.9999)


def _times(state: ConsoleState, page: ChartPage) -> tuple[tuple[float, str], ...]:
    span = page.end - page.start
    return tuple((n / (LABELS - 1), clock(page.start + span * n / (LABELS - 1), state.zone)) for n in range(LABELS))


def run_marks(state: ConsoleState, page: ChartPage) -> tuple[RunMark, ...]:
    """Runs that began in the time shown, or were on when it began."""
    whole = (page.end - page.start).total_seconds()
    found: list[RunMark] = []
    for run in sorted(state.runs or (), key=lambda r: r.opened_at):
        if run.opened_at > page.end or (run.closed_at is not None and run.closed_at < page.start):
            continue
        mark, word = (Mark.RUNNING, "is on") if run.outcome is None else outcome_words(run.outcome)
        place = max(0.0, (run.opened_at - page.start).total_seconds() / whole)
        found.append(RunMark(place, mark, f"{_when(state, run.opened_at)} run {run.id} {run.title}: {word}", str(run.id)))
    return tuple(found)


def _when(state: ConsoleState, at: datetime) -> str:
    return clock(at, state.zone)
