"""Charts: gaps stay gaps, no data is said, spikes are not lost, limits and runs are lines, and two slots differ without colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from console.domain.charts import CHARTED, ChartPage, ChartRequest, with_absent_failures
from console.domain.ids import SlotName
from console.domain.series import Figure, History, Point
from console.domain.views.charts import Chart, charts_view
from console.domain.views.lines import plain
from console.domain.views.state import ConsoleState
from screens.paint.charts import fitted, paint_charts
from tests.screens import scenes
from tests.screens.scenes import BLUE, GREEN

REQUEST = ChartRequest(3600.0)
START = scenes.NOW - timedelta(hours=1)
NOTHING = History((), "no_data", "no such series")


def history(value: Callable[[int], float | None]) -> History:
    count = int(REQUEST.window // REQUEST.step) + 1
    return History(tuple(Point(START + timedelta(seconds=n * REQUEST.step), value(n)) for n in range(count)), "ok")


def page(**more: object) -> ChartPage:
    blue: Mapping[Figure, History] = {
        "requests": history(lambda n: 200.0),
        "errors": history(lambda n: 0.002),
        "p95": history(lambda n: 0.18),
    }
    green: Mapping[Figure, History] = {**dict.fromkeys(CHARTED, NOTHING), "requests": history(lambda n: None if n < 90 else 50.0)}
    curves: Mapping[SlotName, Mapping[Figure, History]] = {BLUE: blue, GREEN: green}
    return replace(ChartPage(REQUEST, START, scenes.NOW, curves), **more)  # type: ignore[arg-type]


def state() -> ConsoleState:
    runs = (
        scenes.waiting_for_pods().record,
        scenes.finished(at=scenes.ago(1800)).record,
        scenes.finished(39, at=scenes.ago(90_000)).record,
    )
    return ConsoleState(
        now=scenes.NOW, zone=UTC, connecting="", environment=scenes.environment(), snapshot=scenes.well(), runs=runs, connected=True
    )


def painted(shown: ChartPage | None, *, width: int = 80, height: int = 20, **only: str) -> list[str]:
    return [plain(line) for line in paint_charts(charts_view(state(), shown, REQUEST, **only), width, height)]


@pytest.mark.parametrize("size", [(80, 18), (120, 34), (200, 60)])
def test_charts_fill_the_room_and_nothing_more(size: tuple[int, int]) -> None:
    lines = painted(page(), width=size[0], height=size[1])
    assert size[1] - 3 <= len(lines) <= size[1]
    assert max(map(len, lines)) <= size[0]


def test_newest_values_limits_times_and_runs_are_said_in_words() -> None:
    text = "\n".join(painted(page(), width=120, height=34))
    assert "blue ⠉⠉ 200/s   green ⠁⠁ 50/s" in text
    assert "errors   blue ⠉⠉ 0.2 %   green ⠁⠁ no data" in text
    assert "limit 5 %" in text
    assert "limit 1000 ms" in text
    assert "01:41" in text
    assert "✔40" in text
    assert "▶41" in text
    assert "02:11 run 40 deploy v1.4.2 to green: done" in text
    assert "run 39" not in text


def test_a_run_is_a_line_through_every_chart_where_it_began() -> None:
    lines = painted(page(), width=120, height=34)
    mark = next(line for line in lines if "✔40" in line).index("✔40") + 1
    columns = {line.index("┊") for line in lines if "┊" in line}
    assert min(abs(column - mark) for column in columns) <= 1


def test_a_gap_is_a_gap_and_the_limit_a_line() -> None:
    one = painted(page(), height=12, slot="green", figure="requests")
    rows = [line[10:].replace("┊", " ") for line in one if "│" in line]
    assert all(row[:30].strip() == "" for row in rows)
    assert any(row[40:].strip() for row in rows)
    assert any("╌╌╌" in line for line in painted(page(), figure="p95"))


def test_two_slots_differ_without_colour_one_is_dotted() -> None:
    shown = page(curves={BLUE: {"requests": history(lambda n: 200.0)}, GREEN: {"requests": history(lambda n: 100.0)}})
    lines = painted(shown, height=14, figure="requests")
    drawn = {"".join(sorted(set(line[10:]) - set(" ┊"))) for line in lines if "│" in line}
    assert len([kinds for kinds in drawn if kinds]) == 2


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (None, "asking the metrics server"),
        (page(trouble="http://prom does not answer: refused"), "no figures: http://prom does not answer: refused"),
    ],
)
def test_without_figures_the_reason_is_said(shown: ChartPage | None, said: str) -> None:
    assert said in painted(shown)[2]


def test_a_source_that_fails_is_not_zero() -> None:
    broken = History((), "source_error", "HTTP 503")
    shown = page(curves={BLUE: dict.fromkeys(CHARTED, broken), GREEN: {}})
    text = "\n".join(painted(shown))
    assert "blue ⠉⠉ ? HTTP 503   green ⠁⠁ not asked" in text


def test_of_several_values_in_a_column_the_highest_is_drawn() -> None:
    assert fitted((1.0, 9.0, 1.0, None, None, None, 2.0, 2.0), 4) == [9.0, 1.0, None, 2.0]
    assert fitted((1.0, None), 4) == [1.0, 1.0, None, None]
    assert fitted((), 2) == [None, None]


@pytest.mark.parametrize(("highest", "top"), [(0.0, 1.0), (212.0, 500.0), (0.9, 1.0), (1.0, 1.0), (2200.0, 5000.0)])
def test_the_scale_stands_still_while_figures_move(highest: float, top: float) -> None:
    shown = page(curves={BLUE: {"requests": history(lambda n: highest)}})
    chart: Chart = charts_view(state(), shown, REQUEST, figure="requests").charts[0]
    assert chart.top == pytest.approx(top)


def test_where_requests_were_counted_and_no_failures_the_share_is_zero() -> None:
    requests = history(lambda n: 5.0 if n != 3 else None)
    errors = with_absent_failures(NOTHING, requests)
    assert {point.value for point in errors.points} == {0.0, None}
    assert errors.points[3].value is None
    assert with_absent_failures(History((), "source_error", "HTTP 503"), requests).state == "source_error"
    assert with_absent_failures(NOTHING, history(lambda n: 0.0)) is NOTHING
