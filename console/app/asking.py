"""Questions about a run: asks, then sends the answer to the desk and says what came of it. Starting a run is `planning`'s."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from textual.screen import Screen

from console.app.desk import Desk
from console.app.link import Holder, Job, sentence
from console.domain.ids import RunId
from console.domain.rollback import SWITCH_SECONDS
from console.domain.run import RunRecord, StepState
from console.domain.views import question as questions
from console.domain.views.facts import facts
from console.domain.views.question import QuestionView
from console.domain.views.readiness import rounded
from console.domain.views.state import ConsoleState
from screens.question import Build, Decision, Question

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
    def shows_plan(self) -> bool: ...
    def show_run(self, run: RunId) -> None: ...
    def go_home(self) -> None: ...
    def copy(self, text: str) -> None: ...
    def start_sandbox(self) -> None: ...
    async def write_settings(self) -> None: ...
    def attend(self) -> None: ...


class Asking:
    """Nothing is sent that no person said yes to."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def answer(self, run: RunId) -> None:
        """Ask what the run's gate asks."""

        def build(state: ConsoleState) -> QuestionView | None:
            record = state.run(run)
            if record is None:
                return None
            entries = state.entries.get(run, ())
            return questions.gate_question(
                record, live=live_slot(state), entries=entries, facts=facts(state), forbidden=forbidden(state), back=back_in(state)
            )

        def taken(decision: Decision) -> None:
            if decision.asked is not None:
                said, asked = f"run {run}: answered {decision.answer}", decision.asked
                self.send(said, lambda desk: desk.answer(run, decision.answer, decision.typed, question=asked))

        record = self._host.state.run(run)
        if record is None or record.question is None:
            self._host.say(f"run {run} asks nothing any more")
            return
        self.ask(build, taken)

    def stop(self, run: RunId) -> None:
        def build(record: RunRecord, state: ConsoleState) -> QuestionView:
            return questions.stop_question(record, live=live_slot(state), forbidden=forbidden(state))

        self.ask_of(run, build, lambda d: self.send(f"run {run} stops at its next safe point", lambda desk: desk.stop(run, d.reason)))

    def take_over(self, run: RunId) -> None:
        def build(record: RunRecord, state: ConsoleState) -> QuestionView:
            return questions.take_over_question(record, forbidden=forbidden(state))

        self.ask_of(run, build, lambda d: self.send(f"run {run} is being taken over", lambda desk: desk.take_over(run, d.reason)))

    def skip_wait(self, run: RunId) -> None:
        """Ask whether the wait that the run is in may end now."""
        waiting = self._waiting_step(run)
        if waiting is None:
            self._host.say(f"run {run} does not wait right now")
            return

        def build(state: ConsoleState) -> QuestionView | None:
            record = state.run(run)
            if record is None or record.current is None or record.current.name != waiting:
                return None
            until = record.current.until
            left = (until - state.server_now).total_seconds() if until else None
            return questions.skip_wait_question(record, left=left, facts=facts(state), forbidden=forbidden(state))

        self.ask(build, lambda _: self.send(f"run {run}: the wait ends", lambda desk: desk.skip_wait(run, waiting)))

    def _waiting_step(self, run: RunId) -> str | None:
        """Name of the wait that the run is in."""
        record = self._host.state.run(run)
        step = record.current if record and record.open else None
        return step.name if step and step.kind == "wait" and step.state is StepState.RUNNING else None

    def leave(self, record: RunRecord, leave: Callable[[], None]) -> None:
        """Say that the run goes on, then leave."""
        self.ask_of(record.id, lambda r, _: questions.quit_question(r), lambda _: leave())

    def note(self, run: RunId, text: str, step: str = "") -> None:
        self.send(f"run {run}: noted", lambda desk: desk.note(run, text, step))

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

    async def write_file(self, name: str, text: str) -> None:
        """Write a file for the person at the screen, and say where it is."""
        desk = self._host.desk
        if desk is None:
            self._host.say("not written: the console is not connected", error=True)
            return
        try:
            path = await desk.write_file(name, text)
        except Exception as error:
            self._host.say(f"not written: {sentence(error)}", error=True)
        else:
            self._host.say(f"written to {path}")

    def ask_of(self, run: RunId, build: Callable[[RunRecord, ConsoleState], QuestionView], taken: Taken) -> None:
        """Ask about a run, as it is known now."""

        def made(state: ConsoleState) -> QuestionView | None:
            record = state.run(run)
            return build(record, state) if record else None

        self.ask(made, taken)

    def ask(self, build: Build, taken: Taken) -> None:
        self._host.open_dialog(Question(build, self._host.state), lambda decision: taken(decision) if decision else None)

    def send(self, done: str, request: Callable[[Desk], Awaitable[None]]) -> None:
        """Ask the desk for it, and say `done` once it was taken."""
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


def live_slot(state: ConsoleState) -> str:
    return state.position.active or "" if state.position else ""


def back_in(state: ConsoleState) -> str:
    """How long a way back to a warm slot takes: as it was measured here, else what is assumed."""
    measured = state.readiness.warm if state.readiness else None
    return f"about {rounded(measured.seconds)}" if measured else f"about {rounded(SWITCH_SECONDS)} (assumed)"


def forbidden(state: ConsoleState) -> str:
    return "READ-ONLY: this console may not change anything" if state.read_only else ""
