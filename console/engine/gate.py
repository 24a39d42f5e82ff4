"""A gate: a person is shown what the next change would do, and it is planned again at the moment of the answer (SAFETY 4.3)."""

from __future__ import annotations

from console.domain.change import Blocked, Change, Plan
from console.domain.run import Question
from console.domain.runbook import Step
from console.engine.ending import StepEnded
from console.engine.planner import change_digest, phrase_for
from console.engine.questions import ask
from console.engine.session import Session
from console.engine.stage import Stage, stage_of
from console.engine.tasks import spoken


async def pass_gate(session: Session, step: Step) -> str:
    """Returns who said yes; raises StepEnded when the answer is no. `--yes` never answers a name or a phrase."""
    session.started(step, attempt=session.step(step.name).attempts + 1)
    while True:
        before = await _next_plan(session, step)
        answer = await ask(session, _question(session, step, before), blocked=before.reasons if isinstance(before, Blocked) else ())
        if not answer.yes:
            raise StepEnded("declined", f"declined by {answer.by}")
        if _alike(before, await _next_plan(session, step)):
            return f"yes, said {answer.by}"
        session.progress("what it would do has changed since it was asked: look again")


async def _next_plan(session: Session, gate: Step) -> Plan | None:
    """What the change that this gate guards would do now; None when none follows."""
    following = session.steps[session.steps.index(gate) + 1 :]
    step = next((s for s in following if s.kind == "do"), None)
    if step is None:
        return None
    stage = stage_of(session, step)
    return await stage.patiently(lambda: _plan(stage))


async def _plan(stage: Stage) -> Plan:
    return stage.action.plan(await stage.action.observe(stage.session.ports, stage.task), stage.task)


def _question(session: Session, step: Step, plan: Plan | None) -> Question:
    environment = session.deps.environment
    confirm = "name" if step.confirm == "key" and environment.protection.confirm == "name" else step.confirm
    return Question(
        step=step.name,
        text=spoken(step.question, session.setting),
        confirm=confirm,
        key=step.key,
        phrase=phrase_for(confirm, environment, session.runbook.name),
        differences=plan.differences if isinstance(plan, Change) else (),
    )


def _alike(before: Plan | None, after: Plan | None) -> bool:
    if isinstance(before, Change) and isinstance(after, Change):
        return change_digest(before) == change_digest(after)
    return type(before) is type(after)
