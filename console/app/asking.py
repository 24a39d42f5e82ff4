"""From a wish to a change: asks the question, then the desk, and says what came of it. Every change goes through here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from textual.screen import Screen

from console.app.desk import Desk, PlanChanged
from console.app.link import Holder, Job, sentence
from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.domain.views import question as questions
from console.domain.views.facts import facts
from console.domain.views.question import QuestionView
from console.domain.views.state import ConsoleState, PlanDraft
from screens.question import Build, Decision, Question

T = TypeVar("T")
Taken = Callable[[Decision], None]


class Host(Holder, Protocol):
    """What the App lends: dialogs, workers, the message line, the way to a run."""

    @property
    def state(self) -> ConsoleState: ...
    @property
    def desk(self) -> Desk | None: ...
    def say(self, text: str, *, error: bool = False) -> None: ...
    def open_dialog(self, screen: Screen[Any], taken: Callable[[Any], None]) -> None: ...
    def work(self, name: str, job: Job) -> None: ...
    def show_run(self, run: RunId) -> None: ...
    def go_home(self) -> None: ...


class Asking:
    """The only caller of the desk's changing methods."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def plan(self, title: str, runbook: str, inputs: Mapping[str, str]) -> None:
        """Make a plan; it becomes the state's draft."""
        self._host.update(lambda s: replace(s, draft=PlanDraft(title, runbook, inputs)))
        self._host.work("plan", partial(self._plan, runbook, inputs))

    def start(self) -> None:
        """Ask whether the draft's plan may be carried out."""
        draft = self._host.state.draft
        if draft is not None:
            self._ask(_start_question, lambda decision: self._host.work("start", partial(self._start, decision)))

    def override(self) -> None:
        """Plan again with the rules that stand against the plan overridden; the question then asks for the reason."""
        draft = self._host.state.draft
        if draft is not None and draft.plan is not None and draft.plan.override:
            self.plan(draft.title, draft.runbook, {**draft.inputs, "override": draft.plan.override})

    def answer(self, run: RunId) -> None:
        """Ask what the run's gate asks."""

        def build(state: ConsoleState) -> QuestionView | None:
            record = state.run(run)
            if record is None:
                return None
            entries = state.entries.get(run, ())
            return questions.gate_question(record, live=_live(state), entries=entries, facts=facts(state), forbidden=_forbidden(state))

        def taken(decision: Decision) -> None:
            if decision.asked is not None:
                said, asked = f"run {run}: answered {decision.answer}", decision.asked
                self._send(said, lambda desk: desk.answer(run, decision.answer, decision.typed, question=asked))

        record = self._host.state.run(run)
        if record is None or record.question is None:
            self._host.say(f"run {run} asks nothing any more")
            return
        self._ask(build, taken)

    def stop(self, run: RunId) -> None:
        def build(record: RunRecord, state: ConsoleState) -> QuestionView:
            return questions.stop_question(record, live=_live(state), forbidden=_forbidden(state))

        self._ask_of(run, build, lambda d: self._send(f"run {run} stops at its next safe point", lambda desk: desk.stop(run, d.reason)))

    def take_over(self, run: RunId) -> None:
        def build(record: RunRecord, state: ConsoleState) -> QuestionView:
            return questions.take_over_question(record, forbidden=_forbidden(state))

        self._ask_of(run, build, lambda d: self._send(f"run {run} is being taken over", lambda desk: desk.take_over(run, d.reason)))

    def leave(self, record: RunRecord, leave: Callable[[], None]) -> None:
        """Say that the run goes on, then leave."""
        self._ask_of(record.id, lambda r, _: questions.quit_question(r), lambda _: leave())

    def note(self, run: RunId, text: str) -> None:
        self._send(f"run {run}: noted", lambda desk: desk.note(run, text))

    async def show_commands(self, show: Callable[[str], None]) -> None:
        """The commands that go back by hand, where they can be read."""
        desk = self._host.desk
        if desk is None:
            self._host.say("not connected yet", error=True)
            return
        try:
            text = await desk.rollback_commands()
        except Exception as error:
            self._host.say(f"no commands: {sentence(error)}", error=True)
        else:
            show(text)

    def _ask_of(self, run: RunId, build: Callable[[RunRecord, ConsoleState], QuestionView], taken: Taken) -> None:
        def made(state: ConsoleState) -> QuestionView | None:
            record = state.run(run)
            return build(record, state) if record else None

        self._ask(made, taken)

    def _ask(self, build: Build, taken: Taken) -> None:
        self._host.open_dialog(Question(build, self._host.state), lambda decision: taken(decision) if decision else None)

    def _send(self, done: str, request: Callable[[Desk], Awaitable[None]]) -> None:
        self._host.work("request", partial(self._sent, done, request))

    async def _sent(self, done: str, request: Callable[[Desk], Awaitable[None]]) -> None:
        desk = self._host.desk
        if desk is None:
            self._host.say("nothing was done: the console is not connected", error=True)
            return
        try:
            await request(desk)
        except Exception as error:
            self._host.say(f"nothing was done: {sentence(error)}", error=True)
        else:
            self._host.say(done)

    async def _plan(self, runbook: str, inputs: Mapping[str, str]) -> None:
        desk = self._host.desk
        try:
            if desk is None:
                raise ConnectionError("the console is not connected yet")
            plan = await desk.plan(runbook, inputs)
        except Exception as error:
            problem = sentence(error)
            self._host.update(lambda s: _redrafted(s, runbook, inputs, problem=problem))
        else:
            self._host.update(lambda s: _redrafted(s, runbook, inputs, plan=plan))

    async def _start(self, decision: Decision) -> None:
        draft, desk = self._host.state.draft, self._host.desk
        if draft is None or draft.plan is None or desk is None:
            return
        self._host.say(f"starting: {draft.plan.title}")
        try:
            run = await desk.start(draft.runbook, draft.inputs, reason=decision.reason, digest=draft.plan.digest)
        except PlanChanged as changed:
            notice = "The plan changed since you read it. Nothing was done. Read it again."
            fresh = replace(draft, plan=changed.plan, notice=notice, reason=decision.reason)
            self._host.update(lambda s: replace(s, draft=fresh))
            self.start()
        except Exception as error:
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


def _start_question(state: ConsoleState) -> QuestionView | None:
    draft = state.draft
    if draft is None:
        return None
    name = state.environment.name if state.environment else ""
    seen = facts(state)
    if draft.plan is None:
        pending = questions.pending_question(draft.title, runbook=draft.runbook, environment=name, facts=seen)
        return replace(pending, refusal=draft.problem) if draft.problem else pending
    return questions.start_question(draft.plan, facts=seen, notice=draft.notice, forbidden=_forbidden(state), given_reason=draft.reason)


def _redrafted(state: ConsoleState, runbook: str, inputs: Mapping[str, str], **news: Any) -> ConsoleState:
    """The draft with its plan or its problem, unless another plan is wanted by now."""
    draft = state.draft
    if draft is None or (draft.runbook, draft.inputs) != (runbook, inputs):
        return state
    return replace(state, draft=replace(draft, **news))


def _live(state: ConsoleState) -> str:
    return state.position.active or "" if state.position else ""


def _forbidden(state: ConsoleState) -> str:
    return "READ-ONLY: this console may not change anything" if state.read_only else ""
