"""Fills the placeholders of a configured query: `$slot`, `$window`, `$namespace`, `$application`, also as `${slot}`.

Values are escaped for PromQL's quoted strings and never filled in twice; any other `$` (a regular expression's end) stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.domain.environment import Environment
from console.domain.ids import SlotName
from console.domain.series import Figure

PLACEHOLDER = re.compile(r"\$(?:\{(slot|window|namespace|application)\}|(slot|window|namespace|application)\b)")
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def filled(query: str, values: Mapping[str, str]) -> str:
    """The query with every placeholder replaced by its escaped value."""
    return PLACEHOLDER.sub(lambda found: values[found[1] or found[2]].translate(ESCAPES), query)


def queries_of(environment: Environment, slot: SlotName, *, least: float = 0.0) -> dict[Figure, str]:
    """The configured queries of a slot; figures without a query are left out.

    `least`: seconds that `$window` has at least; a curve whose step is longer would leave out what happened in between.
    """
    metrics = environment.metrics
    templates: dict[Figure, str] = {
        "requests": metrics.requests,
        "errors": metrics.errors,
        "p95": metrics.p95,
        "samples": metrics.samples,
    }
    values = {
        "slot": str(slot),
        "window": duration(max(metrics.window, least)),
        "namespace": environment.cluster.namespace,
        "application": environment.application,
    }
    return {figure: filled(template, values) for figure, template in templates.items() if template}


def duration(seconds: float) -> str:
    """Seconds as PromQL writes a duration: `60s`, `1500ms`."""
    return f"{seconds:.0f}s" if seconds == int(seconds) else f"{seconds * 1000:.0f}ms"
