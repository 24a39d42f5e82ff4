"""The table says what was measured, against what, and by how much an aim was missed."""

from __future__ import annotations

import pytest

from tests.bench.report import Figure, Unit, quantile, said, table


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0, 1.0, 2.0], 0.5, 2.0), ([1.0, 2.0], 0.5, 1.5), ([float(n) for n in range(1, 21)], 0.95, 19.0), ([4.0, 9.0], 0.95, 9.0)],
)
def test_a_quantile_is_the_smallest_value_that_so_many_do_not_pass(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == expected


def test_an_aim_is_judged_at_its_own_quantile() -> None:
    samples = [0.010] * 18 + [0.030] * 2
    at_the_median, at_the_end = Figure("a", samples, aim=0.015), Figure("b", samples, aim=0.015, quantile=0.95)
    _, first, second = table([at_the_median, at_the_end])
    assert first.endswith("met")
    assert second.endswith("missed by 15.0 ms")


def test_a_figure_is_compared_with_its_baseline_and_left_out_where_nothing_was_measured() -> None:
    lines = table([Figure("ours", [0.5], baseline=[2.0]), Figure("not measured", [])])
    assert len(lines) == 2
    assert lines[1].split() == ["ours", "1", "500", "ms", "500", "ms", "2.00", "s", "4.0x"]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0123, "seconds", "12.3 ms"),
        (103e6, "bytes", "103 MB"),
        (514, "bytes", "514 B"),
        (0.0335, "share", "3.4 %"),
        (6, "/min", "6.0/min"),
    ],
)
def test_a_value_is_said_in_its_unit(value: float, unit: Unit, expected: str) -> None:
    assert said(value, unit) == expected


def test_an_aim_that_the_table_does_not_show_is_judged_with_its_value() -> None:
    _, line = table([Figure("keys", [0.01] * 98 + [0.08, 0.09], aim=0.05, quantile=0.99, reference="1 s")])
    assert line.split("p99")[1].split() == ["≤", "50.0", "ms", "1", "s", "80.0", "ms:", "missed", "by", "30.0", "ms"]
