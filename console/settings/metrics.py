"""PromQL for the figures of a slot, with limits to show beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.document.fields import Fields
from console.document.node import Node
from console.document.problems import Wrong, did_you_mean
from console.document.values import Parse, positive_duration, share, text
from console.domain.environment import MetricQueries, Strategy

PLACEHOLDERS = ("slot", "window", "namespace", "application")
_PLACEHOLDER = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`')
_PAIRS = {")": "(", "]": "[", "}": "{"}
_CLOSING = {opening: closing for closing, opening in _PAIRS.items()}


def metrics(top: Fields, strategy: Strategy) -> tuple[MetricQueries, Mapping[str, float]]:
    """The section `metrics`: queries and limits."""
    query = promql(needs_slot=strategy == "blue_green")
    with top.section("metrics") as fields:
        queries = MetricQueries(
            requests=fields.take("requests", query, ""),
            errors=fields.take("errors", query, ""),
            p95=fields.take("p95", query, ""),
            samples=fields.take("samples", query, ""),
            window=fields.take("window", positive_duration, MetricQueries.window),
            every=fields.take("every", positive_duration, MetricQueries.every),
        )
        return queries, _limits(fields)


def _limits(top: Fields) -> Mapping[str, float]:
    with top.section("limits") as fields:
        found = {"errors": fields.take("errors", share, -1.0), "p95": fields.take("p95", positive_duration, -1.0)}
    return {name: value for name, value in found.items() if value >= 0}


def promql(*, needs_slot: bool) -> Parse[str]:
    """A query whose placeholders are known and whose brackets and quotes are closed; Prometheus judges the rest."""

    def parse(node: Node) -> str:
        value = text(node).strip()
        words = _PLACEHOLDER.findall(value)
        for word in words:
            if word not in PLACEHOLDERS:
                raise Wrong(f"unknown placeholder ${word}", did_you_mean(f"${word}", [f"${known}" for known in PLACEHOLDERS]))
        if needs_slot and "slot" not in words:
            raise Wrong("the query does not name $slot", 'it would show both slots the same figure; add slot="$slot"')
        _refuse_unbalanced(value)
        return value

    return parse


def _refuse_unbalanced(query: str) -> None:
    bare = _QUOTED.sub("", query)
    if re.search(r"[\"'`]", bare):
        raise Wrong("a quote of the query is never closed", "close it with the same quote")
    waiting: list[str] = []
    for character in re.findall(r"[()\[\]{}]", bare):
        if character in _PAIRS.values():
            waiting.append(character)
        elif not waiting or waiting.pop() != _PAIRS[character]:
            raise Wrong(f"a {character!r} of the query closes nothing", "remove it, or open it before")
    if waiting:
        raise Wrong(f"a {waiting[-1]!r} of the query is never closed", f"close it with {_CLOSING[waiting[-1]]!r}")
