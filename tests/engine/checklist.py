"""Checklists on the shop: steps that people do and commands of the team, with the real actions for both."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from pydantic import BaseModel

from actions.command import RunCommand
from actions.manual import Manual
from console.domain.ids import RunId
from console.domain.run import RunRecord
from console.domain.runbook import Runbook, Source, Step
from console.engine import follow
from console.engine.action import Action
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.engine.shop import RUNBOOKS, step

BOTH = cast("Mapping[str, Action[BaseModel, object]]", {"manual": Manual(), "command": RunCommand()})
DONE, MARK = "done", "effects"


def asks(name: str, ask: str, *, phase: str = "before", required: bool = False, **params: object) -> Step:
    return step("do", "manual", name=name, title=name, phase=phase, params={"ask": ask, **params}, required=required)


def runs(name: str, code: str, *, phase: str = "before", within: float | None = None, effect: str | None = None, **params: object) -> Step:
    """A step that runs Python code."""
    kind = "do" if effect else "check"
    more = {"phase": phase, "within": within, "effect": effect, "params": {"run": [sys.executable, "-c", code], **params}}
    return step(kind, "command", name=name, title=name, **more)


async def checklist(make_rig: MakeRig, folder: Path, *steps: Step, share: Rig | None = None, **more: str) -> Rig:
    """A rig with one runbook, `list`; its settings are in `folder`."""
    source = Source(str(folder / "runbooks" / "list.yml"), 1)
    placed = tuple(replace(s, source=source) for s in steps)
    book = Runbook("list", "go through the list", placed, direction="neutral", digest=f"list-{len(steps)}")
    made = await make_rig(runbooks={**RUNBOOKS, "list": book}, share=share, **more)
    made.deps = replace(made.deps, actions={**made.deps.actions, **BOTH})
    return made


async def say(rig: Rig, run: RunId, value: str, *, at: str, by: str = "bob") -> None:
    """Wait until the item asks for a value, and answer it."""
    await rig.until(run, lambda r: r.question is not None and r.question.step == at and r.question.challenge is not None)
    await follow.answer_value(rig.journal, run, value=value, actor=by, step=at)


async def asked(rig: Rig, run: RunId, step: str) -> RunRecord:
    """The record once this step asks something."""
    return await rig.until(run, lambda r: r.question is not None and r.question.step == step)
