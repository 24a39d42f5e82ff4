"""Whether the steps that people do, and those that run the team's own commands, are whole: what an action's model cannot tell alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from console.document.node import Mapping as MappingNode
from console.document.problems import Place, Problems
from console.domain.runbook import COMMAND, MANUAL, Step
from console.engine.runbook_file import Written

_SECRET = re.compile(r"(pass(word|wd|phrase)?|secret|token|credential|api_?key|private_?key)s?$", re.IGNORECASE)


def check_form(written: Written, problems: Problems) -> None:
    """Notes every rule of the two forms that the step breaks."""
    step = written.step
    if step.effect and step.action != COMMAND:
        problems.error(written.at, f"the effect of {step.action} is known, and no step declares it", "remove effect")
    if step.action == MANUAL:
        _check_manual(written, problems)
    if step.action == COMMAND:
        _check_command(written, problems)


def spoken_texts(step: Step) -> Iterator[str]:
    """Parameters in which `{words}` are filled in."""
    for name in ("ask", "expect", "run", "done_when"):
        value = step.params.get(name)
        yield from (str(v) for v in (value if isinstance(value, list | tuple) else (value or "",)))


def _check_manual(written: Written, problems: Problems) -> None:
    params = written.step.params
    if written.step.within is not None:
        problems.error(written.at, "a person has no deadline", "remove within")
    numbers = {"least", "most", "unit"} & set(params)
    if "choices" in params and numbers:
        problems.error(_at(written, "choices"), f"one of some words has no {' and '.join(sorted(numbers))}", "remove them, or choices")
    if "expect" in params and "equals" in params:
        problems.error(_at(written, "equals"), "two things are expected at once", "write expect or equals")
    choices, expected = params.get("choices"), params.get("expect")
    if isinstance(choices, list | tuple) and isinstance(expected, str) and expected[:1] not in "${" and expected not in choices:
        words = ", ".join(map(str, choices))
        problems.error(
            _at(written, "expect"), f"{expected!r} is expected and cannot be answered: it is none of {words}", "write one of them"
        )
    least, most = params.get("least"), params.get("most")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        problems.error(_at(written, "most"), f"no number is from {least} to {most}", "swap them")


def _check_command(written: Written, problems: Problems) -> None:
    step, params = written.step, written.step.params
    if ("run" in params) == ("shell" in params):
        said = "both run and shell are" if "run" in params else "no command is"
        problems.error(written.at, f"{said} given", "write with: {run: [program, argument]}")
    if step.kind == "do" and step.effect is None:
        hint = "write effect: check_then_act (and done_when), or effect: at_most_once; a command that only looks is a check"
        problems.error(written.at, "the command changes something, and what may be done about it after a crash is not said", hint)
    if step.effect == "check_then_act" and "done_when" not in params:
        problems.error(
            written.at, "nothing tells whether it is done already", "write done_when: [program, argument]; exit code 0 means done"
        )
    if step.effect != "check_then_act" and "done_when" in params:
        problems.error(_at(written, "done_when"), "done_when belongs to effect: check_then_act", "change the effect, or remove done_when")
    variables = params.get("env")
    for name in variables if isinstance(variables, Mapping) else ():
        if _SECRET.search(str(name)):
            message = f"{name!r} would put a secret into the runbook"
            problems.error(_at(written, "env"), message, f"write pass: [{name}]: it is taken from where the console was started")


def _at(written: Written, name: str) -> Place:
    found = written.params.get(name) if isinstance(written.params, MappingNode) else None
    return found.at if found is not None else written.at
