"""All actions by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel

from actions.cluster import Ready
from actions.command import RunCommand
from actions.evidence import Save
from actions.health import LiveHealth, SlotHealth
from actions.hold import Lift, Place
from actions.manual import Manual
from actions.release import NotHeld, Promotable, Record, StableElsewhere
from actions.retire import Retire
from actions.rollout import Wait
from actions.slots import Apply, Scale
from actions.stable import MarkStable
from actions.target import Usable
from actions.traffic import Switch, VerifyRouted
from actions.verify import VerifyProduction
from console.engine.action import Action


def registry(*, elsewhere: StableElsewhere | None = None) -> Mapping[str, Action[BaseModel, object]]:
    """Every action; `elsewhere` asks other environments for what they recorded as stable."""
    made = (
        Ready(),
        NotHeld(),
        Promotable(elsewhere),
        Record(),
        Apply(),
        Scale(),
        Retire(),
        MarkStable(),
        Wait(),
        Switch(),
        VerifyRouted(),
        SlotHealth(),
        LiveHealth(),
        VerifyProduction(),
        Place(),
        Lift(),
        Save(),
        Usable(),
        Manual(),
        RunCommand(),
    )
    return cast("Mapping[str, Action[BaseModel, object]]", {a.name: a for a in made})


ACTIONS = registry()
