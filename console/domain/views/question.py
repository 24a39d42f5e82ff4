"""What a question shows before anything changes (SAFETY 4.2, 4.3): exact objects, before → after, how to undo, how to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.domain.change import Difference, canonical_digest
from console.domain.entry import Entry
from console.domain.run import Question, RunRecord, StepRecord, StepState
from console.domain.runbook import Confirm
from console.domain.views.decision import decision
from console.domain.views.plan import PlanView
from console.domain.views.run import Said
from console.domain.views.words import duration, plural

ReasonField = Literal["none", "optional", "required"]

_VERBS = {"deploy": ("deploy", "d"), "rollback": ("roll back", "b"), "retire": ("retire", "t"), "hotfix": ("deploy the hotfix", "h")}
"""Verb and key of a runbook's start; others are started with their first letter. No key is one that opens a question."""

LONGEST_TITLE = 68
"""Characters of a question that fit a dialog's upper edge; a longer one is said inside."""


@dataclass(frozen=True)
class QuestionView:
    """One question. Two values with the same `matter` ask the same thing."""

    title: str
    environment: str
    verb: str
    """What the key does: `switch`."""
    key: str
    differences: tuple[Difference, ...] = ()
    effects: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    undo: str = ""
    facts: tuple[Said, ...] = ()
    """What is seen right now; kept up to date while the question stands."""
    confirm: Confirm = "key"
    phrase: str = ""
    """What has to be typed before the key, where `confirm` is not `key`."""
    reason: ReasonField = "none"
    given_reason: str = ""
    refusal: str = ""
    """Why it cannot be confirmed now; empty when it can."""
    declines: str = ""
    """What answering no does; empty where leaving the question is the only other answer."""
    notice: str = ""
    """Why it is shown again."""
    of_plan: bool = False
    """It asks about a plan, which is made again until it can be made."""
    asked: Question | None = None
    """The run's question that this shows: an answer counts for this very one."""

    @property
    def matter(self) -> str:
        """Digest of what is being asked, apart from what is merely observed."""
        return canonical_digest(
            [self.title, self.environment, self.key, [[d.subject, d.what, d.before, d.after] for d in self.differences], self.phrase]
        )


def start_question(
    plan: PlanView, *, facts: tuple[Said, ...] = (), notice: str = "", forbidden: str = "", given_reason: str = "", back: str = ""
) -> QuestionView:
    """May this plan be carried out? `forbidden` is a reason outside the plan, such as read-only; `back` is how long a way back takes."""
    verb, key = start_verb(plan.runbook)
    usual = f"Usually takes {duration(plan.usual)} in all." if plan.usual is not None else ""
    asks = sum(1 for row in plan.rows if row.state == "asks")
    later = f"Asks again before {plural(asks, 'step')}." if asks else ""
    moves = sends_users(plan.differences, within=back if plan.direction == "back" else "") if not asks else ""
    return QuestionView(
        title=f"{plan.title[:1].upper()}{plan.title[1:]}?",
        environment=plan.environment.upper(),
        verb=verb,
        key=key,
        differences=plan.differences,
        effects=tuple(e for e in (moves, usual, later) if e),
        warnings=(*_overridden(plan), *plan.warnings),
        undo=plan.undo,
        facts=facts,
        confirm=plan.confirm,
        phrase=typed_phrase(plan.confirm, plan.phrase, plan.environment),
        reason="required" if plan.require_reason or _overridden(plan) else "optional",
        given_reason=given_reason,
        refusal=forbidden or plan.refusal,
        notice=notice,
        of_plan=True,
    )


def pending_question(title: str, *, runbook: str, environment: str, facts: tuple[Said, ...] = ()) -> QuestionView:
    """The question while its plan is still being made."""
    verb, key = start_verb(runbook)
    return QuestionView(
        title, environment.upper(), verb, key, facts=facts, reason="optional", refusal="the plan is being made", of_plan=True
    )


def sends_users(differences: tuple[Difference, ...], *, within: str = "") -> str:
    """`Sends all users from green v1.5.0 to blue v1.4.2, in about 1s.`; empty where no traffic is moved."""
    moved = [d for d in differences if d.what == "slot"]
    targets, sources = {d.after for d in moved}, {d.before for d in moved}
    if len(targets) != 1:
        return ""
    origin = f" from {sources.pop()}" if len(sources) == 1 else ""
    return f"Sends all users{origin} to {targets.pop()}{f', in {within}' if within else ''}."


def gate_question(
    record: RunRecord,
    *,
    live: str,
    entries: tuple[Entry, ...] = (),
    facts: tuple[Said, ...] = (),
    forbidden: str = "",
    back: str = "about 1s",
) -> QuestionView | None:
    """What the run asks; None when nothing is asked. `live` is the slot that users stay on after a no."""
    asked = record.question
    if asked is None:
        return None
    step = next((s for s in record.steps if s.name == asked.step), None)
    place, verb = _gate_place(record, step)
    changes = asked.differences or (step.differences if step else ())
    moves = sends_users(changes)
    return QuestionView(
        title=asked.text if len(asked.text) <= LONGEST_TITLE else f"Run {record.id} asks",
        environment=record.environment.upper(),
        verb=verb,
        key=asked.key or "y",
        differences=changes,
        effects=(*([asked.text] if len(asked.text) > LONGEST_TITLE else []), *([moves] if moves else []), place),
        warnings=tuple(f"As things are, it would be blocked: {reason}" for reason in _blocked(asked, entries)),
        undo=f"r, or F8 from anywhere, {back}" if moves and record.direction == "forward" else "",
        facts=facts,
        confirm=asked.confirm,
        phrase=typed_phrase(asked.confirm, asked.phrase, record.environment),
        refusal=forbidden,
        declines=f"ends the run, users stay on {live}" if live else "ends the run, traffic stays where it is",
        asked=asked,
    )


def stop_question(record: RunRecord, *, live: str, forbidden: str = "") -> QuestionView:
    """Stop the run at its next safe point, or leave as it is what was left to a person?"""
    if record.undecided:
        return _leave_question(record, forbidden=forbidden)
    step = record.current
    return QuestionView(
        title=f"Stop run {record.id} and stay on {live}?" if live else f"Stop run {record.id}?",
        environment=record.environment.upper(),
        verb="stop at the next safe point",
        key="x",
        effects=(
            f"The run is at “{step.title}” and ends at the next safe point." if step else "The run ends at the next safe point.",
            f"Users stay on {live}. Nothing is undone." if live else "Nothing is undone.",
        ),
        undo="start the runbook again; it finds what is already done",
        reason="optional",
        refusal=forbidden or ("" if record.open else "the run has ended"),
    )


def take_over_question(record: RunRecord, *, forbidden: str = "") -> QuestionView:
    """Drive the run from here, or go on with one that was left to a person?"""
    if record.undecided:
        return _go_on_question(record, forbidden=forbidden)
    return QuestionView(
        title=f"Take over run {record.id}?",
        environment=record.environment.upper(),
        verb="take over",
        key="o",
        effects=(
            f"Now driven by {record.driver}." if record.driver else "No runner has claimed it.",
            "A runner of yours observes again and goes on from where the cluster really is.",
            "A driver that is still alive loses the environment and ends before its next change.",
        ),
        reason="required",
        refusal=forbidden or ("" if record.open else "the run has ended"),
    )


def _leave_question(record: RunRecord, *, forbidden: str) -> QuestionView:
    split = record.seen is not None and record.seen.split
    return QuestionView(
        title=f"Leave run {record.id} as it is?",
        environment=record.environment.upper(),
        verb="leave it as it is",
        key="x",
        effects=(f"{record.live[:1].upper()}{record.live[1:]}. Nothing is changed.", "The run stays ended; your decision is recorded."),
        undo="start the runbook again; it finds what is already done",
        reason="optional",
        refusal=forbidden or ("live traffic is SPLIT: it cannot stay like this" if split else ""),
    )


def _go_on_question(record: RunRecord, *, forbidden: str) -> QuestionView:
    card = decision(record)
    way = next((c for c in card.choices if c.way == "go on"), None) if card else None
    return QuestionView(
        title=f"Go on with run {record.id}?",
        environment=record.environment.upper(),
        verb="go on",
        key="o",
        effects=(
            *(f"Seen when it ended: {text}." for text in (card.seen if card else ())),
            f"A runner looks again. {way.text if way else ''}",
        ),
        reason="required",
        refusal=forbidden or ("" if way else "no step of it is in doubt: start a new run"),
    )


def skip_wait_question(record: RunRecord, *, left: float | None, facts: tuple[Said, ...] = (), forbidden: str = "") -> QuestionView | None:
    """End the wait now? None when the run does not wait any more. `left`: seconds until it ends by itself."""
    step = record.current
    if step is None or step.kind != "wait" or step.state is not StepState.RUNNING:
        return None
    position = record.steps.index(step)
    following = record.steps[position + 1 : position + 2]
    early = f", {duration(left)} early" if left is not None and left > 0 else ""
    goes_on = f"Run {record.id} goes on to “{following[0].title}”." if following else f"Run {record.id} ends with it."
    return QuestionView(
        title=f"End “{step.title}” now?",
        environment=record.environment.upper(),
        verb="skip the rest of the wait",
        key="k",
        effects=(f"The wait ends{early}. {goes_on}", "What it would have shown in that time is not seen before the run goes on."),
        undo="none is needed before the next step; users stay where they are",
        facts=facts,
        refusal=forbidden or ("" if record.open else "the run has ended"),
    )


def skip_question(record: RunRecord, *, forbidden: str = "") -> QuestionView:
    """Pass over the item that the run is at?"""
    step = record.current
    title = f"Skip “{step.title}”?" if step else "Skip the item?"
    refusal = "the run has ended" if step is None or not record.open else "" if step.skippable else "this item may not be skipped"
    return QuestionView(
        title=title if len(title) <= LONGEST_TITLE else "Skip this item?",
        environment=record.environment.upper(),
        verb="skip it",
        key="k",
        effects=(
            *([f"“{step.title}”"] if step and len(title) > LONGEST_TITLE else []),
            "It stays in the record as skipped, with your name and the reason, and comes first at the end.",
            "What a command of this item has begun is ended." if step and step.action == "command" else "Nothing is done for it.",
        ),
        undo="none: do it by hand later, and note it",
        reason="required",
        refusal=forbidden or refusal,
    )


def suspend_question(record: RunRecord, *, forbidden: str = "") -> QuestionView:
    """Let go of the run for now?"""
    return QuestionView(
        title=f"Suspend run {record.id}?",
        environment=record.environment.upper(),
        verb="let go of it",
        key="u",
        effects=(
            "Its runner ends at the next safe point, after a command that changes something. Nothing is lost or undone.",
            f"Any console goes on with it, and so does: bluegreen resume {record.id}",
        ),
        undo="go on with it",
        reason="required",
        refusal=forbidden or ("" if record.open else "the run has ended"),
    )


def resume_question(record: RunRecord, *, facts: tuple[Said, ...] = (), forbidden: str = "") -> QuestionView:
    """Go on with a run that nobody drives?"""
    step = record.current
    return QuestionView(
        title=f"Go on with run {record.id}?",
        environment=record.environment.upper(),
        verb="go on",
        key="g",
        effects=(
            f"It was let go of: {record.released}." if record.released else "Its runner is gone.",
            f"A runner of yours looks at the cluster first, then goes on at “{step.title}”." if step else "A runner of yours ends it.",
        ),
        facts=facts,
        refusal=forbidden or ("" if record.open else "the run has ended"),
    )


def quit_question(record: RunRecord) -> QuestionView:
    """Leave while a run is on?"""
    return QuestionView(
        title=f"Leave while run {record.id} is on?",
        environment=record.environment.upper(),
        verb="leave",
        key="l",
        effects=(f"“{record.title}” goes on without this console. Nothing is stopped and nothing is answered.",),
        undo=f"start bluegreen again, or bluegreen attach {record.id}",
    )


def start_verb(runbook: str) -> tuple[str, str]:
    """Verb and key that start a runbook."""
    return _VERBS.get(runbook, (f"start {runbook}", runbook[:1].lower() or "y"))


def typed_phrase(confirm: Confirm, phrase: str, environment: str) -> str:
    """What has to be typed; empty where one key is enough."""
    return "" if confirm == "key" else phrase or environment


def _overridden(plan: PlanView) -> tuple[str, ...]:
    """An override is named, and its reason comes first in the report (SAFETY 4.5)."""
    rule = plan.inputs.get("override", "")
    return (f"Overrides the rule “{rule}”: you take the responsibility, and give the reason.",) if rule else ()


def _gate_place(record: RunRecord, step: StepRecord | None) -> tuple[str, str]:
    """Where the run stands, and what a yes does. A question of no step is the way back after a failure."""
    if step is None:
        return f"Run {record.id} failed after the switch. A yes goes back, in a run of its own.", "roll back"
    position = record.steps.index(step)
    if step.kind != "gate":
        again = f"tries “{step.title}” again" if record.question and record.question.retry else f"goes on with “{step.title}”"
        verb = "try again" if record.question and record.question.retry else "do it"
        return f"Run {record.id}, item {position + 1} of {len(record.steps)}: a yes {again}.", verb
    following = record.steps[position + 1 : position + 2]
    verb = following[0].title if following else "go on"
    return f"Run {record.id}, step {position + 1} of {len(record.steps)}: a yes goes on to “{verb}”.", verb


def _blocked(asked: Question, entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """Reasons that stood against the next step when it was asked."""
    for entry in reversed(entries):
        if entry.type == "gate.asked" and entry.body.get("step") == asked.step:
            reasons = entry.body.get("blocked")
            return tuple(str(reason) for reason in reasons) if isinstance(reasons, list | tuple) else ()
    return ()
