"""Whether a runbook makes sense: its actions and parameters exist, its inputs are used, its steps can be reached, its way back is free."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Protocol, get_args

from pydantic import BaseModel

from console.document.node import Mapping as MappingNode
from console.document.node import Node, Scalar
from console.document.problems import Place, Problems, did_you_mean
from console.domain.environment import Strategy
from console.domain.runbook import COMMAND, MANUAL, Effect, Input, Step
from console.engine import condition
from console.engine.form_rules import check_form, spoken_texts
from console.engine.parameters import complaints
from console.engine.runbook_file import Written, WrittenRunbook

SWITCH = "traffic.switch"
TITLE_WORDS = ("environment", "application", "release", "active", "preview", "previous", "previous_release")
"""What a title or question may say in braces, beside inputs and the step's own parameters."""
_INPUT = re.compile(r"[a-z][a-z0-9_]*")
_WORD = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


class ActionSpec(Protocol):
    """What the catalogue asks of an action."""

    @property
    def name(self) -> str: ...
    @property
    def effect(self) -> Effect: ...
    @property
    def params(self) -> type[BaseModel]: ...


def check_rules(written: WrittenRunbook, actions: Mapping[str, ActionSpec], problems: Problems) -> None:
    """Notes every rule that the runbook breaks."""
    inputs = {i.name: i for i in written.runbook.inputs}
    for step in written.steps:
        if step.step.action:
            _check_action(step, actions, inputs, problems)
        _check_condition(step, inputs, problems)
        _check_references(step, inputs, problems)
        _check_words(step, inputs, problems)
    if not problems.errors:
        _check_unused(written, problems)
    if written.runbook.direction == "back":
        _check_way_back(written, problems)


def _check_action(written: Written, actions: Mapping[str, ActionSpec], inputs: Mapping[str, Input], problems: Problems) -> None:
    step = written.step
    action = actions.get(step.action)
    if action is None:
        problems.error(written.verb, f"unknown action {step.action!r}", did_you_mean(step.action, sorted(actions)))
        return
    if step.kind == "do" and action.effect == "observe" and step.action != COMMAND:
        problems.error(written.verb, f"{step.action} only looks, it does nothing", f"write check: {step.action}")
    if step.kind == "check" and action.effect != "observe":
        problems.error(written.verb, f"{step.action} changes something, it is no check", f"write do: {step.action}")
    for path, message, hint in complaints(action.params, step.params, inputs):
        problems.error(_place(written.params, path, written.at), f"{step.action}: {message}", hint)
    check_form(written, problems)


def _place(params: Node, path: tuple[str, ...], otherwise: Place) -> Place:
    """The value of a parameter; its key when it has none; else the step."""
    if not path or not isinstance(params, MappingNode) or params.get(path[0]) is None:
        return params.at if isinstance(params, MappingNode) and params.entries else otherwise
    found = params.get(path[0])
    assert found is not None
    return _place(found, path[1:], found.at) if len(path) > 1 else found.at


def _check_condition(written: Written, inputs: Mapping[str, Input], problems: Problems) -> None:
    if not written.step.when:
        return
    try:
        found = condition.parse(written.step.when)
    except ValueError as fault:
        message, _, hint = str(fault).rpartition(": ")
        problems.error(written.when, message, hint)
        return
    known = {"strategy": get_args(Strategy), **{f"${i.name}": _values(i) for i in inputs.values() if i.choices}}
    for subject in sorted(found.subjects - {"strategy"} - {f"${name}" for name in inputs}):
        problems.error(written.when, f"the condition names {subject}", did_you_mean(subject, ["strategy", *(f"${n}" for n in inputs)]))
    wrong_word = False
    for term in found.terms:
        if term.subject in known and term.value is not None and term.value not in known[term.subject]:
            wrong_word = True
            problems.error(written.when, f"{term.subject} is never {term.value!r}", did_you_mean(term.value, known[term.subject]))
    if not wrong_word and not condition.can_hold(found, known):
        message = f"the step is never reached: {written.step.when!r} cannot be true"
        problems.error(written.when, message, "change the condition or remove the step")


def _values(given: Input) -> tuple[str, ...]:
    return given.choices if given.required or given.default else (*given.choices, "")


def _check_references(written: Written, inputs: Mapping[str, Input], problems: Problems) -> None:
    for name, at in _references(written):
        if name not in inputs:
            hint = did_you_mean(f"${name}", [f"${known}" for known in inputs]) or f"declare it under inputs, like {name}: text"
            problems.error(at, f"unknown input ${name}", hint)
    duration = written.step.duration.removeprefix("$")
    if duration in inputs and written.step.duration.startswith("$") and inputs[duration].type != "duration":
        problems.error(written.verb, f"the wait takes ${duration}, which is a {inputs[duration].type}", f"write {duration}: duration")


def _check_words(written: Written, inputs: Mapping[str, Input], problems: Problems) -> None:
    """`{words}` of what a person reads must mean something when they are spoken."""
    known = [*TITLE_WORDS, *inputs, *written.step.params]
    step = written.step
    for word in _WORD.findall(" ".join((step.title, step.question, step.note, *spoken_texts(step)))):
        if word not in known:
            problems.error(written.at, f"{{{word}}} means nothing here", did_you_mean(word, known))


def _references(written: Written) -> Iterator[tuple[str, Place]]:
    """Inputs that a step names, beside its condition."""
    if written.step.duration.startswith("$"):
        yield written.step.duration[1:], written.verb
    literal = written.step.action == COMMAND  # what a shell or a program makes of a dollar sign is theirs
    yield from (found for found in _in_node(written.params) if not literal or _INPUT.fullmatch(found[0]))


def _in_node(node: Node) -> Iterator[tuple[str, Place]]:
    match node:
        case Scalar():
            if node.text.startswith("$"):
                yield node.text[1:], node.at
        case MappingNode():
            for _, value in node:
                yield from _in_node(value)
        case _:
            for item in node.items:
                yield from _in_node(item)


def _check_unused(written: WrittenRunbook, problems: Problems) -> None:
    used = {name for step in written.steps for name, _ in _references(step)}
    used |= {subject[1:] for step in written.steps for subject in _subjects(step.step)}
    implicit = {i.name for i in written.runbook.inputs if i.type == "release" or i.name == "reason"}
    for name, at in written.inputs.items():
        if name not in used | implicit:
            problems.error(at, f"the input {name!r} is declared and never used", f"use it as ${name}, or remove it")


def _subjects(step: Step) -> frozenset[str]:
    try:
        return condition.parse(step.when).subjects
    except ValueError:
        return frozenset()


def _check_way_back(written: WrittenRunbook, problems: Problems) -> None:
    """A way back needs no second person and no answer once traffic has moved (SAFETY 1, rule 8; 3, rule 9)."""
    switched = False
    for step in written.steps:
        if step.step.kind == "gate" and step.step.confirm == "phrase":
            problems.error(step.at, "a way back asks for a typed phrase", "write confirm: key or name; rollback needs no approval")
        if step.step.kind == "gate" and switched:
            problems.error(step.at, "a way back asks a question after the switch", "move the gate before traffic.switch, or remove it")
        if step.step.action == MANUAL:
            problems.error(step.at, "a way back waits for people's work", "remove the manual step; rollback waits for nobody")
        if step.step.point_of_no_return:
            problems.error(step.at, "a way back has a point of no return", "remove point_of_no_return")
        switched = switched or step.step.action == SWITCH
    if written.runbook.on_failure and written.on_failure:
        problems.error(written.on_failure, "a way back is itself rolled back on failure", "remove on_failure")
