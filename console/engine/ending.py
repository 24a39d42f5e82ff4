"""How the walk through the steps is left early. These are control flow, each caught in one place; none is shown as an error.

Ending
├── StepEnded       a step did not pass: failed, blocked, declined
│   └── AnotherTarget   what answers is not what the run was started for: nothing there is ours to undo
├── StopAsked       a person asked to stop and stay
├── LeaseLost       another holder drives the environment now
├── Released        the runner was told to end; the run stays open
└── OperatorNeeded  in doubt, and the rules leave it to a person
"""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.run import Outcome


class Ending(Exception):
    """Base; the reason is what a person reads."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StepEnded(Ending):
    def __init__(self, outcome: Outcome, reason: str, *, evidence: Mapping[str, object] | None = None) -> None:
        super().__init__(reason)
        self.outcome: Outcome = outcome
        self.evidence = evidence or {}


class AnotherTarget(StepEnded):
    def __init__(self, reason: str) -> None:
        super().__init__("blocked", reason)


class StopAsked(Ending):
    pass


class LeaseLost(Ending):
    def __init__(self, holder: str, reason: str = "") -> None:
        super().__init__(reason or f"{holder or 'another run'} drives this environment now")
        self.holder = holder


class Released(Ending):
    pass


class OperatorNeeded(Ending):
    pass
