"""One runbook's file to a `Runbook`: its form and words. Whether it fits the actions is `runbook_rules`'."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args

from console.document.duration import seconds
from console.document.fields import Fields
from console.document.node import Mapping, Node, Scalar, Sequence, plain
from console.document.problems import Place, Problems, Wrong, did_you_mean
from console.document.read import read_mapping
from console.document.values import anything, choice, flag, listing, matching, positive_duration, text
from console.domain.runbook import Confirm, Effect, Input, InputType, Runbook, Source, Step, StepKind

KINDS: tuple[StepKind, ...] = get_args(StepKind)
DIRECTIONS: tuple[Literal["forward", "back", "neutral"], ...] = ("forward", "back", "neutral")
_CONFIRMATIONS: tuple[Confirm, ...] = get_args(Confirm)
_TYPES: tuple[InputType, ...] = get_args(InputType)
_WORD = matching(r"[a-z][a-z0-9_-]*", "a name", "use small letters, digits, '-' and '_', beginning with a letter")
_STEP_NAME = matching(r"[a-z][a-z0-9._-]*", "a step's name", "use small letters, digits, '.', '-' and '_'")
_INPUT = re.compile(r"\$[a-z][a-z0-9_]*")
_ONLY_OF: dict[str, tuple[StepKind, ...]] = {
    "with": ("check", "do"), "within": ("check", "do"), "point_of_no_return": ("check", "do"), "confirm": ("gate",), "key": ("gate",),
    "effect": ("do",), "required": ("check", "do", "wait"),
}  # fmt: skip
DECLARED: tuple[Effect, ...] = ("check_then_act", "at_most_once")
"""Classes that a runbook may declare for a command of its own."""
_FORM = "begin it with check:, do:, gate: or wait:"


@dataclass(frozen=True)
class Written:
    """A step, and where its parts are written."""

    step: Step
    at: Place
    params: Mapping
    when: Place
    verb: Place
    """Where its action, question or duration stands."""


@dataclass(frozen=True)
class WrittenRunbook:
    runbook: Runbook
    at: Place
    steps: tuple[Written, ...]
    inputs: dict[str, Place] = field(default_factory=dict)
    on_failure: Place | None = None


def read_runbook(file: Path, problems: Problems) -> WrittenRunbook | None:
    """None when the file holds no mapping; usable only when no mistake was noted."""
    node = read_mapping(file, problems)
    if node is None:
        return None
    with Fields(node, problems) as top:
        name = top.need("name", _WORD, file.stem, hint=f"write name: {file.stem}")
        if name != file.stem and "name" in top:
            problems.error(top.place("name"), f"the runbook {name!r} is in a file called {file.name}", f"call the file {name}.yml")
        inputs = {key.text: (key.at, _input(top, key, value)) for key, value in top.entries("inputs")}
        steps = _steps(top)
        runbook = Runbook(
            name=name,
            title=top.need("title", text, name, hint="say in a few words what it does"),
            steps=tuple(w.step for w in steps),
            inputs=tuple(found for _, found in inputs.values()),
            description=top.take("description", text, ""),
            on_failure=top.take("on_failure", _WORD, ""),
            direction=top.take("direction", choice(DIRECTIONS), "forward"),
            source=_source(top.at),
        )
        places = {key: at for key, (at, _) in inputs.items()}
        return WrittenRunbook(runbook, top.at, steps, places, top.place("on_failure"))


def _input(top: Fields, key: Scalar, node: Node) -> Input:
    name = top.parsed(key, matching(r"[a-z][a-z0-9_]*", "an input's name", "use small letters, digits and '_'"), "input")
    if not isinstance(node, Mapping):
        found = Input(name, top.parsed(node, choice(_TYPES), "text"))
        if found.type == "choice":
            top.problems.error(node.at, "a choice needs its words", f"write {name}: {{type: choice, choices: [one, two]}}")
        return found
    with Fields(node, top.problems, name=f"inputs.{key.text}") as fields:
        kind: InputType = fields.need("type", choice(_TYPES), "text", hint=f"one of {', '.join(_TYPES)}")
        choices: tuple[str, ...] = fields.take("choices", listing(text), ())
        if (kind == "choice") != bool(choices):
            fields.problems.error(fields.place("choices"), "'type: choice' and 'choices' belong together", "write both or neither")
        default = fields.take("default", lambda n: _default(n, kind, choices), None)
        required = fields.take("required", flag, default is None)
        return Input(name, kind, required, default, fields.take("help", text, ""), choices)


def _default(node: Node, kind: InputType, choices: tuple[str, ...]) -> str:
    value = anything(node) if kind in ("number", "duration") else text(node)
    if kind == "choice" and value not in choices:
        raise Wrong(f"the default {value!r} is no choice", did_you_mean(value, choices) or "write choices beside it, with this word")
    if kind == "duration":
        return _duration(node)
    if kind == "number" and not re.fullmatch(r"[0-9]{1,9}", value):
        raise Wrong(f"the default {value!r} is no number", "write digits alone")
    return value


def _steps(top: Fields) -> tuple[Written, ...]:
    top.skip("steps")
    node = top.node.get("steps")
    if not isinstance(node, Sequence) or not node.items:
        top.problems.error(top.place("steps"), "'steps' is missing or empty", f"write steps: and a list; each step: {_FORM}")
        return ()
    found = [step for item in node.items if (step := _step(top, item))]
    return _named(found, top.problems)


def _step(top: Fields, node: Node) -> Written | None:
    if not isinstance(node, Mapping):
        top.problems.error(node.at, f"a step is {node.described}", _FORM)
        return None
    kinds = [kind for kind in KINDS if node.key(kind)]
    if len(kinds) != 1:
        said = f"is {' and '.join(kinds)} at once" if kinds else "says neither check, do, gate nor wait"
        keys = [key.text for key, _ in node]
        hint = "split it" if kinds else did_you_mean(keys[0], KINDS) if keys else _FORM
        top.problems.error(node.at, f"the step {said}", hint)
        return None
    with Fields(node, top.problems) as fields:
        _refuse_misplaced(fields, kinds[0])
        return _step_of(fields, kinds[0])


def _refuse_misplaced(fields: Fields, kind: StepKind) -> None:
    for key, kinds in _ONLY_OF.items():
        if key in fields and kind not in kinds:
            fields.skip(key)
            fields.problems.error(fields.place(key), f"a {kind} takes no {key!r}", f"it belongs to {' and '.join(kinds)}")


def _step_of(fields: Fields, kind: StepKind) -> Written:
    step = Step(
        kind=kind,
        name=fields.take("name", _STEP_NAME, ""),
        title=fields.take("title", text, ""),
        when=fields.take("when", text, ""),
        phase=fields.take("phase", text, ""),
        note=fields.take("note", text, ""),
        required=fields.take("required", flag, False),
        source=_source(fields.at),
    )
    params = Mapping(fields.at, ())
    match kind:
        case "check" | "do":
            params = fields.section("with").node
            step = _acting(step, fields, params)
        case "gate":
            step = _asking(step, fields)
        case "wait":
            duration = fields.take("wait", _duration, "0s")
            step = replace(step, duration=duration, title=step.title or f"wait {duration}")
    return Written(step, fields.at, params, fields.place("when"), fields.place(kind))


def _acting(step: Step, fields: Fields, params: Mapping) -> Step:
    values = plain(params)
    assert isinstance(values, dict)
    action = fields.take(step.kind, _action, "")
    unreadable = "with" in fields and not isinstance(fields.node.get("with"), Mapping)
    return replace(
        step,
        action="" if unreadable else action,
        params=values,
        within=fields.take("within", positive_duration, None),
        point_of_no_return=fields.take("point_of_no_return", flag, False),
        effect=fields.take("effect", choice(DECLARED), None),
    )


def _asking(step: Step, fields: Fields) -> Step:
    question = fields.take("gate", _question, "?")
    first = question[:1].lower()
    key = fields.take("key", matching(r"[a-z]", "a key", "write one small letter"), first if first.isascii() and first.isalpha() else "")
    return replace(
        step,
        title=step.title or question,
        question=question,
        confirm=fields.take("confirm", choice(_CONFIRMATIONS), "key"),
        key=key,
    )


def _action(node: Node) -> str:
    value = text(node)
    name, _, rest = value.partition(" ")
    if rest:
        hint = f"write with: {rest.strip()} on a line of its own" if rest.strip().startswith("{") else "write the action's name alone"
        raise Wrong(f"{value!r} is not the name of an action", hint)
    return name


def _question(node: Node) -> str:
    if isinstance(node, Scalar) and (node.kind == "null" or not node.text.strip()):
        raise Wrong("the gate asks nothing", "write the question, like gate: Switch live traffic?")
    return text(node)


def _duration(node: Node) -> str:
    """A duration, an input (`$bake`) or a wait of the environment (`bake`), as text."""
    if isinstance(node, Scalar) and node.kind == "null":
        raise Wrong("the wait has no duration", "write it like 15m, $input or bake (a wait of the environment)")
    value = anything(node)
    if _INPUT.fullmatch(value) or value in SETTINGS_WAITS:
        return value
    try:
        seconds(value)
    except ValueError as fault:
        near = did_you_mean(value, SETTINGS_WAITS)
        message, _, hint = str(fault).rpartition(": ")
        raise Wrong(message, near if near.startswith("did you mean") else hint) from None
    return value


SETTINGS_WAITS = ("bake", "settle", "verify_after")
"""Waits of an environment that a `wait` may name."""


def _named(found: list[Written], problems: Problems) -> tuple[Written, ...]:
    """Gives every step a name of its own: the action's, with a number where it repeats."""
    taken = _given_names(found, problems)
    named = []
    for written in found:
        step = written.step
        base = step.name or step.action or step.kind
        name, count = base, 1
        while not step.name and name in taken:
            count += 1
            name = f"{base}#{count}"
        taken.add(name)
        named.append(replace(written, step=replace(step, name=name)))
    return tuple(named)


def _given_names(found: list[Written], problems: Problems) -> set[str]:
    first: dict[str, Written] = {}
    for written in found:
        name = written.step.name
        if name and name in first:
            problems.error(written.at, f"two steps are called {name!r} (the first on line {first[name].at.line})", "rename one")
        first.setdefault(name, written)
    return set(first) - {""}


def _source(at: Place) -> Source:
    return Source(str(at.file), at.line, at.column)
