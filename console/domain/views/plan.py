"""A plan as it is shown and confirmed: every step with what it would do, before it does anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from console.domain.change import Difference
from console.domain.runbook import Confirm, StepKind
from console.domain.views.words import duration, listed, plural

PlanState = Literal["change", "noop", "blocked", "check", "asks", "waits", "later"]
"""What a step would do now. `check`: it only looks. `asks`, `waits`: a gate, a bake time. `later`: it can be planned only when the
steps before it are done."""


@dataclass(frozen=True)
class PlanRow:
    """One step of a plan."""

    step: str
    """Name of the step within its runbook."""
    kind: StepKind
    title: str
    state: PlanState
    text: str = ""
    """One clause beside the title: `2 images changed`, `already 3/3`, `asks an operator`."""
    differences: tuple[Difference, ...] = ()
    kubectl: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why it is blocked; each says what would have to be different."""
    override: str = ""
    """Name of the rule that a person may override with a reason; empty when nobody may."""
    warnings: tuple[str, ...] = ()
    undo: str = ""
    usual: float | None = None
    """Median seconds of earlier runs."""
    within: float | None = None
    """Limit in seconds."""
    phase: str = ""
    """Section of a checklist."""


@dataclass(frozen=True)
class PlanView:
    """What a run of `runbook` with `inputs` would do now."""

    runbook: str
    title: str
    """Verb + object with its values: `deploy v1.5.0 to green`."""
    environment: str
    rows: tuple[PlanRow, ...]
    digest: str
    """sha256 over what matters; a start with another digest is refused with the new plan."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    direction: Literal["forward", "back", "neutral"] = "forward"
    confirm: Confirm = "key"
    phrase: str = ""
    """What has to be typed where `confirm` is `name` or `phrase`."""
    require_reason: bool = False

    @property
    def blocked(self) -> tuple[PlanRow, ...]:
        return tuple(r for r in self.rows if r.state == "blocked")

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What would be different afterwards, in the order in which it happens."""
        return tuple(d for row in self.rows for d in row.differences if d.severity == "change")

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(w for row in self.rows for w in row.warnings))

    @property
    def undo(self) -> str:
        """How to go back, as the first change that says so puts it."""
        return next((row.undo for row in self.rows if row.undo), "")

    @property
    def usual(self) -> float | None:
        """Seconds that earlier runs took in all, without the time of people's answers; None where no step was ever run."""
        known = [row.usual for row in self.rows if row.usual is not None and row.kind != "gate"]
        return sum(known) if known else None

    @property
    def refusal(self) -> str:
        """Why it cannot start, as one sentence; empty when it can."""
        rows = self.blocked
        if not rows:
            return ""
        first = rows[0]
        more = f" (and {plural(len(rows) - 1, 'more step')} blocked)" if len(rows) > 1 else ""
        return f"{first.title}: {'; '.join(first.reasons) or first.text}{more}"

    @property
    def override(self) -> str:
        """Rules that a person may override so that it can start, joined by commas; empty when nobody may, or nothing is blocked."""
        rules = [row.override for row in self.blocked]
        given = self.inputs.get("override", "")
        return ",".join(dict.fromkeys(r for rule in (given, *rules) for r in rule.split(",") if r)) if rules and all(rules) else ""

    @property
    def totals(self) -> str:
        """One line: steps, changes, questions, usual time."""
        states = [row.state for row in self.rows]
        parts = [plural(len(states), "step"), plural(states.count("change"), "change")]
        if asked := states.count("asks"):
            parts.append(plural(asked, "question"))
        if idle := states.count("noop"):
            parts.append(f"{idle} already done")
        if later := states.count("later"):
            parts.append(f"{later} planned when reached")
        if blocked := states.count("blocked"):
            parts.append(f"{blocked} blocked")
        timing = f", usually {duration(self.usual)}" if self.usual is not None else ""
        return listed(parts, most=9) + timing
