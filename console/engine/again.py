"""An item of a checklist that did not pass does not end the night: a person tries again, skips it with a reason, or ends the run."""

from __future__ import annotations

from typing import Literal

from console.domain.run import Question
from console.domain.runbook import Step
from console.engine.ending import OperatorNeeded, StepEnded
from console.engine.questions import ask
from console.engine.session import Session

After = Literal["again", "over", "ends"]
"""`again`: it is tried once more; `over`: it was skipped, the next item comes; `ends`: it ends the walk."""


async def once_more(session: Session, step: Step, end: StepEnded) -> After:
    """What becomes of a step that did not pass. Raises OperatorNeeded for what may have happened and is not tried again."""
    if end.outcome in ("failed", "blocked", "in_doubt") and session.asks_again(step.name):
        text = f"{end.reason}. {_again(end)}"
        try:
            answer = await ask(session, Question(step.name, text, key="t", retry=True))
        except StepEnded as skipped:
            session.result(step.name, skipped.outcome, skipped.reason, attempt=session.step(step.name).attempts, evidence=skipped.evidence)
            return "over"
        if answer.yes:
            return "again"
        attempt = session.step(step.name).attempts
        session.result(step.name, end.outcome, f"{end.reason}; ended by {answer.by}", attempt=attempt, evidence=end.evidence)
    if end.outcome == "in_doubt":
        raise OperatorNeeded(end.reason)
    return "ends"


def _again(end: StepEnded) -> str:
    return "Run it once more?" if end.outcome == "in_doubt" else "Try again?"
