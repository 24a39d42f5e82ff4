"""From a runbook and its inputs to a plan, to its question, to a run. The plan is the state's draft while it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from console.app.asking import Asking, Host, back_in, forbidden
from console.app.desk import PlanChanged
from console.app.link import sentence
from console.domain.errors import Refused, UsageError
from console.domain.ids import RunId
from console.domain.views import question as questions
from console.domain.views.facts import facts
from console.domain.views.question import QuestionView
from console.domain.views.state import ConsoleState, PlanDraft
from screens.question import Decision

AGAIN_AFTER = 2.0
"""Seconds after which a plan that could not be made is tried again, while somebody looks at it."""


class Planning:
    """One draft at a time; one that was confirmed is not asked about again before it is known what came of it."""

    def __init__(self, host: Host, asking: Asking) -> None:
        self._host = host
        self._asking = asking

    def plan(self, title: str, runbook: str, inputs: Mapping[str, str]) -> None:
        """Make a plan; it becomes the state's draft."""
        if not self._starting():
            self._host.update(lambda s: replace(s, draft=PlanDraft(title, runbook, inputs)))
            self._host.work("plan", partial(self._plan, runbook, inputs))

    def override(self) -> None:
        """Plan again with the rules that stand against the plan overridden; the question then asks for the reason."""
        draft = self._host.state.draft
        if draft is not None and draft.plan is not None and draft.plan.override:
            self.plan(draft.title, draft.runbook, {**draft.inputs, "override": draft.plan.override})

    def diff(self) -> None:
        """Tell what the draft's plan would change in each object."""
        draft = self._host.state.draft
        if draft is not None:
            self._host.update(lambda s: _redrafted(s, draft.runbook, draft.inputs, diff=None, diff_problem=""))
            self._host.work("diff", partial(self._diff, draft.runbook, draft.inputs))

    def start(self) -> None:
        """Ask whether the draft's plan may be carried out."""
        if self._host.state.draft is not None and not self._starting():
            self._asking.ask(_question, lambda decision: self._host.work("start", partial(self._start, decision)))

    def _starting(self) -> bool:
        draft = self._host.state.draft
        if draft is None or not draft.starting:
            return False
        self._host.say(f"{draft.title}: is being started")
        return True

    async def _plan(self, runbook: str, inputs: Mapping[str, str]) -> None:
        """Try until it is made, a person has to correct it, or nobody looks at it any more."""
        while await self._failed(runbook, inputs):
            await asyncio.sleep(AGAIN_AFTER)
            if not _same(self._host.state.draft, runbook, inputs) or not self._host.shows_plan():
                return

    async def _failed(self, runbook: str, inputs: Mapping[str, str]) -> bool:
        """Plan once; True when trying again may help."""
        desk = self._host.desk
        news: dict[str, Any] = {}
        again = False
        try:
            if desk is None:
                raise Refused("the console is not connected yet")
            news = {"plan": await desk.plan(runbook, inputs), "problem": ""}
        except (UsageError, Refused) as error:
            news = {"problem": sentence(error)}
        except Exception as error:
            news, again = {"problem": f"{sentence(error)}; trying again"}, True
        self._host.update(lambda s: _redrafted(s, runbook, inputs, **news))
        return again

    async def _diff(self, runbook: str, inputs: Mapping[str, str]) -> None:
        desk = self._host.desk
        news: dict[str, Any]
        try:
            if desk is None:
                raise Refused("the console is not connected yet")
            news = {"diff": await desk.diff(runbook, inputs)}
        except Exception as error:
            news = {"diff_problem": f"cannot be told: {sentence(error)}"}
        self._host.update(lambda s: _redrafted(s, runbook, inputs, **news))

    async def _start(self, decision: Decision) -> None:
        draft, desk = self._host.state.draft, self._host.desk
        if draft is None or draft.plan is None or desk is None:
            return
        redraft = partial(_redrafted, runbook=draft.runbook, inputs=draft.inputs)
        self._host.update(partial(redraft, starting=True))
        self._host.say(f"starting: {draft.plan.title}")
        try:
            run = await desk.start(draft.runbook, draft.inputs, reason=decision.reason, digest=draft.plan.digest)
        except PlanChanged as changed:
            notice = "The plan changed since you read it. Nothing was done. Read it again."
            self._host.update(partial(redraft, starting=False, plan=changed.plan, notice=notice, reason=decision.reason))
            self.start()
        except Exception as error:
            self._host.update(partial(redraft, starting=False))
            self._host.say(f"not started: {sentence(error)}", error=True)
        else:
            self._host.update(lambda s: replace(s, draft=None))
            self._started(run)

    def _started(self, run: RunId) -> None:
        if run:
            self._host.say(f"run {run} is started")
            self._host.show_run(run)
        else:
            self._host.say("started. The journal cannot be written, so the run is not shown here: watch the Overview", error=True)
            self._host.go_home()


def _question(state: ConsoleState) -> QuestionView | None:
    draft = state.draft
    if draft is None:
        return None
    name = state.environment.name if state.environment else ""
    seen = facts(state)
    if draft.plan is None:
        pending = questions.pending_question(draft.title, runbook=draft.runbook, environment=name, facts=seen)
        return replace(pending, refusal=draft.problem) if draft.problem else pending
    return questions.start_question(
        draft.plan, facts=seen, notice=draft.notice, forbidden=forbidden(state), given_reason=draft.reason, back=back_in(state)
    )


def _same(draft: PlanDraft | None, runbook: str, inputs: Mapping[str, str]) -> bool:
    return draft is not None and (draft.runbook, draft.inputs) == (runbook, inputs)


def _redrafted(state: ConsoleState, runbook: str, inputs: Mapping[str, str], **news: Any) -> ConsoleState:
    """The draft with what is new of it, unless another plan is wanted by now."""
    draft = state.draft
    return replace(state, draft=replace(draft, **news)) if draft is not None and _same(draft, runbook, inputs) else state
