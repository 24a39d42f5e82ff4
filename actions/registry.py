"""All actions by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import BaseModel

from actions.traffic import Switch, VerifyRouted
from console.engine.action import Action


def registry() -> Mapping[str, Action[BaseModel, object]]:
    return cast("Mapping[str, Action[BaseModel, object]]", {a.name: a for a in (Switch(), VerifyRouted())})


ACTIONS = registry()
