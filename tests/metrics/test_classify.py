"""The table of SAFETY 2 for what an answer is worth, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.domain.series import Figure, Reading, ReadingState
from console.metrics.classify import Envelope, history_of, plausible, reading_of, with_absent_errors

NOW = datetime(2036, 3, 1, 2, 0, tzinfo=UTC)
STAMP = NOW.timestamp()


def vector(*values: Any, at: float = STAMP, labels: tuple[dict[str, str], ...] = ()) -> dict[str, Any]:
    series = [{"metric": labels[n] if n < len(labels) else {}, "value": [at, value]} for n, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": series}}


def typed(kind: str, result: object) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": result}}


def said(body: dict[str, Any] | None, status: int = 200, trouble: str = "") -> Envelope:
    return Envelope(status, body, trouble, NOW)


@pytest.mark.parametrize(
    ("answer", "state", "value", "detail"),
    [
        (said(vector("0.25")), "ok", 0.25, ""),
        (said(vector("0")), "ok", 0.0, ""),
        (said(typed("scalar", [STAMP, "1"])), "ok", 1.0, ""),
        (said(vector()), "no_data", None, "no such series"),
        (said(vector("NaN")), "no_data", None, "not a number: nothing was counted"),
        (said(vector("+Inf")), "source_error", None, "infinite"),
        (said(vector("-Inf")), "source_error", None, "infinite"),
        (said(vector("many")), "source_error", None, "'many' is no number"),
        (
            said(vector("1", "2", labels=({"slot": "blue", "code": "200"}, {"slot": "blue", "code": "500"}))),
            "source_error",
            None,
            '2 series where one is expected: {code="200", slot="blue"}, {code="500", slot="blue"}',
        ),
        (said(vector(*"12345")), "source_error", None, "5 series where one is expected: {}, {}, {} …"),
        (said(typed("matrix", [])), "source_error", None, "the query gives a matrix, not one number"),
        (said(typed("string", [STAMP, "x"])), "source_error", None, "the query gives a string, not one number"),
        (said({"status": "error", "errorType": "bad_data", "error": "parse error"}, 400), "source_error", None, "bad_data: parse error"),
        (said({"status": "error", "errorType": "timeout", "error": "too slow"}, 503), "source_error", None, "timeout: too slow"),
        (said({"message": "unauthorized"}, 401), "source_error", None, "HTTP 401"),
        (said(None, 502, "HTTP 502 without JSON"), "source_error", None, "HTTP 502 without JSON"),
        (said(None, 0, "no answer from http://p within 7 s"), "source_error", None, "no answer from http://p within 7 s"),
        (said(vector("1") | {"warnings": ["store a is down"]}), "source_error", None, "incomplete answer: store a is down"),
        (said(vector("0.25", at=STAMP - 30)), "ok", 0.25, ""),
        (said(vector("0.25", at=STAMP - 31)), "stale", 0.25, "the sample is 31 s old"),
        (said({"status": "success"}), "source_error", None, "the answer is not one of Prometheus"),
        (said({"status": "success", "data": {"result": 7}}), "source_error", None, "the answer is not one of Prometheus"),
    ],
)  # fmt: skip
def test_readings(answer: Envelope, state: ReadingState, value: float | None, detail: str) -> None:
    found = reading_of(answer, stale_after=30.0)
    assert (found.state, found.value, found.detail) == (state, value, detail)


@pytest.mark.parametrize(
    ("figure", "value", "state", "kept"),
    [
        ("errors", 0.5, "ok", 0.5),
        ("errors", 1.0, "ok", 1.0),
        ("errors", 1.0000001, "ok", 1.0),
        ("errors", 1.4, "source_error", None),
        ("errors", -0.1, "source_error", None),
        ("p95", 12.0, "ok", 12.0),
        ("p95", -1.0, "source_error", None),
        ("requests", 5000.0, "ok", 5000.0),
        ("samples", -3.0, "source_error", None),
    ],
)
def test_what_cannot_be_is_the_sources_error(figure: Figure, value: float, state: ReadingState, kept: float | None) -> None:
    found = plausible(figure, Reading(value, "ok"))
    assert (found.state, found.value) == (state, kept)


OK, NONE, ERROR = Reading(12.0, "ok"), Reading(None, "no_data"), Reading(None, "source_error")


@pytest.mark.parametrize(
    ("readings", "errors"),
    [
        ({"requests": OK, "errors": NONE}, ("ok", 0.0)),
        ({"samples": OK, "errors": NONE}, ("ok", 0.0)),
        ({"requests": Reading(0.0, "ok"), "errors": NONE}, ("no_data", None)),
        ({"requests": NONE, "errors": NONE}, ("no_data", None)),
        ({"requests": ERROR, "errors": NONE}, ("no_data", None)),
        ({"requests": Reading(12.0, "stale"), "errors": NONE}, ("no_data", None)),
        ({"requests": OK, "errors": ERROR}, ("source_error", None)),
        ({"requests": OK, "errors": Reading(0.2, "ok")}, ("ok", 0.2)),
        ({"errors": NONE}, ("no_data", None)),
    ],
)
def test_no_failure_among_counted_requests_is_zero_and_nothing_counted_is_no_data(
    readings: dict[Figure, Reading], errors: tuple[ReadingState, float | None]
) -> None:
    found = with_absent_errors(readings)["errors"]
    assert (found.state, found.value) == errors


def matrix(*series: list[tuple[float, str]]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": values} for values in series]}}


def history(body: dict[str, Any] | None) -> tuple[ReadingState, list[float | None]]:
    found = history_of(said(body), start=NOW - timedelta(seconds=20), end=NOW, step=5.0)
    assert [point.at for point in found.points] == [NOW - timedelta(seconds=back) for back in (20, 15, 10, 5, 0)][: len(found.points)]
    return found.state, [point.value for point in found.points]


def test_a_range_has_one_point_per_step_and_gaps_stay_gaps() -> None:
    values = [(STAMP - 20, "1"), (STAMP - 10, "NaN"), (STAMP - 5, "+Inf"), (STAMP, "4")]
    assert history(matrix(values)) == ("ok", [1.0, None, None, None, 4.0])


def test_a_range_without_series_is_no_data_and_with_several_an_error() -> None:
    assert history(matrix()) == ("no_data", [None] * 5)
    assert history(matrix([(STAMP, "NaN")])) == ("no_data", [None] * 5)
    assert history(matrix([(STAMP, "1")], [(STAMP, "2")])) == ("source_error", [])
    assert history(vector("1")) == ("source_error", [])
    assert history(None) == ("source_error", [])
