"""A step of a runbook as its action sees it: inputs put in, parameters read by the action's model, titles spoken with real names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ValidationError

from console.document.duration import seconds
from console.domain.environment import Environment
from console.domain.errors import UsageError
from console.domain.facts import Stamp
from console.domain.runbook import Runbook, Step
from console.engine import condition
from console.engine.action import Action, Bindings, Registry_, Task
from console.engine.bindings import SLOT_WORDS

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
        params = action.params.model_validate(params_of(step, setting.inputs))
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
    found: dict[str, object] = {}
    for name, value in step.params.items():
        if isinstance(value, str) and value.startswith("$"):
            if value[1:] in inputs:
                found[name] = inputs[value[1:]]
        else:
            found[name] = value
    return found


def title_of(step: Step, setting: Setting, actions: Registry_) -> str:
    """Verb + object with the names of this run."""
    match step.kind:
        case "gate":
            text = step.title or step.question
        case "wait":
            text = step.title or f"wait {step.duration}"
        case "check" | "do":
            text = step.title or action_of(step, actions).title
    return spoken(text, setting, params_of(step, setting.inputs))


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
