"""A step of a runbook as its action sees it: inputs put in, parameters read by the action's model, titles spoken with real names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ValidationError

from console.document.duration import seconds
from console.domain.environment import Environment
from console.domain.errors import UsageError
from console.domain.facts import Stamp
from console.domain.runbook import COMMAND, MANUAL, Runbook, Step
from console.engine import condition
from console.engine.action import Action, Bindings, Registry_, Task
from console.engine.bindings import SLOT_WORDS

_INPUT = re.compile(r"\$[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


@dataclass(frozen=True)
class Setting:
    """What all steps of a run share."""

    environment: Environment
    bindings: Bindings
    inputs: Mapping[str, str]
    stamp: Stamp
    reason: str = ""


def steps_of(runbook: Runbook, environment: Environment, inputs: Mapping[str, str]) -> tuple[Step, ...]:
    """The steps that are part of a run with these inputs."""
    return tuple(s for s in runbook.steps if condition.applies(s.when, strategy=environment.strategy, inputs=inputs))


def task_of(step: Step, action: Action[BaseModel, object], setting: Setting, *, started_at: datetime | None = None) -> Task[BaseModel]:
    """Raises UsageError when the inputs do not make valid parameters."""
    try:
        params = action.params.model_validate(_with_words(step, setting))
    except ValidationError as refused:
        first = refused.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{step.name}: {name} is {first.get('input')!r}: {first['msg']}", hint=str(step.source or "")) from refused
    return Task(setting.environment, params, setting.bindings, setting.stamp, setting.inputs, setting.reason, started_at)


def action_of(step: Step, actions: Registry_) -> Action[BaseModel, object]:
    """Raises UsageError for a runbook that names an action which this bluegreen does not have."""
    if step.action not in actions:
        raise UsageError(f"{step.name}: there is no action {step.action!r} in this bluegreen")
    return actions[step.action]


def params_of(step: Step, inputs: Mapping[str, str]) -> dict[str, object]:
    """Parameters with inputs in place of `$name`; those of inputs that were not given are left to the action's default."""
    return {name: _given(value, inputs) for name, value in step.params.items() if _is_given(value, inputs)}


def _is_given(value: object, inputs: Mapping[str, str]) -> bool:
    """False for an input that was not given; other text with a dollar sign is what it is."""
    return not (isinstance(value, str) and _INPUT.fullmatch(value)) or value[1:] in inputs


def _given(value: object, inputs: Mapping[str, str]) -> object:
    if isinstance(value, list):
        return [_given(item, inputs) for item in value if _is_given(item, inputs)]
    if isinstance(value, dict):
        return {key: _given(item, inputs) for key, item in value.items() if _is_given(item, inputs)}
    return inputs[value[1:]] if isinstance(value, str) and _INPUT.fullmatch(value) else value


SPOKEN = ("ask", "expect", "run", "done_when", "env")
"""Parameters of people's work and of commands in which `{words}` are filled in; a shell's text is none of them."""


def _with_words(step: Step, setting: Setting) -> dict[str, object]:
    found = params_of(step, setting.inputs)
    if step.action not in (MANUAL, COMMAND):
        return found
    return {name: _filled(value, setting) if name in SPOKEN else value for name, value in found.items()}


def _filled(value: object, setting: Setting) -> object:
    if isinstance(value, list):
        return [_filled(item, setting) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, setting) for key, item in value.items()}
    return spoken(value, setting) if isinstance(value, str) else value


def title_of(step: Step, setting: Setting, actions: Registry_) -> str:
    """Verb + object with the names of this run."""
    match step.kind:
        case "gate":
            text = step.title or step.question
        case "wait":
            text = step.title or f"wait {step.duration}"
        case "check" | "do":
            text = step.title or _title(step, setting) or action_of(step, actions).title
    return spoken(text, setting, params_of(step, setting.inputs))


def _title(step: Step, setting: Setting) -> str:
    """What a step of these forms does, where the runbook gives it no title."""
    params = _with_words(step, setting)
    match step.action:
        case "manual":
            return str(params.get("ask", ""))
        case "command":
            run = params.get("run")
            return f"run {shlex.join(map(str, run)) if isinstance(run, list) else params.get('shell', '')}"
        case _:
            return ""


def spoken(text: str, setting: Setting, params: Mapping[str, object] | None = None) -> str:
    """`text` with its `{words}` filled in; a word that means nothing here stays as it is."""
    bindings = setting.bindings
    words: dict[str, object] = {
        **setting.inputs,
        "environment": setting.environment.name,
        "application": setting.environment.application,
        "active": bindings.active or "",
        "preview": bindings.preview,
        "previous": bindings.previous,
        "previous_release": bindings.previous_release,
        "release": bindings.release.name if bindings.release else setting.inputs.get("release", ""),
        **(params or {}),
    }
    return _PLACEHOLDER.sub(lambda match: _word(words.get(match[1]), bindings, match[0]), text)


def bake_seconds(step: Step, setting: Setting) -> float:
    """Seconds of a wait step: a duration, an input, or the name of one of the environment's waits. Raises UsageError."""
    text = step.duration
    if text.startswith("$"):
        text = setting.inputs.get(text[1:], "0s")
    configured = getattr(setting.environment.waits, text, None)
    if isinstance(configured, float | int):
        return float(configured)
    try:
        return seconds(text)
    except ValueError as problem:
        raise UsageError(f"{step.name}: {problem}", hint=str(step.source or "")) from problem


def _word(value: object, bindings: Bindings, otherwise: str) -> str:
    if value is None:
        return otherwise
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return str(bindings.slot(value)) if isinstance(value, str) and value in SLOT_WORDS else str(value)
