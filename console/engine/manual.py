"""Work that people do: the challenge is asked through the journal, and the value that comes back is judged (SAFETY 3.3, manual).

A runner that comes later finds the question, or the answer that came meanwhile. A value that does not match is asked for again.
"""

from __future__ import annotations

from typing import Any, cast

from console.domain.run import Question
from console.domain.runbook import Step
from console.engine.action import Asks, Broken, Done, NotYet
from console.engine.questions import ask_value
from console.engine.session import Session
from console.engine.stage import stage_of, verified


async def pass_item(session: Session, step: Step) -> Done:
    """Returns what was seen and who said so. Nobody's `--yes` answers it. Raises the Ending that comes first."""
    stage = stage_of(session, step)
    action = cast(Any, stage.action)
    assert isinstance(action, Asks)
    session.started(step, attempt=stage.attempt)
    question = Question(step.name, action.question(stage.task), challenge=action.challenge(stage.task))
    refused = False
    while True:
        answer = await ask_value(session, question, anew=refused)
        match verified(stage, await stage.observe(), answer.value):
            case Done(message, evidence):
                return Done(f"{message}, said {answer.by}", {**evidence, "by": answer.by})
            case NotYet(message) | Broken(message):
                session.progress(f"{message} (said {answer.by})")
                refused = True
