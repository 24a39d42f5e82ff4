"""Filling queries in."""

from __future__ import annotations

import pytest

from console.domain.environment import ClusterRef, Environment, MetricQueries
from console.domain.ids import SlotName
from console.metrics.query import duration, filled, queries_of

VALUES = {"slot": "blue", "window": "60s", "namespace": "shop", "application": "traider"}


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        ('up{slot="$slot"}', VALUES, 'up{slot="blue"}'),
        ('rate(x{ns="${namespace}",app="$application"}[$window])', VALUES, 'rate(x{ns="shop",app="traider"}[60s])'),
        ('up{slot="$slots"}', VALUES, 'up{slot="$slots"}'),
        ('up{slot="${slots}"}', VALUES, 'up{slot="${slots}"}'),
        ('x{path=~"^/api$",slot="$slot"}', VALUES, 'x{path=~"^/api$",slot="blue"}'),
        ('x{s="$slot"}', VALUES | {"slot": 'a"} or up{x="'}, 'x{s="a\\"} or up{x=\\""}'),
        ('x{s="$slot"}', VALUES | {"slot": "a\\b\nc"}, 'x{s="a\\\\b\\nc"}'),
        ('x{s="$slot"}', VALUES | {"slot": "$namespace"}, 'x{s="$namespace"}'),
        ("1", VALUES, "1"),
    ],
)
def test_placeholders_are_filled_once_and_escaped(query: str, values: dict[str, str], expected: str) -> None:
    assert filled(query, values) == expected


@pytest.mark.parametrize(("seconds", "text"), [(60.0, "60s"), (90, "90s"), (1.5, "1500ms"), (0.25, "250ms"), (3600.0, "3600s")])
def test_a_duration_as_promql_writes_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_only_configured_figures_are_asked() -> None:
    environment = Environment(
        name="production",
        application="traider",
        cluster=ClusterRef("shop"),
        components=(),
        metrics=MetricQueries(requests='sum(rate(x{slot="$slot"}[$window]))', p95="$namespace$application", window=30.0),
    )
    assert queries_of(environment, SlotName("green")) == {"requests": 'sum(rate(x{slot="green"}[30s]))', "p95": "shoptraider"}
