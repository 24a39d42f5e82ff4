"""Items of a checklist: answered with a value, skipped, left with evidence; and the run let go of and gone on with."""

from __future__ import annotations

from console.app.asking import Asking, Host, forbidden
from console.domain.ids import RunId
from console.domain.run import Question
from console.domain.views import question as questions
from console.domain.views.facts import facts
from console.domain.views.state import ConsoleState
from screens import messages
from screens.question import Decision


class Items:
    """Each wish is a form or a question first."""

    def __init__(self, host: Host, asking: Asking) -> None:
        self._host = host
        self._asking = asking

    def fulfil(self, wish: messages.SkipAsked | messages.SuspendAsked | messages.ResumeAsked | messages.EvidenceAsked) -> None:
        match wish:
            case messages.SkipAsked(run):
                self.skip(run)
            case messages.SuspendAsked(run):
                self.suspend(run)
            case messages.ResumeAsked(run):
                self.resume(run)
            case messages.EvidenceAsked(run, step):
                self.keep(run, step)

    def answer(self, run: RunId) -> None:
        """Ask for the value that the item wants, or for the yes or no that the run wants."""
        record = self._host.state.run(run)
        if record is None or record.question is None or record.question.challenge is None:
            self._asking.answer(run)
            return
        from screens.answer import AnswerForm, ValueGiven

        step, title = record.question.step, next((s.title for s in record.steps if record.question and s.name == record.question.step), "")
        last = record.step(step)

        def asked(state: ConsoleState) -> Question | None:
            now = state.run(run)
            question = now.question if now else None
            return question if question and question.challenge and question.step == step else None

        def taken(given: ValueGiven | None) -> None:
            if given is not None:
                said = f"run {run}: answered {given.value}"
                self._asking.send(said, lambda desk: desk.answer_value(run, given.value, question=given.asked))

        before = last.reason if last.answers and last.answers[-1].answer == "value" else ""
        self._host.open_dialog(AnswerForm(asked, self._host.state, title=title, before=before), taken)

    def skip(self, run: RunId) -> None:
        record = self._host.state.run(run)
        step = record.current.name if record and record.current else ""

        def taken(decision: Decision) -> None:
            self._asking.send(f"run {run}: skipped", lambda desk: desk.skip(run, step, decision.reason))

        self._asking.ask_of(run, lambda r, s: questions.skip_question(r, forbidden=forbidden(s)), taken)

    def suspend(self, run: RunId) -> None:
        def taken(decision: Decision) -> None:
            self._asking.send(f"run {run} is let go of at its next safe point", lambda desk: desk.suspend(run, decision.reason))

        self._asking.ask_of(run, lambda r, s: questions.suspend_question(r, forbidden=forbidden(s)), taken)

    def resume(self, run: RunId) -> None:
        def taken(_: Decision) -> None:
            self._asking.send(f"run {run} is gone on with", lambda desk: desk.resume(run))

        self._asking.ask_of(run, lambda r, s: questions.resume_question(r, facts=facts(s), forbidden=forbidden(s)), taken)

    def keep(self, run: RunId, step: str) -> None:
        from screens.evidence import EvidenceForm, EvidenceGiven

        record = self._host.state.run(run)
        title = next((s.title for s in record.steps if s.name == step), step) if record else step

        def taken(given: EvidenceGiven | None) -> None:
            if given is not None:
                self._asking.send(f"run {run}: evidence kept", lambda desk: desk.keep(run, step, file=given.file, text=given.text))

        self._host.open_dialog(EvidenceForm(self._host.state, title=f"Evidence for “{title}”"), taken)
