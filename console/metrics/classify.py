"""What an answer of Prometheus' query API is worth: a number, no data, or an error of the source (SAFETY 2). Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from console.domain.series import Figure, History, Point, Reading


@dataclass(frozen=True, slots=True)
class Envelope:
    """One answer of `/api/v1/query` or `/api/v1/query_range`, or why there is none."""

    status: int = 0
    """HTTP status; 0 when no answer came."""
    body: Mapping[str, Any] | None = None
    """The JSON object; None when the answer was something else."""
    trouble: str = ""
    """Why no answer came, or what came instead; empty when `body` is one."""
    date: datetime | None = None
    """The server's own time (its `Date` header)."""


def reading_of(answer: Envelope, *, stale_after: float) -> Reading:
    """The one number of an instant query. `stale_after` is in seconds, by the server's own clock."""
    data, trouble = _data(answer)
    if data is None:
        return Reading(None, "source_error", trouble)
    match data:
        case {"resultType": "vector", "result": [{"value": [at, value]}]} | {"resultType": "scalar", "result": [at, value]}:
            return _aged(_number(value, at), answer.date, stale_after)
        case {"resultType": "vector", "result": []}:
            return Reading(None, "no_data", "no such series")
        case {"resultType": "vector", "result": [*several]}:
            return Reading(None, "source_error", f"{len(several)} series where one is expected: {_names(several)}")
        case {"resultType": str(kind)}:
            return Reading(None, "source_error", f"the query gives a {kind}, not one number")
        case _:
            return Reading(None, "source_error", "the answer is not one of Prometheus")


def plausible(figure: Figure, reading: Reading) -> Reading:
    """The reading, unless its number cannot be: a share outside 0 to 1, anything negative."""
    value = reading.value
    if value is None:
        return reading
    if value < 0:
        return Reading(None, "source_error", f"{figure} cannot be {value:g}", reading.at)
    if figure == "errors" and value > 1.000001:
        return Reading(None, "source_error", f"a share of {value:.0%} cannot be", reading.at)
    return replace(reading, value=min(value, 1.0)) if figure == "errors" else reading


def with_absent_errors(readings: Mapping[Figure, Reading]) -> dict[Figure, Reading]:
    """Without a failure there is no series of failures: where requests were counted and failures were not, the share is 0."""
    found = dict(readings)
    errors, requests = found.get("errors"), found.get("requests") or found.get("samples")
    if errors is None or requests is None or errors.state != "no_data":
        return found
    if requests.state == "ok" and requests.value is not None and requests.value > 0:
        found["errors"] = Reading(0.0, "ok", "no failure was counted", requests.at)
    return found


def history_of(answer: Envelope, *, start: datetime, end: datetime, step: float) -> History:
    """One point per step from `start` to `end`, without a value where the answer has none."""
    data, trouble = _data(answer)
    if data is None:
        return History((), "source_error", trouble)
    match data:
        case {"resultType": "matrix", "result": []}:
            return History(tuple(Point(at, None) for at in _steps(start, end, step)), "no_data", "no such series")
        case {"resultType": "matrix", "result": [{"values": [*values]}]}:
            known = {round(float(at) / step): _finite(value) for at, value in values}
            points = tuple(Point(at, known.get(round(at.timestamp() / step))) for at in _steps(start, end, step))
            return History(points, "ok" if any(p.value is not None for p in points) else "no_data")
        case {"resultType": "matrix", "result": [*several]}:
            return History((), "source_error", f"{len(several)} series where one is expected: {_names(several)}")
        case _:
            return History((), "source_error", "the answer is not a range of Prometheus")


def _data(answer: Envelope) -> tuple[Any, str]:
    """The data of a complete answer, or why it is none. Warnings mean that a part is missing."""
    body = answer.body
    if body is None:
        return None, answer.trouble or f"HTTP {answer.status}"
    if body.get("status") != "success":
        said = f"{body.get('errorType', '')}: {body.get('error', '')}".strip(": ")
        return None, said or f"HTTP {answer.status}"
    if warnings := body.get("warnings"):
        return None, f"incomplete answer: {'; '.join(str(w) for w in warnings)}"
    return body.get("data") or {}, ""


def _number(value: object, at: object) -> Reading:
    moment = datetime.fromtimestamp(float(str(at)), UTC)
    try:
        number = float(str(value))
    except ValueError:
        return Reading(None, "source_error", f"{value!r} is no number", moment)
    if math.isnan(number):
        return Reading(None, "no_data", "not a number: nothing was counted", moment)
    if math.isinf(number):
        return Reading(None, "source_error", "infinite", moment)
    return Reading(number, "ok", at=moment)


def _aged(reading: Reading, now: datetime | None, stale_after: float) -> Reading:
    if reading.state != "ok" or reading.at is None or now is None:
        return reading
    age = (now - reading.at).total_seconds()
    return replace(reading, state="stale", detail=f"the sample is {age:.0f} s old") if age > stale_after else reading


def _finite(value: object) -> float | None:
    number = float(str(value))
    return number if math.isfinite(number) else None


def _steps(start: datetime, end: datetime, step: float) -> Iterator[datetime]:
    count = int((end - start).total_seconds() // step)
    return (start + timedelta(seconds=number * step) for number in range(count + 1))


def _names(series: Sequence[Any]) -> str:
    """The labels that tell the first series apart."""
    shown = [_labels(each.get("metric") or {}) for each in series[:3] if isinstance(each, dict)]
    return ", ".join(shown) + (" …" if len(series) > 3 else "")


def _labels(metric: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(metric.items())) + "}"
