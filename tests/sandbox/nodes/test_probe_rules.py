"""Thresholds: a series of results in, the verdict after each out."""

from __future__ import annotations

import pytest

from console.sandbox.nodes.objects import Probe
from console.sandbox.nodes.probe_rules import ProbeKind, fresh_tally

READINESS, LIVENESS, STARTUP = ProbeKind.READINESS, ProbeKind.LIVENESS, ProbeKind.STARTUP


@pytest.mark.parametrize(
    ("case", "kind", "thresholds", "results", "verdicts"),
    [
        ("not ready until the first success", READINESS, (1, 3), "--+", "--+"),
        ("ready until three failures in a row", READINESS, (1, 3), "+--+---", "++++++-"),
        ("two successes in a row when asked for", READINESS, (2, 1), "+-++", "---+"),
        ("one failure is enough when asked for", READINESS, (1, 1), "+-+", "+-+"),
        ("alive until three failures in a row", LIVENESS, (1, 3), "--+---", "+++++-"),
        ("the start is undecided at first", STARTUP, (1, 3), "--+", "??+"),
        ("a start that never succeeds fails", STARTUP, (1, 3), "---", "??-"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_verdicts(case: str, kind: ProbeKind, thresholds: tuple[int, int], results: str, verdicts: str) -> None:
    tally = fresh_tally(kind, Probe(success_threshold=thresholds[0], failure_threshold=thresholds[1]))
    seen = ""
    for result in results:
        tally = tally.counted(result == "+")
        seen += {True: "+", False: "-", None: "?"}[tally.verdict]
    assert seen == verdicts, case
