"""Golden cases: facts in, answer out. One file per case in `cases/`; its name is the sentence that holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.domain.rollback import Target, rollback_targets
from console.domain.slots import ComponentState, slot_state
from tests.actions.asking import answer_of
from tests.actions.fake import FakeCluster
from tests.actions.worlds import Case, environment_of, world_of

CASES = sorted((Path(__file__).parent / "cases").rglob("*.yml"))


@pytest.mark.parametrize("file", CASES, ids=lambda f: f"{f.parent.name}: {f.stem.replace('-', ' ')}")
def test_case(file: Path) -> None:
    case = yaml.safe_load(file.read_text())
    expected = case["expect"]
    answer = ASKED.get(file.parent.name, _action)(case)
    assert {key: answer[key] for key in expected} == expected


def _slot(case: Case) -> Mapping[str, Any]:
    environment = environment_of(case)
    state = slot_state(environment, world_of(case, environment), case["slot"])
    return {
        "role": state.role.value,
        "release": state.release,
        "stable": state.stable,
        "held": state.held,
        "saturated": state.saturated,
        "empty": state.empty,
        "shortfalls": list(state.shortfalls),
        "ready": f"{state.ready}/{state.wanted}",
        "causes": {str(c.name): [str(cause) for cause in c.causes] for c in state.components if c.causes},
        "final": [str(c.name) for c in state.components if any(cause.final for cause in c.causes)],
        "words": {str(c.name): [cause.word for cause in c.causes] for c in state.components if c.causes},
        "restarts": sum(c.restarts for c in state.components),
        "components": {str(c.name): _component(c) for c in state.components},
    }


def _component(state: ComponentState) -> str:
    if state.deployment is None:
        return "absent"
    return f"{state.available}/{state.desired} {state.image}" + (" changed by hand" if state.foreign_image else "")


def _targets(case: Case) -> Mapping[str, Any]:
    environment = environment_of(case)
    found = rollback_targets(environment, world_of(case, environment))
    return {
        "targets": [_target(t) for t in found],
        "problems": [list(t.problems) for t in found],
        "overrides": [t.override for t in found],
        "warnings": [t.warning for t in found],
        "seconds": [t.seconds for t in found],
        "kubectl": [list(t.kubectl) for t in found],
    }


def _target(target: Target) -> str:
    number = f" revision {target.revision}" if target.revision else ""
    return f"{target.slot} {target.release} {target.kind}{number} {target.ready}/{target.wanted}" + ("" if target.usable else " locked")


def _action(case: Case) -> Mapping[str, Any]:
    """The plan of an action, or with `verdict: true` what it says of the world as it is."""
    environment = environment_of(case)
    cluster = FakeCluster(world_of(case, environment))
    return asyncio.run(answer_of(case, environment, cluster))


ASKED: Mapping[str, Callable[[Case], Mapping[str, Any]]] = {"slots": _slot, "targets": _targets}
"""What a case of these folders is about; one of every other folder is about an action."""
